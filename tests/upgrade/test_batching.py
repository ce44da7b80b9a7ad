"""How many instances a batch takes."""

from collections.abc import Sequence

import pytest

from tests.upgrade.building import planned, policy
from tidegate.policy import judge
from tidegate.policy.pace import Pace
from tidegate.upgrade.batching import foreseen_size, size_that_keeps
from tidegate.upgrade.plan import PlannedInstance


def pace(**batching: object) -> Pace:
    compiled = policy({"batch": "20%", **batching})
    return judge.pace(compiled, planned(compiled, []).facts)


def order(*places: tuple[str, int]) -> list[PlannedInstance]:
    return [PlannedInstance(str(number), zone, domain, ()) for number, (zone, domain) in enumerate(places)]


@pytest.mark.parametrize(
    ("total", "size"), [(1, 1), (2, 1), (3, 1), (5, 1), (7, 1), (9, 1), (10, 2), (14, 2), (1000, 200)]
)
def test_a_share_is_rounded_down_and_at_least_one(total: int, size: int) -> None:
    assert pace().size_of(1, total) == size


def test_the_last_step_repeats() -> None:
    growing = pace(batch=[1, "10%", "50%"])
    assert [growing.size_of(number, 40) for number in (1, 2, 3, 4, 9)] == [1, 4, 20, 20, 20]


def test_what_may_be_in_flight_does_not_make_a_batch_smaller() -> None:
    assert pace(batch=50, maximumInFlight=3).size_of(1, 100) == 50


def test_a_batch_ends_at_the_border_of_a_zone() -> None:
    zones = order(("1", 0), ("1", 0), ("2", 0), ("2", 0))
    assert foreseen_size(zones, 0, 1, pace(batch=4), 4) == 2
    assert foreseen_size(zones, 1, 1, pace(batch=4), 4) == 1
    assert foreseen_size(zones, 0, 1, pace(batch=4, zones="together"), 4) == 4


def test_a_batch_ends_at_the_border_of_a_fault_domain_where_they_go_one_after_another() -> None:
    domains = order(("1", 0), ("1", 0), ("1", 1), ("1", 1))
    assert foreseen_size(domains, 0, 1, pace(batch=4), 4) == 4
    assert foreseen_size(domains, 0, 1, pace(batch=4, faultDomains="oneAfterAnother"), 4) == 2


def test_the_last_batch_takes_what_is_left() -> None:
    assert foreseen_size(order(("", 0), ("", 0), ("", 0)), 2, 1, pace(batch=2), 3) == 1


MEMBERS = order(("", 0), ("", 0), ("", 0))


@pytest.mark.parametrize(
    ("not_healthy", "healthy", "minimum", "size"),
    [
        ([], 10, 7, 3),
        ([], 10, 8, 2),
        ([], 7, 7, 0),
        ([], 5, 7, 0),
        (["0"], 9, 8, 2),
        (["0", "1", "2"], 7, 7, 3),
        (["2"], 7, 7, 0),
        (["0", "2"], 8, 7, 3),
    ],
)
def test_enough_healthy_instances_stay_untouched(
    not_healthy: Sequence[str], healthy: int, minimum: int, size: int
) -> None:
    assert size_that_keeps(MEMBERS, not_healthy, healthy, minimum) == size
