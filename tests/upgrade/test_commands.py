"""What people may ask of an upgrade that runs."""

from tests.upgrade.building import halt_rule, instances, policy, upgrade
from tests.upgrade.driving import Drive, names
from tidegate.domain.health import ProbeState
from tidegate.upgrade.plan import Trigger
from tidegate.upgrade.state import Phase, StatusCode


def test_a_cancel_with_nothing_under_way_ends_it_at_once() -> None:
    assert names(Drive(upgrade()).cancel()) == ["CancelAccepted", "UpgradeCancelled"]
    paused = Drive(upgrade())
    paused.pause()
    assert names(paused.cancel()) == ["CancelAccepted", "UpgradeCancelled"]
    judged = Drive(upgrade())
    judged.observe()
    judged.answer_all()
    assert judged.upgrade.phase is Phase.JUDGING
    assert names(judged.cancel()) == ["CancelAccepted", "UpgradeCancelled"]


def test_a_cancel_while_instances_are_in_flight_waits_for_them_and_begins_none() -> None:
    drive = Drive(upgrade(policy({"batch": 4, "maximumInFlight": 2})))
    drive.observe()
    assert names(drive.cancel()) == ["CancelAccepted"]
    drive.answer("0")
    assert drive.upgrade.begun == 2
    assert names(drive.answer("1", probe=ProbeState.UNKNOWN)) == ["InstanceUpgraded", "SettlingBegan"]
    assert names(drive.observe()) == ["HealthObserved", "InstanceSettled", "BatchSettled", "UpgradeCancelled"]
    assert (drive.upgrade.status, drive.upgrade.progress.pending_count) == (StatusCode.CANCELLED, 8)


def test_a_cancel_of_what_is_paused_inside_a_batch_brings_back_what_failed() -> None:
    drive = Drive(upgrade(policy({"batch": 4, "maximumInFlight": 1}), trigger=Trigger.AUTOMATIC))
    drive.observe()
    drive.pause()
    drive.fail("0")
    assert drive.upgrade.phase is Phase.PAUSED
    assert names(drive.cancel()) == ["CancelAccepted", "BatchSettled", "RestoreBegan"]
    assert names(drive.answer("0", is_restore=True)) == ["InstanceRestored", "UpgradeCancelled"]


def test_a_cancel_while_failed_instances_are_brought_back_waits_for_them() -> None:
    drive = Drive(upgrade(policy({"batch": 2}), instances(4), trigger=Trigger.AUTOMATIC))
    drive.observe()
    drive.fail("0")
    drive.answer("1")
    drive.observe()
    assert drive.upgrade.phase is Phase.RESTORING
    assert names(drive.cancel()) == ["CancelAccepted"]
    assert names(drive.answer("0", is_restore=True)) == ["InstanceRestored", "UpgradeCancelled"]


def test_once_an_end_is_decided_nothing_that_is_asked_changes_it() -> None:
    rule = halt_rule("duringBatch", "failedInstanceCount", "atLeast", 1)
    drive = Drive(upgrade(policy({"batch": 2}, [rule])))
    drive.observe()
    drive.fail("0")
    assert drive.cancel() == drive.pause() == drive.resume() == ()
    cancelled = Drive(upgrade())
    cancelled.observe()
    cancelled.cancel()
    assert cancelled.cancel() == cancelled.pause() == cancelled.resume() == ()


def test_a_cancel_is_above_rules_that_would_halt_it() -> None:
    rule = halt_rule("duringBatch", "failedInstanceCount", "atLeast", 1, "rollBack")
    drive = Drive(upgrade(policy({"batch": 2}, [rule])))
    drive.observe()
    drive.cancel()
    drive.fail("0")
    drive.answer("1")
    assert drive.upgrade.status is StatusCode.CANCELLED
    assert drive.upgrade.halt is None


def test_asking_for_what_is_so_already_changes_nothing() -> None:
    drive = Drive(upgrade())
    assert drive.resume() == ()
    drive.pause()
    assert drive.pause() == ()


def test_a_resume_inside_a_batch_begins_the_next_wave_at_once() -> None:
    drive = Drive(upgrade(policy({"batch": 4, "maximumInFlight": 2})))
    drive.observe()
    drive.pause()
    drive.answer("0")
    assert names(drive.resume()) == ["UpgradeResumed", "WaveBegan"]
    assert drive.upgrade.in_flight_count == 2


def test_a_resume_while_settling_inside_a_batch_goes_on_with_the_batch() -> None:
    drive = Drive(upgrade(policy({"batch": 4, "maximumInFlight": 2})))
    drive.observe()
    drive.pause()
    drive.answer("0", probe=ProbeState.UNKNOWN)
    drive.answer("1")
    assert drive.upgrade.deadline_ms is not None
    assert names(drive.resume()) == ["UpgradeResumed", "WaveBegan"]
    assert drive.upgrade.phase is Phase.UPGRADING
    drive.answer("2")
    assert names(drive.answer("3")) == ["InstanceUpgraded", "SettlingBegan"]
    assert names(drive.observe()) == ["HealthObserved", "InstanceSettled", "BatchSettled"]


def test_an_upgrade_paused_in_its_last_batch_completes_all_the_same() -> None:
    drive = Drive(upgrade(policy({"batch": 2}), instances(2)))
    drive.observe()
    drive.pause()
    drive.answer_all()
    assert names(drive.observe()) == ["HealthObserved", "BatchJudged", "UpgradeCompleted"]


def test_after_the_end_nothing_that_is_asked_gives_events() -> None:
    drive = Drive(upgrade())
    drive.cancel()
    assert drive.cancel() == drive.pause() == drive.resume() == drive.alarm() == drive.observe() == ()
