"""Values that know where they stand."""

import pytest

from tests.policy.texts import source_of
from tidegate.policy.located import LocatedList, LocatedMap, LocatedScalar, follow, plain, walk
from tidegate.policy.located_yaml import read_located

TEXT = """
    name: first
    rules:
      - {when: 1.10, deny: "no"}
      - 5
"""


def _tree() -> LocatedMap:
    tree, problems = read_located(source_of(TEXT))
    assert not problems
    assert isinstance(tree, LocatedMap)
    return tree


def test_plain_forgets_the_places() -> None:
    assert plain(_tree()) == {"name": "first", "rules": [{"when": 1.1, "deny": "no"}, 5]}


def test_following_a_path_ends_at_the_value() -> None:
    value = follow(_tree(), ["rules", 0, "when"])
    assert isinstance(value, LocatedScalar)
    assert (value.text, str(value.place)) == ("1.10", "tried.yaml:3:12")


@pytest.mark.parametrize("path", [["nothing"], ["name", "first"], [0], ["rules", "name"]])
def test_a_path_that_leads_nowhere_is_our_mistake(path: list[str | int]) -> None:
    with pytest.raises(AssertionError):
        follow(_tree(), path)


def test_a_key_knows_its_own_place() -> None:
    tree = _tree()
    assert str(tree.key_place("rules")) == "tried.yaml:2:1"
    assert tree.key_place("nothing") == tree.place
    assert tree.get("nothing") is None


def test_walking_meets_every_value_in_the_order_of_the_text() -> None:
    met = list(walk(_tree()))
    assert [type(value) for value in met[:4]] == [LocatedMap, LocatedScalar, LocatedList, LocatedMap]
    assert [value.place for value in met] == sorted(value.place for value in met)
    assert len(met) == 7
