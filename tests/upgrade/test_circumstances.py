"""The facts that are known before an upgrade begins are all there are, under the names the policies use."""

from dataclasses import replace

import pytest

from tests.upgrade.building import extension, instance, scale_set
from tidegate.domain.health import ProbeState
from tidegate.domain.version import Version
from tidegate.policy.facts import FACTS
from tidegate.upgrade.circumstances import (
    NO_EXTENSION,
    extension_facts,
    instance_facts,
    is_unhealthy,
    scale_set_facts,
)
from tidegate.upgrade.plan import Trigger, UpgradeKind


def listed(*families: str) -> set[str]:
    return {name for name in FACTS if name.split(".")[0] in families}


def test_every_fact_of_a_scale_set_is_told_and_no_other() -> None:
    facts = scale_set_facts(
        scale_set(), is_enrolled=True, kind=UpgradeKind.EXTENSION, trigger=Trigger.MANUAL, force=False
    )
    assert set(facts) == listed("subscription", "upgrade", "scaleSet")


def test_every_fact_of_an_extension_is_told_and_no_other() -> None:
    assert set(extension_facts(extension(), Version("1.1"), 5.0)) == listed("extension")
    assert set(NO_EXTENSION) == listed("extension")


def test_every_fact_of_an_instance_is_told_and_no_other() -> None:
    assert set(instance_facts(instance("0"), UpgradeKind.EXTENSION)) == listed("instance")


def test_what_an_extension_does_not_have_is_told_by_neutral_values() -> None:
    facts = extension_facts(extension(), None, None)
    assert facts["extension.targetVersion"] == Version("0")
    assert facts["extension.targetVersionAge"] == -1


def test_words_are_those_that_policies_compare_with() -> None:
    facts = scale_set_facts(
        scale_set(), is_enrolled=False, kind=UpgradeKind.OS_IMAGE, trigger=Trigger.AUTOMATIC, force=True
    )
    assert facts["upgrade.kind"] in FACTS["upgrade.kind"].words
    assert facts["upgrade.trigger"] in FACTS["upgrade.trigger"].words
    assert facts["scaleSet.upgradeMode"] in FACTS["scaleSet.upgradeMode"].words
    assert (facts["subscription.enrolled"], facts["upgrade.force"]) == (False, True)


@pytest.mark.parametrize("probe", [ProbeState.UNHEALTHY, ProbeState.UNKNOWN])
def test_a_probe_that_says_unhealthy_or_nothing_makes_unhealthy_for_both_kinds(probe: ProbeState) -> None:
    assert all(is_unhealthy(instance("0", probe=probe), kind) for kind in UpgradeKind)


@pytest.mark.parametrize("probe", [ProbeState.HEALTHY, ProbeState.NONE, ProbeState.INITIALIZING])
def test_no_probe_or_one_that_has_not_made_up_its_mind_does_not(probe: ProbeState) -> None:
    assert not any(is_unhealthy(instance("0", probe=probe), kind) for kind in UpgradeKind)


def test_a_failed_extension_makes_unhealthy_for_an_extension_upgrade_only() -> None:
    failed = instance("0", failed_extensions=["agent"])
    assert is_unhealthy(failed, UpgradeKind.EXTENSION)
    assert not is_unhealthy(failed, UpgradeKind.OS_IMAGE)


def test_an_instance_out_of_reach_is_unhealthy() -> None:
    assert is_unhealthy(replace(instance("0"), is_reachable=False), UpgradeKind.OS_IMAGE)
