"""Paces and the sizes in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.policy.texts import facts, policy_of
from tidegate.policy.judge import pace
from tidegate.policy.pace import BatchSize, HealthyFloor


@pytest.mark.parametrize(
    ("percent", "total", "size"),
    [
        (20.0, 10, 2),
        (20.0, 5, 1),
        (20.0, 4, 1),
        (20.0, 9, 1),
        (100.0, 3, 3),
        (7.0, 100, 7),
        (29.0, 100, 29),
        (0.0, 9, 1),
    ],
)
def test_a_share_is_rounded_down_and_never_nothing(percent: float, total: int, size: int) -> None:
    assert BatchSize(percent=percent).of(total) == size


@given(st.integers(1, 100), st.integers(1, 1000))
def test_a_batch_is_the_largest_that_stays_within_its_share(percent: int, total: int) -> None:
    size = BatchSize(percent=float(percent)).of(total)
    assert size == max(1, total * percent // 100)


@given(st.integers(0, 100), st.integers(0, 1000))
def test_a_floor_is_the_smallest_that_keeps_its_share(percent: int, total: int) -> None:
    assert HealthyFloor(percent=float(percent)).of(total) == -(-total * percent // 100)


def test_a_count_is_itself() -> None:
    assert BatchSize(count=5).of(3) == 5
    assert HealthyFloor(count=3).of(1000) == 3


@pytest.mark.parametrize("make", [BatchSize, HealthyFloor])
def test_an_amount_is_a_share_or_a_count(make: type[BatchSize] | type[HealthyFloor]) -> None:
    with pytest.raises(AssertionError):
        make()
    with pytest.raises(AssertionError):
        make(percent=5.0, count=5)


def test_the_last_step_repeats_and_the_number_in_flight_makes_no_batch_smaller() -> None:
    found = pace(policy_of(batching="- {name: steps, batch: [1, 5%, 20%], maximumInFlight: 50}"), facts())
    assert [found.size_of(number, 1000) for number in (1, 2, 3, 4)] == [1, 50, 200, 200]
    assert [found.size_of(number, 100) for number in (1, 2, 3, 4)] == [1, 5, 20, 20]
    with pytest.raises(AssertionError):
        found.size_of(0, 100)
