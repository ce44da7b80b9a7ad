"""Where an upgrade stands, in counts and in words."""

from tests.upgrade.building import instance, instances, policy, upgrade
from tests.upgrade.driving import Drive
from tidegate.domain.health import ProbeState
from tidegate.upgrade.state import Progress, StatusCode


def test_the_counts_add_up_to_the_planned_instances_and_skipped_ones_lie_beside() -> None:
    fleet = [*instances(6), instance("newest", versions={"agent": "1.1"})]
    drive = Drive(upgrade(policy({"batch": 4}), fleet))
    drive.observe()
    drive.answer("0")
    drive.fail("1")
    drive.answer("2", probe=ProbeState.INITIALIZING)
    assert drive.upgrade.progress == Progress(
        successful_count=1,
        failed_count=1,
        in_progress_count=2,
        pending_count=2,
        skipped_count=1,
        restored_count=0,
    )


def test_status_codes_are_azures() -> None:
    assert {code.value for code in StatusCode} == {
        "RollingForward",
        "RollingBack",
        "Cancelled",
        "Completed",
        "Faulted",
    }


def test_an_upgrade_has_more_until_the_last_batch_has_begun() -> None:
    drive = Drive(upgrade(policy({"batch": 5})))
    assert drive.upgrade.has_more
    drive.observe()
    drive.answer_all()
    drive.observe()
    drive.observe()
    assert not drive.upgrade.has_more
    assert not drive.upgrade.is_within_batch
    drive.run()
    assert drive.upgrade.is_ended
    assert drive.upgrade.upgrade_id == "u1"
