"""Resting: the phase an upgrade falls into when nothing is under way any more."""

from __future__ import annotations

from tidegate.upgrade.state import Phase, Upgrade


def phase_between_batches(is_held: bool, deadline_ms: int | None, at_ms: int) -> Phase:
    """After a batch: paused where it is held, resting until the deadline, about to begin the next one after it."""
    if is_held:
        return Phase.PAUSED
    return Phase.RESTING if deadline_ms is not None and deadline_ms > at_ms else Phase.CHECKING


def phase_within_batch(upgrade: Upgrade, in_flight_count: int, unsettled_count: int) -> Phase:
    """Inside a batch: paused once a held upgrade has nothing under way and has still to begin some of the batch."""
    is_at_rest = in_flight_count == 0 and unsettled_count == 0
    return Phase.PAUSED if upgrade.is_held and is_at_rest and upgrade.is_within_batch else upgrade.phase
