"""What a look at the scale set means in each phase."""

import pytest

from tests.upgrade.building import halt_rule, instances, policy, upgrade
from tests.upgrade.driving import Drive, names
from tidegate.domain.health import ProbeState
from tidegate.policy.decision import Verdict
from tidegate.upgrade.events import BatchJudged, BatchStarted, InstanceFailed, UpgradePaused
from tidegate.upgrade.observed import UNHEALTHY_CODE, UNHEALTHY_MESSAGE
from tidegate.upgrade.plan import Trigger, UpgradeKind
from tidegate.upgrade.state import Phase


def settling(**batching: object) -> Drive:
    """Instances 0 and 1 are upgraded and not healthy yet."""
    drive = Drive(upgrade(policy({"batch": 2, "settleTimeout": "PT10S", **batching}), instances(6)))
    drive.observe()
    drive.answer("0", probe=ProbeState.INITIALIZING)
    drive.answer("1", probe=ProbeState.UNHEALTHY)
    assert drive.upgrade.phase is Phase.SETTLING
    return drive


def test_nothing_to_upgrade_is_completed_at_the_first_look() -> None:
    assert names(Drive(upgrade(fleet=[])).observe()) == ["HealthObserved", "UpgradeCompleted"]


def test_a_look_that_nobody_waits_for_means_nothing() -> None:
    drive = Drive(upgrade())
    drive.observe()
    assert drive.upgrade.phase is Phase.UPGRADING
    assert drive.observe(unhealthy=["0", "1", "2", "3"]) == ()


def test_a_batch_names_its_instances_that_are_unhealthy_already() -> None:
    drive = Drive(upgrade(policy({"batch": 3})))
    [begun] = [event for event in drive.observe(unhealthy=["1", "9"]) if isinstance(event, BatchStarted)]
    assert begun.unhealthy_instance_ids == ("1",)


@pytest.mark.parametrize("ill", ["unhealthy", "initializing", "extension_failed"])
def test_while_settling_whatever_is_not_healthy_is_waited_for(ill: str) -> None:
    drive = settling()
    assert names(drive.observe(**{ill: ["0"]})) == ["HealthObserved", "InstanceSettled"]  # type: ignore[arg-type]
    assert list(drive.upgrade.unsettled) == ["0"]


def test_an_image_upgrade_does_not_wait_for_extensions() -> None:
    drive = Drive(upgrade(policy({"batch": 1}), kind=UpgradeKind.EXTENSION))
    drive.observe()
    drive.answer("0", probe=ProbeState.UNKNOWN)
    assert "InstanceSettled" not in names(drive.observe(extension_failed=["0"]))


def test_at_the_deadline_whatever_is_not_healthy_has_failed() -> None:
    drive = settling()
    drive.wait(9.999)
    assert names(drive.observe(initializing=["0"], unhealthy=["1"])) == ["HealthObserved"]
    drive.wait(0.001)
    events = drive.observe(initializing=["0"], unhealthy=["1"])
    failed = [event for event in events if isinstance(event, InstanceFailed)]
    assert [(event.instance_id, event.code, event.message) for event in failed] == [
        ("0", UNHEALTHY_CODE, UNHEALTHY_MESSAGE),
        ("1", UNHEALTHY_CODE, UNHEALTHY_MESSAGE),
    ]
    assert drive.upgrade.phase is Phase.JUDGING


def test_a_look_after_the_deadline_still_settles_what_is_healthy_by_then() -> None:
    drive = settling()
    drive.wait(3_600)
    assert names(drive.observe()) == ["HealthObserved", "InstanceSettled", "InstanceSettled", "BatchSettled"]


def test_rules_are_asked_at_each_look_while_settling() -> None:
    rule = halt_rule("duringBatch", "unhealthyInstanceCount", "atLeast", 3)
    drive = Drive(upgrade(policy({"batch": 2}, [rule]), instances(6)))
    drive.observe()
    drive.answer("0")
    drive.answer("1", probe=ProbeState.UNKNOWN)
    assert names(drive.observe(unhealthy=["1", "4"])) == ["HealthObserved"]
    assert names(drive.observe(unhealthy=["1", "3", "4"])) == ["HealthObserved", "HaltDecided"]
    assert names(drive.observe(unhealthy=["3", "4"]))[-2:] == ["BatchSettled", "UpgradeFaulted"]


def test_a_pause_after_the_last_batch_has_nothing_to_hold_back() -> None:
    rule = halt_rule("afterBatch", "batchesCompleted", "atMost", 9, "pause")
    drive = Drive(upgrade(policy({"batch": 3}, [rule]), instances(6)))
    drive.observe()
    drive.answer_all()
    assert names(drive.observe()) == ["HealthObserved", "BatchJudged", "UpgradePaused"]
    drive.resume()
    drive.observe()
    drive.answer_all()
    assert names(drive.observe()) == ["HealthObserved", "BatchJudged", "UpgradeCompleted"]


def test_a_pause_after_a_batch_lets_failed_instances_be_brought_back_first() -> None:
    rule = halt_rule("afterBatch", "failedInstanceCount", "atLeast", 1, "pause")
    drive = Drive(upgrade(policy({"batch": 3}, [rule]), instances(6), trigger=Trigger.AUTOMATIC))
    drive.observe()
    drive.fail("0")
    drive.answer_all()
    assert names(drive.observe())[1:] == ["BatchJudged", "UpgradePaused", "RestoreBegan"]
    drive.answer("0", is_restore=True)
    assert drive.upgrade.phase is Phase.PAUSED


def test_a_breach_leaves_no_rest() -> None:
    rule = halt_rule("afterBatch", "batchesCompleted", "atMost", 9)
    drive = Drive(upgrade(policy({"batch": 3, "pauseBetweenBatches": "PT1M"}, [rule])))
    drive.observe()
    drive.answer_all()
    [judged] = [event for event in drive.observe() if isinstance(event, BatchJudged)]
    assert (judged.resume_at_ms, judged.decision.verdict) == (drive.now_ms, Verdict.HALT)


def test_too_few_healthy_instances_pause_it_and_say_why() -> None:
    drive = Drive(upgrade(policy({"batch": 2, "minimumHealthy": "90%"}), instances(10)))
    [paused] = [event for event in drive.observe(unhealthy=["9"]) if isinstance(event, UpgradePaused)]
    assert paused.decision is not None
    assert (paused.decision.verdict, paused.decision.rule) == (Verdict.PAUSE, "pace")
    assert paused.decision.because.startswith("9 of 10 instances are healthy and 9 healthy ones")
    assert {fact.name: fact.value for fact in paused.decision.facts} == {
        "progress.totalInstanceCount": 10,
        "progress.unhealthyInstanceCount": 1,
    }
