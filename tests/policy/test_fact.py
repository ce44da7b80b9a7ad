"""Facts and how their values are told."""

import pytest

from tidegate.domain.version import Version
from tidegate.policy.fact import NEUTRAL, FactType, FactValue, Scope, as_plain, as_text
from tidegate.policy.facts import FACTS


@pytest.mark.parametrize(
    ("name", "value", "text", "plain"),
    [
        ("subscription.enrolled", True, "true", True),
        ("scaleSet.capacity", 7, "7", 7),
        ("progress.unhealthyInstancePercent", 33.333333, "33.33", 33.333333),
        ("extension.targetVersionAge", 90_000.0, "P1DT1H", 90_000.0),
        ("extension.targetVersionAge", -1.0, "-PT1S", -1.0),
        ("progress.elapsed", 60, "PT1M", 60),
        ("extension.targetVersion", Version("1.10"), "1.10", "1.10"),
        ("scaleSet.zones", ("1", "2"), "1, 2", "1, 2"),
        ("scaleSet.tags", {"b": "2", "a": "1"}, "a=1, b=2", "a=1, b=2"),
        ("instance.zone", "", "", ""),
    ],
)
def test_a_value_is_told_as_text_and_as_json_has_it(
    name: str, value: FactValue, text: str, plain: str | int | float | bool
) -> None:
    assert as_text(FACTS[name], value) == text
    assert as_plain(FACTS[name], value) == plain
    assert type(as_plain(FACTS[name], value)) is type(plain)


def test_every_type_has_a_neutral_value_that_can_be_told() -> None:
    assert set(NEUTRAL) == set(FactType)
    for fact in FACTS.values():
        as_text(fact, fact.neutral)


def test_scopes_go_from_the_widest_to_the_narrowest() -> None:
    assert Scope.SCALE_SET < Scope.EXTENSION < Scope.INSTANCE
