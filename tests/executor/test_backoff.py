"""Waits that double."""

from tidegate.executor.backoff import Backoff, doubled_ms


def test_waits_double_up_to_the_longest_and_begin_anew_after_a_success() -> None:
    backoff = Backoff(first_ms=100, longest_ms=500)
    assert [backoff.next_ms() for _ in range(5)] == [100, 200, 400, 500, 500]
    backoff.reset()
    assert backoff.next_ms() == 100


def test_no_number_of_failures_makes_a_wait_longer_than_the_longest() -> None:
    assert doubled_ms(100, 10_000, 30_000) == 30_000
