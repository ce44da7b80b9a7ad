"""What happens to one instance moves its record and the counts."""

import pytest

from tests.upgrade.building import START_MS, halt_rule, instances, policy, upgrade
from tests.upgrade.driving import Drive, failure
from tidegate.domain.health import ProbeState
from tidegate.upgrade.events import InstanceFailed, InstanceRestored, InstanceSettled, InstanceUpgraded, RestoreBegan
from tidegate.upgrade.evolve import evolve
from tidegate.upgrade.plan import Trigger
from tidegate.upgrade.state import InstanceStatus, Phase, Progress


def under_way(batch: int = 3) -> Drive:
    drive = Drive(upgrade(policy({"batch": batch}), instances(6), trigger=Trigger.AUTOMATIC))
    drive.observe()
    return drive


def counts(drive: Drive) -> tuple[int, int, int, int]:
    told: Progress = drive.upgrade.progress
    return told.successful_count, told.failed_count, told.in_progress_count, told.pending_count


def test_an_upgraded_instance_that_is_well_has_succeeded() -> None:
    drive = under_way()
    drive.answer("1")
    assert drive.status_of("1") is InstanceStatus.SUCCEEDED
    assert counts(drive) == (1, 0, 2, 3)


def test_an_upgraded_instance_that_is_not_well_yet_is_in_progress_still() -> None:
    drive = under_way()
    drive.answer("1", probe=ProbeState.UNKNOWN)
    assert drive.status_of("1") is InstanceStatus.SETTLING
    assert counts(drive) == (0, 0, 3, 3)
    drive.upgrade = evolve(drive.upgrade, InstanceSettled(at_ms=START_MS, instance_id="1"))
    assert drive.status_of("1") is InstanceStatus.SUCCEEDED
    assert counts(drive) == (1, 0, 2, 3)


def test_a_failed_instance_keeps_why() -> None:
    drive = under_way()
    drive.fail("1", "Boom")
    record = drive.upgrade.records["1"]
    assert (record.status, record.code, record.message, record.extension_name) == (
        InstanceStatus.FAILED,
        "Boom",
        "It broke.",
        "agent",
    )
    assert counts(drive) == (0, 1, 2, 3)
    assert drive.upgrade.batch_failed_count == 1


def test_a_wave_is_over_with_its_last_answer() -> None:
    drive = under_way()
    drive.answer("0")
    drive.fail("1")
    assert [wave.remaining for wave in drive.upgrade.waves] == [1]
    drive.answer("2")
    assert drive.upgrade.waves == ()


@pytest.mark.parametrize("instance_id", ["0", "5", "nobody"])
def test_an_instance_ends_once_and_only_if_it_was_begun(instance_id: str) -> None:
    drive = under_way()
    drive.answer("0")
    with pytest.raises(AssertionError, match=r"never begun|not IN_PROGRESS"):
        evolve(drive.upgrade, InstanceUpgraded(at_ms=START_MS, instance_id=instance_id, is_settled=True))
    with pytest.raises(AssertionError, match=r"never begun|not IN_PROGRESS or SETTLING"):
        evolve(drive.upgrade, InstanceFailed(at_ms=START_MS, instance_id=instance_id, code="Boom", message=""))


def test_a_failure_has_a_code() -> None:
    with pytest.raises(AssertionError, match="without a code"):
        evolve(under_way().upgrade, InstanceFailed(at_ms=START_MS, instance_id="0", code="", message="Why?"))


def test_a_restored_instance_stays_failed_in_the_counts_and_keeps_why() -> None:
    drive = under_way()
    drive.fail("0", "Boom")
    drive.answer("1")
    drive.answer("2")
    drive.observe()
    assert (drive.status_of("0"), drive.upgrade.phase) == (InstanceStatus.RESTORING, Phase.RESTORING)
    drive.answer("0", is_restore=True)
    record = drive.upgrade.records["0"]
    assert (record.status, record.code, drive.upgrade.phase) == (InstanceStatus.RESTORED, "Boom", Phase.CHECKING)
    assert counts(drive) == (2, 1, 0, 3)
    assert drive.upgrade.progress.restored_count == 1


def test_an_instance_that_could_not_be_brought_back_keeps_both_reasons() -> None:
    drive = under_way(batch=1)
    drive.fail("0", "Boom")
    drive.observe()
    drive.answer("0", [failure("Stuck")], is_restore=True)
    record = drive.upgrade.records["0"]
    assert (record.status, record.code, record.restore_code) == (InstanceStatus.RESTORE_FAILED, "Boom", "Stuck")
    assert drive.upgrade.progress.restored_count == 0


def test_only_what_ended_is_brought_back_and_only_what_is_being_brought_back_is_back() -> None:
    drive = under_way()
    with pytest.raises(AssertionError, match="not FAILED or SUCCEEDED"):
        evolve(drive.upgrade, RestoreBegan(at_ms=START_MS, instance_ids=("0",), deadline_ms=START_MS))
    with pytest.raises(AssertionError, match="not RESTORING"):
        evolve(drive.upgrade, InstanceRestored(at_ms=START_MS, instance_id="0"))


def test_an_instance_rolled_back_with_the_rest_stays_successful_in_the_counts() -> None:
    rule = halt_rule("afterBatch", "failedInstanceCount", "atLeast", 1, "rollBack")
    drive = Drive(upgrade(policy({"batch": 2}, [rule]), instances(4)))
    drive.observe()
    drive.answer("0")
    drive.fail("1")
    drive.observe()
    drive.run()
    assert drive.status_of("0") is InstanceStatus.RESTORED
    assert counts(drive) == (1, 1, 0, 2)
    assert drive.upgrade.progress.restored_count == 2
