"""Reading JSON of others: paths, all problems at once, expressions, and bounds that no document can break."""

from collections.abc import Callable
from typing import Any

import pytest

from tidegate.domain.json_reading import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_VALUES,
    Problems,
    Reading,
    find_name,
    is_expression,
    literal,
    member_path,
    read_document,
)
from tidegate.domain.refusal import MalformedResource, TemplateExpression


def told(read: Callable[[Reading], object], document: object) -> list[tuple[str, str]]:
    """What is told of a document when it is read so."""
    problems = Problems()
    read(read_document(document, problems))
    try:
        problems.refuse_any()
    except (MalformedResource, TemplateExpression) as refusal:
        return [(wrong.field, wrong.description) for wrong in refusal.violations]
    return []


@pytest.mark.parametrize(
    ("text", "is_one", "means"),
    [
        ("[parameters('x')]", True, "[parameters('x')]"),
        ("[[x]", False, "[x]"),
        ("[[x", False, "[[x"),
        ("[x", False, "[x"),
        ("x]", False, "x]"),
        ("", False, ""),
    ],
)
def test_an_expression_stands_in_brackets_that_are_not_escaped(text: str, is_one: bool, means: str) -> None:
    assert is_expression(text) is is_one
    assert literal(text) == means


@pytest.mark.parametrize(
    ("name", "path"),
    [("team", "$.team"), ("$schema", "$.$schema"), ("a b", "$['a b']"), ("it's", "$['it\\'s']"), ("", "$['']")],
)
def test_a_path_quotes_only_what_it_must(name: str, path: str) -> None:
    assert member_path("$", name) == path


def test_a_name_is_found_as_it_is_spelled_before_any_other_case_of_it() -> None:
    assert find_name({"NAME": 1, "name": 2}, "name") == "name"
    assert find_name({"NAME": 1, "Name": 2}, "name") == "NAME"
    assert find_name({}, "name") is None


def test_a_problem_around_a_value_is_told_once_and_not_again_within() -> None:
    def read(root: Reading) -> None:
        root.at("a").at("b").filled("text")
        root.at("a").at("c").at("d").whole(0, low=1, high=2)
        root.at("a").items()

    assert told(read, {"a": 5}) == [("$.a", "is the number 5; write an object")]


def test_values_within_an_expression_are_not_asked_for() -> None:
    def read(root: Reading) -> None:
        root.at("a").at("b").filled("text")

    assert [path for path, _ in told(read, {"a": "[variables('a')]"})] == ["$.a"]


def test_a_long_expression_is_cut_in_what_is_told() -> None:
    ((_, said),) = told(lambda root: root.at("a").text(), {"a": f"[{'x' * 500}]"})
    assert len(said) < 300


@pytest.mark.parametrize(
    ("value", "number"), [(3, 3), (3.0, 3), ("3", 3), ("-3", -3), (None, 7)], ids=["3", "3.0", "text", "below", "null"]
)
def test_a_whole_number_may_be_written_in_three_ways(value: object, number: int) -> None:
    assert Reading(path="$", value=value, problems=Problems()).whole(7, low=-5, high=5) == number


@pytest.mark.parametrize("value", [-5, 5])
def test_the_ends_of_a_range_lie_in_it(value: int) -> None:
    assert not told(lambda root: root.at("a").whole(0, low=-5, high=5), {"a": value})
    assert not told(lambda root: root.at("a").number(0, low=-5, high=5), {"a": value})


@pytest.mark.parametrize("value", [True, "3.5", "three", [], {}, 6, -6, 0.5])
def test_anything_else_is_no_whole_number(value: object) -> None:
    ((path, said),) = told(lambda root: root.at("a").whole(0, low=-5, high=5), {"a": value})
    assert path == "$.a"
    assert "write a whole number from -5 to 5" in said


@pytest.mark.parametrize(("value", "flag"), [(True, True), ("True", True), ("false", False), (None, True)])
def test_a_flag_may_be_text(value: object, flag: bool) -> None:
    assert Reading(path="$", value=value, problems=Problems()).flag(default=True) is flag


@pytest.mark.parametrize("value", [0, 1, "yes", "", []])
def test_anything_else_is_no_flag(value: object) -> None:
    assert told(lambda root: root.at("a").flag(default=False), {"a": value})


@pytest.mark.parametrize(("value", "text"), [("x", "x"), (5, "5"), (1.5, "1.5"), (True, "true"), (None, "")])
def test_a_label_may_be_a_number_or_a_flag(value: object, text: str) -> None:
    assert Reading(path="$", value=value, problems=Problems()).label() == text


@pytest.mark.parametrize("value", [-0.1, 100.1, "50", True, []])
def test_a_number_outside_its_range_is_refused(value: object) -> None:
    assert told(lambda root: root.at("a").number(0, low=0, high=100), {"a": value})
    assert not told(lambda root: root.at("a").number(0, low=0, high=100), {"a": 99.5})


def test_members_that_nobody_knows_are_named_with_those_that_are_known() -> None:
    assert told(lambda root: root.only(("seed", "faults")), {"SEED": 1, "fault": []}) == [
        ("$.fault", "is not known here; known are seed, faults")
    ]


def test_one_of_some_words_is_taken_in_any_case() -> None:
    assert Reading(path="$", value="MANUAL", problems=Problems()).one_of(("Manual",), default="x") == "Manual"
    assert told(lambda root: root.at("a").one_of(("Manual", "Rolling"), default="Manual"), {"a": "auto"}) == [
        ("$.a", "is 'auto'; write one of Manual, Rolling")
    ]


def deep(levels: int) -> object:
    document: object = 0
    for _ in range(levels):
        document = [document]
    return document


def endless() -> object:
    document: list[Any] = []
    document.append(document)
    return document


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (deep(MAX_DEPTH + 1), "deeper than"),
        (deep(100_000), "deeper than"),
        (endless(), "deeper than"),
        ([0] * MAX_VALUES, "more than"),
        ("x" * (MAX_CHARACTERS + 1), "more than"),
        ({"x" * (MAX_CHARACTERS + 1): 0}, "more than"),
        ({"a": float("nan")}, "finite"),
        ({"a": 2**70}, "bits"),
        ({"a": "\ud800"}, "surrogate"),
        ({"\udfff": 1}, "Unicode"),
        ({1: 1}, "Unicode"),
        ({"a": b"x"}, "bytes"),
        ({"a": {1, 2}}, "set"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)
def test_a_document_that_is_no_json_or_beyond_the_bounds_is_refused(document: object, says: str) -> None:
    with pytest.raises(MalformedResource, match=says):
        read_document(document, Problems())


def test_a_document_at_the_bounds_is_read() -> None:
    assert not told(lambda root: None, deep(MAX_DEPTH))
    assert not told(lambda root: None, [0] * (MAX_VALUES - 1))
