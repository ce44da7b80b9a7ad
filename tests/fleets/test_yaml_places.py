"""YAML as plain values with their places."""

import pytest

from tidegate.fleets.yaml_places import UnreadableYaml, read_yaml


def test_values_are_plain_and_every_one_has_its_place() -> None:
    found = read_yaml("seed: 7\nfaults:\n  - slow: {seconds: 1.5}\n    'a b': ~\n")
    assert found.value == {"seed": 7, "faults": [{"slow": {"seconds": 1.5}, "a b": None}]}
    assert found.place("$.seed") == (1, 7)
    assert found.place("$.faults[0]") == (3, 5)
    assert found.place("$.faults[0].slow.seconds") == (3, 21)
    assert found.place("$.faults[0]['a b']") == (4, 12)


def test_what_is_not_there_has_the_place_of_what_is_around_it() -> None:
    found = read_yaml("faults:\n  - slow: {}\n")
    assert found.place("$.faults[0].slow.seconds") == found.place("$.faults[0].slow") == (2, 11)
    assert found.place("$.seed") == found.place("$") == (1, 1)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_document_is_nothing(text: str) -> None:
    assert read_yaml(text).value is None
    assert read_yaml(text).place("$.seed") >= (1, 1)


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("a: [1\nb: 2", 2, 2, "is no YAML"),
        ("a: 1\n  b: 2", 2, 4, "is no YAML"),
        ("a: \x01", 1, 1, "is no YAML"),
        ("a: 1\na: 2", 2, 1, "names 'a' a second time"),
        ("a:\n  1: x", 2, 3, "something that is no text"),
        ("? [x]\n: 1", 1, 3, "something that is no text"),
        ("a: &x [1]\nb: *x", 1, 4, "alias"),
        ("a: &x [*x]", 1, 4, "alias"),
        ("a: !!python/name:os.system x", 1, 4, "cannot be read"),
        ("a: 2024-13-45", 1, 4, "cannot be read"),
        ("--- 1\n--- 2", 2, 1, "is no YAML"),
        ("[" * 70 + "]" * 70, 1, 66, "too deep"),
        ("[" * 2000, 1, 1, "too deep"),
    ],
)
def test_what_is_not_read_here_is_refused_with_its_place(text: str, line: int, column: int, says: str) -> None:
    with pytest.raises(UnreadableYaml, match=says) as refusal:
        read_yaml(text)
    assert (refusal.value.line, refusal.value.column) == (line, column)
