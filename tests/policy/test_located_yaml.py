"""YAML in which every value knows its place, and YAML that is refused."""

import pytest
import yaml
from hypothesis import given

from tests.policy.strategies import trees
from tests.policy.texts import source_of
from tidegate.policy.located import LocatedMap, LocatedScalar, LocatedValue, plain, walk
from tidegate.policy.located_yaml import DEEPEST_NESTING, LARGEST_TEXT_BYTES, read_located
from tidegate.policy.source import PolicySource


def _problems(text: str) -> list[str]:
    return [str(problem) for problem in read_located(PolicySource(file="a.yaml", text=text))[1]]


def _text_at(lines: list[str], value: LocatedValue) -> str:
    return lines[value.place.line - 1][value.place.column - 1 :]


@pytest.mark.parametrize("flow", [False, True])
@given(tree=trees)
def test_every_value_stands_where_its_place_says(flow: bool, tree: dict[str, object]) -> None:
    text = yaml.safe_dump(tree, default_flow_style=flow, allow_unicode=True, width=10_000)
    located, problems = read_located(PolicySource(file="a.yaml", text=text))
    if problems:  # such as the date 2020-01-01, unquoted; what is refused is tried below
        return
    assert located is not None
    assert plain(located) == tree
    lines = text.split("\n")
    for value in walk(located):
        at = _text_at(lines, value)
        if isinstance(value, LocatedMap):
            assert at.startswith(("{", *(entry.key for entry in value.entries[:1])))
            for entry in value.entries:
                assert lines[entry.key_place.line - 1][entry.key_place.column - 1 :].startswith(entry.key)
        elif isinstance(value, LocatedScalar):
            assert at.startswith(("'", '"', value.text)), (at, value)
        else:
            assert at.startswith(("[", "-"))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_an_editor_counts_them(end: str) -> None:
    located, _ = read_located(PolicySource(file="a.yaml", text=end.join(["# one", "a: 1", "b: [x, y]", ""])))
    assert located is not None
    assert [str(value.place) for value in walk(located)][-2:] == ["a.yaml:3:5", "a.yaml:3:8"]


def test_what_was_written_is_kept_beside_what_it_means() -> None:
    located, _ = read_located(source_of("version: 1.10"))
    assert isinstance(located, LocatedMap)
    value = located.get("version")
    assert isinstance(value, LocatedScalar)
    assert (value.value, value.text) == (1.1, "1.10")


def test_a_quoted_word_is_the_word() -> None:
    located, problems = read_located(source_of("a: 'no'\nb: \"12:30\"\nc: !!str no\n"))
    assert located is not None
    assert plain(located) == {"a": "no", "b": "12:30", "c": "no"}
    assert [problem.message for problem in problems] == [
        "tag:yaml.org,2002:str is a YAML tag.",
        "Readers of YAML disagree about no.",
    ]


REFUSED = [
    ("", ["a.yaml:1:1: The file is empty. Begin with apiVersion: tidegate/v1."]),
    ("# nothing\n", ["a.yaml:1:1: The file is empty. Begin with apiVersion: tidegate/v1."]),
    (
        "a: no\nb: [1, off]\n",
        [
            'a.yaml:1:4: Readers of YAML disagree about no. Write false if the truth value is meant, or "no" in quotes'
            " if the word is meant.",
            'a.yaml:2:8: Readers of YAML disagree about off. Write false if the truth value is meant, or "off" in'
            " quotes if the word is meant.",
        ],
    ),
    ("a: 1\nb: 2\na: 3\n", ["a.yaml:3:1: a stands here a second time; first at a.yaml:1:1. Keep one of the two."]),
    (
        "a: &x 1\nb: *x\n",
        [
            "a.yaml:1:4: &x is an anchor. Remove it: policies have no anchors or aliases.",
            "a.yaml:2:4: *x is an alias. Write the value out: policies have no anchors or aliases.",
        ],
    ),
    ("a: 1\n---\nb: 2\n", ["a.yaml:2:1: A second document begins here. Keep one policy in one file."]),
    (
        "a:\n\tb: 1\n\t\tc: 2\nd: x\ty\n",
        [
            "a.yaml:2:1: A tab stands here. Indent and align with spaces.",
            "a.yaml:3:1: A tab stands here. Indent and align with spaces.",
            "a.yaml:4:5: A tab stands here. Indent and align with spaces.",
        ],
    ),
    ("? [a]\n: 1\n", ["a.yaml:1:3: A key must be a word. Write name: value."]),
    (
        'a: "open\n',
        [
            "a.yaml:2:1: This is not YAML: found unexpected end of stream. Look for a missing quote, colon, bracket or"
            " indentation here or just above.",
        ],
    ),
    ("a: x\x07y\n", ["a.yaml:1:5: The character U+0007 may not stand in YAML. Remove it."]),
    (
        "a: !!python/name:os.system x\n",
        [
            "a.yaml:1:4: tag:yaml.org,2002:python/name:os.system is a YAML tag. Remove it:"
            " what a value is follows from how it is written."
        ],
    ),
]


@pytest.mark.parametrize(("text", "problems"), REFUSED, ids=[repr(text)[:24] for text, _ in REFUSED])
def test_what_could_surprise_is_refused_with_its_place(text: str, problems: list[str]) -> None:
    assert _problems(text) == problems


def test_a_file_larger_than_a_mebibyte_is_refused() -> None:
    largest = "a: " + "x" * (LARGEST_TEXT_BYTES - 3)
    assert _problems(largest) == []
    for larger in (largest + "x", "a: " + "ü" * (LARGEST_TEXT_BYTES // 2)):
        (problem,) = _problems(larger)
        assert problem.startswith("a.yaml:1:1: The file is too large.")


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}")])
def test_deep_nesting_is_refused_before_it_exhausts_anything(opening: str, closing: str) -> None:
    assert _problems(opening * DEEPEST_NESTING + closing * DEEPEST_NESTING) == []
    deeper = 100_000
    (problem,) = _problems(opening * deeper + closing * deeper)
    assert f"This is nested more than {DEEPEST_NESTING} deep." in problem


def test_a_lone_surrogate_is_refused_and_not_fallen_over() -> None:
    (problem,) = _problems("a: \ud800\n")
    assert problem.startswith("a.yaml:1:4: The character U+D800 may not stand in YAML.")


@pytest.mark.parametrize("text", ['a: "x\\ud800"\n', '"x\\ud800": a\n'])
def test_an_escaped_lone_surrogate_is_refused_and_repeated_nowhere(text: str) -> None:
    located, (problem,) = read_located(PolicySource(file="a.yaml", text=text))
    assert problem.message == "This text has an escape for half a character."
    assert isinstance(located, LocatedMap)
    assert "\ud800" not in str(plain(located))
