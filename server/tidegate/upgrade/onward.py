"""Onward: what follows by itself from where an upgrade stands, once a report has changed it.

Inside a batch the next wave begins, or the batch settles; at an end that was decided instances are brought back as the
policy says, and then it is over. Law: restores go in groups in the plan's order, each begun when the one before has
ended; a group is no larger than what may be in flight, and one that brings back healthy instances too is no larger
than a batch and crosses none of its borders.
"""

from __future__ import annotations

from collections.abc import Collection

from tidegate.policy.decision import Verdict
from tidegate.upgrade.batching import border
from tidegate.upgrade.events import (
    BatchSettled,
    RestoreBegan,
    RollingBackBegan,
    SettlingBegan,
    UpgradeCancelled,
    UpgradeCompleted,
    UpgradeFaulted,
    WaveBegan,
)
from tidegate.upgrade.state import InstanceStatus, Phase, Upgrade
from tidegate.upgrade.unfolding import Unfolding

_FAILED = (InstanceStatus.FAILED,)
_ROLLED_BACK = {
    Verdict.ROLL_BACK_FAILED: _FAILED,
    Verdict.ROLL_BACK: (InstanceStatus.FAILED, InstanceStatus.SUCCEEDED),
}
"""What each verdict brings back."""
_WAVES_IN_FLIGHT = 16
"""A further wave begins once this part of what may be in flight is free, so that waves stay few."""


def go_on_within_batch(unfolding: Unfolding) -> None:
    """After instances of the batch have ended: begin the next wave, wait for health, or settle the batch.

    An end may be decided by the very instance with which a held batch came to rest: then the pause holds nothing back.
    """
    upgrade, at_ms = unfolding.upgrade, unfolding.at_ms
    is_released = upgrade.phase is Phase.PAUSED and upgrade.is_ending
    if upgrade.phase not in (Phase.UPGRADING, Phase.SETTLING) and not is_released:
        return
    size = _wave_size(upgrade)
    if size:
        deadline_ms = at_ms + _milliseconds(upgrade.pace.instance_timeout_seconds)
        unfolding.say(WaveBegan(at_ms=at_ms, start=upgrade.begun, size=size, deadline_ms=deadline_ms))
    elif upgrade.in_flight_count == 0 and not upgrade.unsettled:
        if not upgrade.is_within_batch or upgrade.is_ending:
            unfolding.say(BatchSettled(at_ms=at_ms, number=upgrade.batch_number))
            wind_up_if_ending(unfolding)
    elif upgrade.in_flight_count == 0 and upgrade.phase is Phase.UPGRADING:
        deadline_ms = at_ms + _milliseconds(upgrade.pace.settle_seconds)
        unfolding.say(SettlingBegan(at_ms=at_ms, deadline_ms=deadline_ms))


def _wave_size(upgrade: Upgrade) -> int:
    """Instances that may begin now: all that are left of the batch, or as many as are free in flight."""
    left = upgrade.position - upgrade.begun
    if not left or not upgrade.may_begin:
        return 0
    most = upgrade.pace.maximum_in_flight
    if most is None:
        return left
    free = most - upgrade.in_flight_count
    return min(free, left) if free >= min(left, max(1, most // _WAVES_IN_FLIGHT)) else 0


def after_batch(unfolding: Unfolding) -> None:
    """Once the batch is judged, or a group of restores has ended: bring back more, end, or wait for the next check."""
    if unfolding.upgrade.is_ending:
        wind_up_if_ending(unfolding)
    elif not _begin_restore(unfolding) and not unfolding.upgrade.has_more:
        unfolding.say(UpgradeCompleted(at_ms=unfolding.at_ms))


def wind_up_if_ending(unfolding: Unfolding) -> None:
    """Where an end is decided and nothing is under way: bring back what the policy wants brought back, then end."""
    upgrade, at_ms = unfolding.upgrade, unfolding.at_ms
    if not upgrade.is_ending or upgrade.in_flight_count or upgrade.unsettled or upgrade.waves:
        return
    halt = upgrade.halt
    if upgrade.phase is not Phase.ROLLING_BACK and halt is not None and halt.decision.verdict in _ROLLED_BACK:
        instance_ids, _ = _restore_group(upgrade, _ROLLED_BACK[halt.decision.verdict], position=0)
        if instance_ids:
            unfolding.say(RollingBackBegan(at_ms=at_ms))
    if not _begin_restore(unfolding):
        unfolding.say(UpgradeCancelled(at_ms=at_ms) if halt is None else UpgradeFaulted(at_ms=at_ms))


def _begin_restore(unfolding: Unfolding) -> bool:
    """Begin the next group of restores that is wanted; False where there is none."""
    upgrade, at_ms = unfolding.upgrade, unfolding.at_ms
    wanted = _restored_now(upgrade)
    instance_ids, next_position = _restore_group(upgrade, wanted, upgrade.restore_position) if wanted else ((), 0)
    if not instance_ids:
        return False
    unfolding.say(
        RestoreBegan(
            at_ms=at_ms,
            instance_ids=instance_ids,
            deadline_ms=at_ms + _milliseconds(upgrade.pace.instance_timeout_seconds),
            next_position=next_position,
        )
    )
    return True


def _restored_now(upgrade: Upgrade) -> Collection[InstanceStatus]:
    """Which instances are to be brought back: a roll-back's, else by the pace the failed ones of the batch."""
    if upgrade.phase is Phase.ROLLING_BACK:
        assert upgrade.halt is not None, "only a halt rolls back"
        return _ROLLED_BACK[upgrade.halt.decision.verdict]
    return _FAILED if upgrade.pace.restore_failed and upgrade.batch_failed_count else ()


def _restore_group(upgrade: Upgrade, wanted: Collection[InstanceStatus], position: int) -> tuple[tuple[str, ...], int]:
    """The next instances to bring back at or after `position` of the order, and where to look on after them."""
    order, pace = upgrade.started.plan.order, upgrade.pace
    keeps_borders = InstanceStatus.SUCCEEDED in wanted
    most = pace.maximum_in_flight or len(order)
    if keeps_borders:
        most = min(most, pace.size_of(max(1, upgrade.batch_number), upgrade.started.plan.total_count))
    found: list[str] = []
    common = None
    while position < upgrade.begun and len(found) < most:
        planned = order[position]
        record = upgrade.records.get(planned.instance_id)
        if record is not None and record.status in wanted:
            here = border(planned, pace) if keeps_borders else None
            if found and here != common:
                break
            common = here
            found.append(planned.instance_id)
        position += 1
    return tuple(found), position


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
