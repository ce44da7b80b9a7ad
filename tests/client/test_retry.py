"""When a failed call is sent again."""

import grpc
import pytest

from tidegate_client.errors import DeadlineExceeded, Failure, NotFound, TidegateError, Unavailable
from tidegate_client.retry import Retry

RETRY = Retry(attempts=4, first_seconds=0.1, most_seconds=0.3)
UNAVAILABLE = Unavailable(Failure(code=grpc.StatusCode.UNAVAILABLE, message="gone"))
SHUTTING_DOWN = Unavailable(Failure(code=grpc.StatusCode.UNAVAILABLE, message="bye", reason="SHUTTING_DOWN"))


def test_waits_double_up_to_the_most_and_are_spread() -> None:
    for failed, longest in [(1, 0.1), (2, 0.2), (3, 0.3)]:
        waits = {RETRY.wait_seconds(failed) for _ in range(50)}
        assert all(wait is not None and longest / 2 <= wait <= longest for wait in waits)
        assert len(waits) > 1


def test_it_gives_up_after_the_last_attempt() -> None:
    assert RETRY.wait_seconds(3) is not None
    assert RETRY.wait_seconds(4) is None


def test_a_great_number_of_attempts_does_not_overflow() -> None:
    wait = Retry(attempts=100_000).wait_seconds(99_999)
    assert wait is not None
    assert wait <= 2.0


@pytest.mark.parametrize(
    ("error", "is_repeatable", "sent_again"),
    [
        (UNAVAILABLE, True, True),
        (UNAVAILABLE, False, False),
        (SHUTTING_DOWN, False, True),
        (DeadlineExceeded(Failure(code=grpc.StatusCode.DEADLINE_EXCEEDED, message="late")), True, False),
        (NotFound(Failure(code=grpc.StatusCode.NOT_FOUND, message="none")), True, False),
    ],
)
def test_only_what_may_help_and_cannot_harm_is_sent_again(
    error: TidegateError, is_repeatable: bool, sent_again: bool
) -> None:
    wait = RETRY.after(error, is_repeatable=is_repeatable, failed_attempts=1, left_seconds=10.0)
    assert (wait is not None) is sent_again


def test_a_wait_never_outlasts_the_deadline() -> None:
    assert RETRY.after(UNAVAILABLE, is_repeatable=True, failed_attempts=1, left_seconds=0.04) is None


@pytest.mark.parametrize(
    "wrong", [{"attempts": 0}, {"first_seconds": -1.0}, {"first_seconds": 3.0, "most_seconds": 2.0}]
)
def test_a_retry_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="attempts is at least 1"):
        Retry(**wrong)  # type: ignore[arg-type]  # attempts is an int in each case
