"""The bounds."""

import dataclasses

from tidegate.executor.limits import Limits


def test_every_bound_bounds_something() -> None:
    assert all(value > 0 for value in dataclasses.astuple(Limits()))


def test_waits_never_shrink_and_automatic_upgrades_leave_room_for_others() -> None:
    limits = Limits()
    assert limits.retry_first_ms <= limits.retry_longest_ms
    assert limits.postpone_first_ms <= limits.postpone_longest_ms
    assert limits.max_automatic < limits.max_active
