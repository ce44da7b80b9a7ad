"""A picture moved on by events."""

from tests.cli.samples import HALT, at, event, instances, snapshot
from tidegate.cli.watch_picture import Failed, Picture
from tidegate_client.messages import EventType, InstanceProgress, InstanceStatus, Phase, Progress, StatusCode

WAITING = InstanceStatus.INSTANCE_STATUS_WAITING
SUCCEEDED = InstanceStatus.INSTANCE_STATUS_SUCCEEDED
SETTLING = InstanceStatus.INSTANCE_STATUS_SETTLING
FAILED = InstanceStatus.INSTANCE_STATUS_FAILED


def picture_of(*statuses: InstanceStatus.ValueType, **changes: object) -> Picture:
    picture = Picture()
    picture.take(snapshot(instances(*statuses), **changes))
    return picture


def test_it_begins_with_a_snapshot() -> None:
    picture = Picture()
    assert not picture.is_known
    picture.take(snapshot(instances(SUCCEEDED, WAITING)))
    assert picture.is_known
    assert picture.statuses == {"0": SUCCEEDED, "1": WAITING}
    assert not picture.is_ended


def test_instances_become_what_events_say() -> None:
    picture = picture_of(*[WAITING] * 3)
    picture.take(event(8, EventType.EVENT_TYPE_WAVE_BEGAN, "0", "1"))
    assert picture.statuses["1"] == InstanceStatus.INSTANCE_STATUS_IN_PROGRESS
    picture.take(event(9, EventType.EVENT_TYPE_INSTANCE_FAILED, "1", code="Broken", message="It broke."))
    assert picture.statuses["1"] == FAILED
    assert list(picture.failures) == [Failed(instance_id="1", code="Broken", message="It broke.")]
    picture.take(event(10, EventType.EVENT_TYPE_RESTORE_BEGAN, "1"))
    picture.take(event(11, EventType.EVENT_TYPE_INSTANCE_RESTORED, "1"))
    assert picture.statuses["1"] == InstanceStatus.INSTANCE_STATUS_RESTORED
    assert picture.statuses["2"] == WAITING
    assert picture.counts()[WAITING] == 1


def test_an_upgraded_instance_is_well_or_waited_for() -> None:
    picture = picture_of(WAITING, WAITING, progress=Progress(successful_instance_count=0))
    before = picture.upgrade.progress.successful_instance_count
    upgraded = EventType.EVENT_TYPE_INSTANCE_UPGRADED
    picture.take(event(8, upgraded, "0", progress=Progress(successful_instance_count=before + 1)))
    picture.take(event(9, upgraded, "1", progress=Progress(successful_instance_count=before + 1)))
    assert picture.statuses == {"0": SUCCEEDED, "1": SETTLING}
    picture.take(event(10, EventType.EVENT_TYPE_INSTANCE_SETTLED, "1"))
    assert picture.statuses["1"] == SUCCEEDED


def test_counts_phase_and_decision_are_the_servers() -> None:
    picture = picture_of(WAITING)
    progress = Progress(failed_instance_count=4)
    picture.take(event(8, EventType.EVENT_TYPE_HALT_DECIDED, "0", decision=HALT, progress=progress))
    assert picture.upgrade.progress == progress
    assert picture.decision == HALT
    assert picture.statuses["0"] == WAITING
    picture.take(event(9, EventType.EVENT_TYPE_SETTLING_BEGAN, phase=Phase.PHASE_SETTLING))
    assert picture.upgrade.phase == Phase.PHASE_SETTLING
    assert picture.decision == HALT


def test_the_end_has_its_moment() -> None:
    picture = picture_of(SUCCEEDED)
    ending = event(
        12,
        EventType.EVENT_TYPE_UPGRADE_COMPLETED,
        status=StatusCode.STATUS_CODE_COMPLETED,
        phase=Phase.PHASE_ENDED,
    )
    picture.take(ending)
    assert picture.is_ended
    assert picture.upgrade.end_time == at(12)


def test_rows_are_zones_and_those_left_alone() -> None:
    picture = Picture()
    parts = [
        InstanceProgress(instance_id="0", zone="1", status=WAITING),
        InstanceProgress(instance_id="3", zone="1", status=WAITING),
        InstanceProgress(instance_id="1", zone="2", status=WAITING),
        InstanceProgress(instance_id="9", status=InstanceStatus.INSTANCE_STATUS_DENIED),
    ]
    picture.take(snapshot(parts))
    assert [(row.label, list(row.instance_ids)) for row in picture.rows] == [
        ("zone 1", ["0", "3"]),
        ("zone 2", ["1"]),
        ("left alone", ["9"]),
    ]


def test_failures_of_a_snapshot_are_known_and_only_the_latest_are_kept() -> None:
    picture = Picture()
    parts = instances(*[FAILED] * 9)
    for number, part in enumerate(parts):
        part.code = f"E{number}"
    picture.take(snapshot(parts))
    assert [failed.code for failed in picture.failures] == ["E4", "E5", "E6", "E7", "E8"]
