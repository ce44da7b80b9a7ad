"""The numbers that rules ask about, by the health model of each kind."""

import pytest

from tests.upgrade.building import image_target, instances, policy, upgrade
from tests.upgrade.driving import Drive
from tidegate.domain.health import HealthObservation, ProbeState
from tidegate.policy.facts import FACTS
from tidegate.upgrade.numbers import (
    ages_now,
    facts_now,
    progress_facts,
    share_percent,
    starting_facts,
    unhealthy_instances,
)
from tidegate.upgrade.plan import UpgradeKind

OBSERVATION = HealthObservation(
    total_count=5,
    probe_unhealthy=frozenset({"1", "2"}),
    initializing=frozenset({"3"}),
    extension_failed=frozenset({"2", "4"}),
)


def numbers(drive: Drive) -> dict[str, int | float]:
    told = progress_facts(drive.upgrade, drive.now_ms)
    return {name.removeprefix("progress."): value for name, value in told.items()}


def under_way(batch: int = 5, kind: UpgradeKind = UpgradeKind.EXTENSION, sick: str = "") -> Drive:
    """Ten instances whose first batch has begun."""
    targets = [image_target()] if kind is UpgradeKind.OS_IMAGE else []
    drive = Drive(upgrade(policy({"batch": batch}), instances(10), targets, kind=kind))
    drive.observe(unhealthy=sick.split())
    return drive


def test_an_extension_upgrade_asks_probe_and_extensions_and_counts_each_instance_once() -> None:
    assert unhealthy_instances(UpgradeKind.EXTENSION, OBSERVATION) == {"1", "2", "4"}


def test_an_image_upgrade_asks_the_probe_alone() -> None:
    assert unhealthy_instances(UpgradeKind.OS_IMAGE, OBSERVATION) == {"1", "2"}


def test_every_progress_fact_is_told_and_no_other() -> None:
    listed = {name for name in FACTS if name.startswith("progress.")}
    assert set(starting_facts(1, 1, 0)) == listed
    assert set(progress_facts(upgrade(), 0)) == listed


def test_all_facts_that_a_halt_rule_may_ask_about_are_there() -> None:
    wanted = {name for name in FACTS if name.split(".")[0] not in ("extension", "instance")}
    assert set(facts_now(upgrade(), 0)) == wanted
    assert set(ages_now(upgrade(), 0)) == wanted


def test_a_share_of_nothing_is_nothing() -> None:
    assert share_percent(0, 0) == 0
    assert share_percent(1, 8) == 12.5


def test_the_batch_about_to_begin_is_the_first_and_then_the_one_under_way() -> None:
    drive = Drive(upgrade())
    assert numbers(drive)["batchNumber"] == 1
    drive.observe()
    assert (numbers(drive)["batchNumber"], numbers(drive)["batchesCompleted"]) == (1, 0)
    drive.answer_all()
    assert (numbers(drive)["batchNumber"], numbers(drive)["batchesCompleted"]) == (1, 0)
    drive.observe()
    assert (numbers(drive)["batchNumber"], numbers(drive)["batchesCompleted"]) == (2, 1)


def test_attempted_instances_are_those_that_ended_well_or_badly() -> None:
    drive = under_way()
    drive.answer("0")
    drive.fail("1")
    told = numbers(drive)
    assert (told["upgradedInstanceCount"], told["failedInstanceCount"]) == (2, 1)
    assert told["failedInstancePercent"] == 50


def test_unhealthy_upgraded_are_the_failed_and_those_that_succeeded_but_are_unhealthy_each_once() -> None:
    drive = under_way(batch=3)
    drive.answer("0")
    drive.answer("1")
    drive.fail("2")
    drive.observe(unhealthy=["1", "2", "8"], extension_failed=["2"])
    told = numbers(drive)
    assert (told["unhealthyUpgradedInstanceCount"], told["unhealthyInstanceCount"]) == (2, 3)
    assert told["unhealthyUpgradedPercent"] == pytest.approx(200 / 3)


def test_an_instance_that_is_waited_for_is_not_counted_as_attempted() -> None:
    drive = under_way(batch=1)
    drive.answer("0", probe=ProbeState.UNHEALTHY)
    drive.observe(unhealthy=["0"])
    assert numbers(drive)["unhealthyUpgradedInstanceCount"] == 0
    assert numbers(drive)["unhealthyInstanceCount"] == 1


def test_a_failed_upgrade_makes_one_more_unhealthy_instance_until_the_next_look() -> None:
    drive = under_way(sick="9")
    drive.fail("0")
    assert numbers(drive)["unhealthyInstanceCount"] == 2
    assert numbers(drive)["unhealthyInstancePercent"] == 20


def test_a_failed_upgrade_of_an_instance_that_was_unhealthy_already_makes_no_more() -> None:
    drive = under_way(sick="0 9")
    drive.fail("0")
    assert numbers(drive)["unhealthyInstanceCount"] == 2


def test_an_instance_that_fails_because_it_never_became_healthy_was_counted_by_that_very_look() -> None:
    drive = Drive(upgrade(policy({"batch": 1, "settleTimeout": "PT1S"}), instances(10)))
    drive.observe()
    drive.answer("0", probe=ProbeState.UNHEALTHY)
    drive.wait(1)
    drive.observe(unhealthy=["0"])
    assert numbers(drive)["failedInstanceCount"] == 1
    assert numbers(drive)["unhealthyInstanceCount"] == 1


def test_a_failed_image_upgrade_leaves_it_to_the_probe() -> None:
    drive = under_way(kind=UpgradeKind.OS_IMAGE)
    drive.fail("0", extension_name="")
    assert numbers(drive)["unhealthyInstanceCount"] == 0
    assert numbers(drive)["unhealthyUpgradedInstanceCount"] == 1


def test_never_more_instances_are_unhealthy_than_there_are() -> None:
    drive = Drive(upgrade(policy({"batch": 5}), instances(10)))
    drive.observe(total_count=2, unhealthy=["a", "b"])
    drive.fail("0")
    assert numbers(drive)["unhealthyInstanceCount"] == 2


def test_the_size_of_the_scale_set_is_the_one_last_seen() -> None:
    drive = Drive(upgrade())
    drive.observe(total_count=20, unhealthy=["a", "b"])
    assert numbers(drive)["totalInstanceCount"] == 20
    assert numbers(drive)["unhealthyInstancePercent"] == 10


def test_facts_have_ages_of_the_start_of_the_last_look_or_of_this_moment() -> None:
    drive = Drive(upgrade())
    drive.wait(5)
    drive.observe()
    drive.wait(2)
    ages = ages_now(drive.upgrade, drive.now_ms)
    assert ages["scaleSet.capacity"] == 7
    assert ages["progress.unhealthyInstancePercent"] == 2
    assert ages["progress.failedInstanceCount"] == 0
    assert numbers(drive)["elapsed"] == 7
