"""Batching: how many instances the next batch takes, as foreseen by the plan and as formed in the event.

Law: a batch is a run of the plan's order. It never crosses a border that the pace sets, between zones or fault
domains, and the plan and the upgrade form it by this one rule; only health makes the real one smaller.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeAlias

from tidegate.policy.pace import FaultDomains, Pace
from tidegate.upgrade.plan import PlannedInstance

Border: TypeAlias = tuple[str, int]


def border(planned: PlannedInstance, pace: Pace) -> Border:
    """What all instances of a batch have in common under this pace."""
    return (
        "" if pace.zones_together else planned.zone,
        planned.fault_domain if pace.fault_domains is FaultDomains.ONE_AFTER_ANOTHER else 0,
    )


def foreseen_size(
    order: Sequence[PlannedInstance], position: int, batch_number: int, pace: Pace, total_count: int
) -> int:
    """Instances in the batch that begins at `position` of the order, at least 1; takes time linear in that."""
    assert 0 <= position < len(order), f"nothing is left at {position} of {len(order)}"
    end = min(len(order), position + pace.size_of(batch_number, total_count))
    if pace.zones_together and pace.fault_domains is not FaultDomains.ONE_AFTER_ANOTHER:
        return end - position
    common = border(order[position], pace)
    return next((at for at in range(position + 1, end) if border(order[at], pace) != common), end) - position


def size_that_keeps(
    members: Sequence[PlannedInstance], not_healthy: Collection[str], healthy_count: int, minimum_healthy_count: int
) -> int:
    """How many of the members, from the first, can be taken so that enough healthy instances stay untouched.

    `healthy_count` is that of the whole scale set. A member that is not healthy now costs nothing.
    """
    spare = healthy_count - minimum_healthy_count
    for size, member in enumerate(members):
        if member.instance_id not in not_healthy:
            if spare <= 0:
                return size
            spare -= 1
    return len(members)
