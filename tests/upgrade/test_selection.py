"""Which instances are planned, and why the others are left alone."""

from collections.abc import Sequence

import pytest

from tests.upgrade.building import (
    extension_target,
    image_target,
    instance,
    planned,
    policy,
    unhealthy,
)
from tidegate.domain.instance import Instance
from tidegate.domain.version import Version
from tidegate.upgrade.plan import SkippedInstances, SkipReason, Target, UpgradeKind
from tidegate.upgrade.selection import Selection, select_instances

PACE = {"batch": "20%"}
NO_ZONE_TWO = {
    "name": "no-zone-two",
    "when": {"fact": "instance.zone", "equals": "2"},
    "deny": "zone {instance.zone} rests",
}
NO_AGENT_IN_ZONE_TWO = {
    "name": "no-agent-in-zone-two",
    "when": {"all": [{"fact": "instance.zone", "equals": "2"}, {"fact": "extension.name", "equals": "agent"}]},
    "deny": "no {extension.name} in zone {instance.zone}",
}


def select(fleet: Sequence[Instance], *targets: Target, kind: UpgradeKind = UpgradeKind.EXTENSION) -> Selection:
    return select_instances(kind, fleet, targets or (extension_target(),))


def ids(groups: Sequence[SkippedInstances]) -> dict[SkipReason, tuple[str, ...]]:
    return {group.reason: group.instance_ids for group in groups}


def test_planned_instances_stand_in_natural_order_whatever_order_they_came_in() -> None:
    fleet = [instance(str(number)) for number in (10, 9, 2)]
    assert [one.instance_id for one in select(fleet).planned] == ["2", "9", "10"]


def test_an_instance_at_the_newest_version_or_above_is_left_alone() -> None:
    fleet = [instance("0", versions={"agent": "1.1"}), instance("1", versions={"agent": "1.9"})]
    assert ids(select(fleet).skipped) == {SkipReason.ALREADY_NEWEST: ("0", "1")}


def test_an_instance_that_no_target_fits_is_not_called_newest() -> None:
    fleet = [instance("0", versions={}), instance("1", versions={"agent": "2.0"})]
    assert ids(select(fleet).skipped) == {SkipReason.NOT_APPLICABLE: ("0", "1")}


def test_an_image_that_nobody_knows_is_left_alone() -> None:
    selection = select([instance("0", image_version="")], image_target(), kind=UpgradeKind.OS_IMAGE)
    assert ids(selection.skipped) == {SkipReason.NOT_APPLICABLE: ("0",)}


def test_instances_that_a_rule_denies_stand_together_with_its_decision() -> None:
    fleet = [instance(str(number), zone=str(number % 2 + 1)) for number in range(4)]
    plan = planned(policy(PACE, eligibility=[NO_ZONE_TWO]), fleet).plan
    [group] = plan.skipped
    assert (group.reason, group.instance_ids) == (SkipReason.DENIED, ("1", "3"))
    assert group.decision is not None
    assert (group.decision.rule, group.decision.because) == ("no-zone-two", "zone 2 rests")
    assert [one.instance_id for one in plan.order] == ["0", "2"]


def test_an_instance_that_needs_nothing_is_not_called_denied() -> None:
    fleet = [instance("0", zone="2", versions={"agent": "1.1"})]
    assert ids(planned(policy(PACE, eligibility=[NO_ZONE_TWO]), fleet).plan.skipped) == {
        SkipReason.ALREADY_NEWEST: ("0",)
    }


def test_a_rule_about_an_extension_on_an_instance_takes_only_that_target_away() -> None:
    both = {"agent": "1.0", "log": "1.0"}
    fleet = [
        instance("0", zone="1", versions=both),
        instance("1", zone="2", versions=both),
        instance("2", zone="2"),
    ]
    rules = policy(PACE, eligibility=[NO_AGENT_IN_ZONE_TWO])
    plan = planned(rules, fleet, [extension_target(), extension_target("log")]).plan
    version = Version("1.0")
    assert {one.instance_id: one.previous for one in plan.order} == {"0": (version, version), "1": (None, version)}
    assert ids(plan.skipped) == {SkipReason.DENIED: ("2",)}


def test_a_rule_about_instances_is_asked_of_images_too() -> None:
    rules = policy(PACE, eligibility=[NO_AGENT_IN_ZONE_TWO, NO_ZONE_TWO])
    fleet = [instance("0", zone="2"), instance("1", zone="1")]
    plan = planned(rules, fleet, [image_target()], kind=UpgradeKind.OS_IMAGE).plan
    [group] = plan.skipped
    assert group.decision is not None
    assert (group.instance_ids, group.decision.rule) == (("0",), "no-zone-two")


def test_all_unhealthy_instances_are_counted_planned_or_not() -> None:
    fleet = [unhealthy(instance("0")), unhealthy(instance("1", versions={})), instance("2")]
    selection = select(fleet)
    assert selection.unhealthy == {"0", "1"}
    assert selection.total_count == 3


def test_an_instance_listed_twice_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(AssertionError, match="listed twice"):
        select([instance("0"), instance("0")])
