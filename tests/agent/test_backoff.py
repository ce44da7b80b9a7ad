"""Waits between attempts: they grow, are spread by chance, and are bounded."""

import pytest

from tidegate_agent.backoff import Backoff


def longest(_: float, most: float) -> float:
    return most


def test_the_bound_doubles_up_to_the_limit() -> None:
    backoff = Backoff(first_seconds=1.0, most_seconds=10.0, draw=longest)
    assert [backoff.next_seconds() for _ in range(6)] == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert backoff.failures == 6


def test_after_a_success_it_begins_anew() -> None:
    backoff = Backoff(first_seconds=1.0, most_seconds=10.0, draw=longest)
    backoff.next_seconds()
    backoff.next_seconds()
    backoff.reset()
    assert backoff.next_seconds() == 1.0


def test_the_limit_can_be_lowered_and_raised_again_but_not_over_its_own() -> None:
    backoff = Backoff(first_seconds=1.0, most_seconds=10.0, draw=longest)
    backoff.wait_at_most(3.0)
    assert [backoff.next_seconds() for _ in range(4)] == [1.0, 2.0, 3.0, 3.0]
    backoff.wait_at_most(60.0)
    assert backoff.next_seconds() == 10.0


def test_a_thousand_agents_come_back_spread_and_not_as_one() -> None:
    waits = []
    for _ in range(1_000):
        backoff = Backoff(first_seconds=2.0, most_seconds=60.0)
        for _ in range(4):
            backoff.next_seconds()
        waits.append(backoff.next_seconds())
    assert all(0.0 <= wait <= 32.0 for wait in waits)
    # Drawn evenly from 32 seconds, about 31 fall into each of them.
    in_each_second = [sum(second <= wait < second + 1 for wait in waits) for second in range(32)]
    assert min(in_each_second) > 5
    assert max(in_each_second) < 80


def test_failures_without_end_do_not_overflow() -> None:
    backoff = Backoff(first_seconds=1.0, most_seconds=60.0)
    assert all(backoff.next_seconds() <= 60.0 for _ in range(5_000))


def test_bounds_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="first_seconds"):
        Backoff(first_seconds=2.0, most_seconds=1.0)
