"""What a watch does with what comes, whatever comes."""

import grpc
import pytest

from tidegate.v1.rolling_upgrade_service_pb2 import Keepalive, WatchRollingUpgradeResponse
from tidegate_client.errors import Conflict, Failure, NotFound, TidegateError, Unavailable, WatchBroken
from tidegate_client.messages import EventType, RollingUpgrade, StatusCode, UpgradeEvent, UpgradeSnapshot
from tidegate_client.retry import Retry
from tidegate_client.watching import WatchState

GONE = Unavailable(Failure(code=grpc.StatusCode.UNAVAILABLE, message="gone"))
AT_ONCE = Retry(attempts=3, first_seconds=0.0, most_seconds=0.0)


def state(*, ends_with_upgrade: bool = True, resume_token: str = "") -> WatchState:
    return WatchState(resume_token=resume_token, ends_with_upgrade=ends_with_upgrade, retry=AT_ONCE)


def snapshot(
    sequence: int, status: StatusCode.ValueType = StatusCode.STATUS_CODE_ROLLING_FORWARD
) -> WatchRollingUpgradeResponse:
    upgrade = RollingUpgrade(name="u", last_sequence=sequence, status=status)
    return WatchRollingUpgradeResponse(snapshot=UpgradeSnapshot(rolling_upgrade=upgrade), resume_token=f"u{sequence}")


def event(
    sequence: int, kind: EventType.ValueType = EventType.EVENT_TYPE_INSTANCE_UPGRADED, upgrade: str = "u"
) -> WatchRollingUpgradeResponse:
    happened = UpgradeEvent(upgrade=upgrade, sequence=sequence, type=kind)
    return WatchRollingUpgradeResponse(event=happened, resume_token=f"{upgrade}{sequence}")


def keepalive(token: str = "") -> WatchRollingUpgradeResponse:
    return WatchRollingUpgradeResponse(keepalive=Keepalive(), resume_token=token)


def test_items_come_out_and_move_the_token() -> None:
    watch = state()
    assert isinstance(watch.take(snapshot(3)), UpgradeSnapshot)
    assert watch.resume_token == "u3"
    assert isinstance(watch.take(event(4)), UpgradeEvent)
    assert watch.resume_token == "u4"
    assert watch.take(keepalive()) is None
    assert watch.resume_token == "u4"
    assert not watch.is_over


@pytest.mark.parametrize(
    "kind",
    [
        EventType.EVENT_TYPE_UPGRADE_COMPLETED,
        EventType.EVENT_TYPE_UPGRADE_CANCELLED,
        EventType.EVENT_TYPE_UPGRADE_FAULTED,
    ],
)
def test_the_ending_ends_a_watch_of_one_upgrade_only(kind: EventType.ValueType) -> None:
    one, all_of_them = state(), state(ends_with_upgrade=False)
    assert one.take(event(1, kind)) is not None
    assert one.is_over
    assert all_of_them.take(event(1, kind)) is not None
    assert not all_of_them.is_over


def test_a_snapshot_of_an_ended_upgrade_is_all() -> None:
    watch = state()
    watch.take(snapshot(9, StatusCode.STATUS_CODE_FAULTED))
    assert watch.is_over


def test_an_event_that_came_out_before_does_not_come_out_again() -> None:
    watch = state()
    watch.take(snapshot(3))
    assert watch.take(event(3)) is None
    assert watch.take(event(4)) is not None
    assert watch.take(event(4)) is None
    assert watch.resume_token == "u4"


def test_a_missing_event_breaks_the_stream_and_leaves_the_token() -> None:
    watch = state()
    watch.take(event(4))
    with pytest.raises(WatchBroken, match="Event 5 of u is missing: 6 came"):
        watch.take(event(6))
    assert watch.resume_token == "u4"
    assert watch.take(event(5)) is not None


def test_the_next_upgrade_of_a_scale_set_begins_at_one() -> None:
    watch = state(ends_with_upgrade=False)
    watch.take(event(17, EventType.EVENT_TYPE_UPGRADE_COMPLETED))
    assert watch.take(event(1, upgrade="v")) is not None
    assert watch.take(event(2, upgrade="v")) is not None
    assert watch.take(event(2, upgrade="v")) is None


def test_a_resumed_watch_takes_whatever_number_comes_first() -> None:
    watch = state(resume_token="u41")
    assert watch.take(event(42)) is not None


@pytest.mark.parametrize(
    ("code", "message", "reason"),
    [
        (grpc.StatusCode.UNAVAILABLE, "Socket closed", ""),
        (grpc.StatusCode.UNAVAILABLE, "The server is shutting down.", "SHUTTING_DOWN"),
        (grpc.StatusCode.ABORTED, "too slow", "WATCH_TOO_SLOW"),
        (grpc.StatusCode.INTERNAL, "Received RST_STREAM with error code 2", ""),
        (grpc.StatusCode.UNKNOWN, "Stream removed", ""),
        (grpc.StatusCode.CANCELLED, "Received RST_STREAM with error code 8", ""),
    ],
)
def test_broken_streams_are_survived(code: grpc.StatusCode, message: str, reason: str) -> None:
    kind = Unavailable if code is grpc.StatusCode.UNAVAILABLE else Conflict
    assert state().interrupted(kind(Failure(code=code, message=message, reason=reason))) == 0.0


@pytest.mark.parametrize(
    "error",
    [
        NotFound(Failure(code=grpc.StatusCode.NOT_FOUND, message="no such upgrade")),
        TidegateError(Failure(code=grpc.StatusCode.INTERNAL, message="our log has it as 17")),
        TidegateError(Failure(code=grpc.StatusCode.UNKNOWN, message="what", reason="")),
        Conflict(Failure(code=grpc.StatusCode.ABORTED, message="etag", reason="ETAG_MISMATCH")),
    ],
)
def test_answers_of_the_server_are_not(error: TidegateError) -> None:
    with pytest.raises(TidegateError) as caught:
        state().interrupted(error)
    assert caught.value is error


def test_attempts_are_bounded_and_counted_anew_with_every_sign_of_life() -> None:
    watch = state()
    for _ in range(5):
        watch.interrupted(GONE)
        watch.interrupted(GONE)
        watch.take(keepalive())
    watch.interrupted(GONE)
    watch.interrupted(GONE)
    with pytest.raises(Unavailable):
        watch.interrupted(GONE)


def test_repeating_what_is_known_is_no_sign_of_life() -> None:
    watch = state()
    watch.take(event(4))
    watch.interrupted(GONE)
    watch.take(event(4))
    watch.interrupted(GONE)
    with pytest.raises(Unavailable):
        watch.interrupted(GONE)


def test_a_stream_that_closes_twice_with_nothing_between_has_nothing_more_to_tell() -> None:
    watch = state(resume_token="u9")
    watch.closed()
    assert not watch.is_over
    watch.closed()
    assert watch.is_over


def test_a_stream_that_closes_politely_is_opened_again() -> None:
    watch = state()
    for sequence in range(1, 8):
        watch.take(event(sequence))
        watch.closed()
        assert not watch.is_over


def test_a_watch_of_a_scale_set_gives_up_on_a_server_that_only_closes() -> None:
    watch = state(ends_with_upgrade=False)
    watch.closed()
    watch.closed()
    with pytest.raises(Unavailable, match="closed"):
        watch.closed()
