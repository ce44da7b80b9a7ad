"""The closed list of facts."""

import re

import pytest

from tidegate.domain.version import Version
from tidegate.policy.fact import Fact, FactType, Scope, Section
from tidegate.policy.facts import FACTS, available

PYTHON = {
    FactType.BOOLEAN: bool,
    FactType.INTEGER: int,
    FactType.PERCENT: float,
    FactType.DURATION: float,
    FactType.STRING: str,
    FactType.STRINGS: tuple,
    FactType.TAGS: dict,
    FactType.VERSION: Version,
}


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_a_fact_is_named_described_and_typed(fact: Fact) -> None:
    assert re.fullmatch(r"[a-z]+[a-zA-Z]*(\.[a-z][a-zA-Z]*)+", fact.name)
    assert fact.doc.endswith(".")
    assert type(fact.usual) is PYTHON[fact.type]
    assert not fact.words or fact.usual in fact.words


def test_facts_about_one_machine_are_for_eligibility_only() -> None:
    for fact in FACTS.values():
        family = fact.name.partition(".")[0]
        wanted = {"extension": Scope.EXTENSION, "instance": Scope.INSTANCE}.get(family, Scope.SCALE_SET)
        assert fact.scope is wanted
        if wanted is not Scope.SCALE_SET:
            assert fact.sections == {Section.ELIGIBILITY}


def test_progress_is_known_only_while_an_upgrade_is_under_way() -> None:
    for section in (Section.APPLIES_TO, Section.ELIGIBILITY):
        assert not [name for name in available(section) if name.startswith("progress.")]
    assert "progress.unhealthyUpgradedPercent" in available(Section.HALT)


def test_the_pace_may_ask_only_for_progress_that_is_known_when_it_is_set() -> None:
    assert [name for name in available(Section.BATCHING) if name.startswith("progress.")] == [
        "progress.totalInstanceCount",
        "progress.plannedInstanceCount",
        "progress.unhealthyInstanceCount",
        "progress.unhealthyInstancePercent",
    ]


def test_a_policy_is_chosen_by_what_stays() -> None:
    chosen_by = available(Section.APPLIES_TO)
    assert "scaleSet.tags" in chosen_by
    assert "upgrade.kind" in chosen_by
    assert "upgrade.force" not in chosen_by
    assert "scaleSet.capacity" not in chosen_by


def test_no_setting_of_an_extension_is_a_fact() -> None:
    assert not [name for name in FACTS if "settings" in name.casefold()]


def test_the_list_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        FACTS["moon.phase"] = FACTS["subscription.id"]  # type: ignore[index]
