"""Owed: what the world still owes an upgrade, read off where it stands.

Law: owed is a function of the upgrade alone, so that a server that comes back does what is owed and needs to
remember nothing else. It costs no more than the waves under way; orders are made only when they are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial

from tidegate.domain.order import ExtensionMove, ImageMove, InstanceOrder, Move
from tidegate.domain.version import Version
from tidegate.upgrade.answered import unanswered
from tidegate.upgrade.effects import Dispatch, Observe, Owed
from tidegate.upgrade.operation import restore_operation, upgrade_operation
from tidegate.upgrade.plan import ExtensionTarget, Target
from tidegate.upgrade.state import Phase, Upgrade, Wave

OBSERVE_EVERY_MS = 1_000
"""The time between two looks at instances that are waited for; a short wait is looked at twenty times."""
_LOOKS = 20
_PATIENCE = 300
"""After five minutes looks grow rarer, to every 300th part of the time waited: each is an event that is kept for ever,
and a wait may last a day."""


def owed(upgrade: Upgrade) -> Owed:
    """Everything that is owed now."""
    if upgrade.is_ended:
        return Owed()
    return Owed(
        observe=_observe(upgrade),
        dispatches=tuple(_dispatch(upgrade, wave) for wave in upgrade.waves),
        alarm_ms=_alarm_ms(upgrade),
    )


def _observe(upgrade: Upgrade) -> Observe | None:
    match upgrade.phase:
        case Phase.CHECKING | Phase.JUDGING:
            return Observe(not_before_ms=upgrade.changed_at_ms)
        case Phase.SETTLING:
            return Observe(not_before_ms=_next_look_ms(upgrade))
        case _:
            return None


def _next_look_ms(upgrade: Upgrade) -> int:
    """The next look at instances that are waited for; the last one not before the deadline, and not long after."""
    assert upgrade.deadline_ms is not None, "settling has a deadline"
    settle_ms = round(upgrade.pace.settle_seconds * 1000)
    observed_at_ms = 0 if upgrade.observed_at_ms is None else upgrade.observed_at_ms
    waited_ms = observed_at_ms - (upgrade.deadline_ms - settle_ms)
    every_ms = max(1, min(OBSERVE_EVERY_MS, round(settle_ms / _LOOKS)), waited_ms // _PATIENCE)
    return min(observed_at_ms + every_ms, max(upgrade.deadline_ms, observed_at_ms + 1))


def _alarm_ms(upgrade: Upgrade) -> int | None:
    due = [wave.deadline_ms for wave in upgrade.waves]
    if upgrade.phase is Phase.RESTING and upgrade.deadline_ms is not None:
        due.append(upgrade.deadline_ms)
    return min(due, default=None)


def _dispatch(upgrade: Upgrade, wave: Wave) -> Dispatch:
    return Dispatch(number=wave.number, orders=lambda: orders_of(upgrade, wave))


def orders_of(upgrade: Upgrade, wave: Wave) -> Sequence[InstanceOrder]:
    """The orders of the wave that are not answered, in the plan's order."""
    order, places, targets = upgrade.started.plan.order, upgrade.places, upgrade.started.plan.targets
    operation = restore_operation if wave.is_restore else upgrade_operation
    # Instances that run equal versions go up by the same moves, made once. Down they go one by one: each is brought
    # back to a version as its own fleet wrote it, and 2.1 equals 2.1.0.0.
    moves = partial(_restoring, targets) if wave.is_restore else cache(partial(_upgrading, targets))
    return [
        InstanceOrder(
            operation_id=operation(upgrade.upgrade_id, instance_id),
            scale_set=upgrade.scale_set,
            instance_id=instance_id,
            moves=moves(order[places[instance_id]].previous),
        )
        for instance_id in unanswered(upgrade, wave)
    ]


def _upgrading(targets: Sequence[Target], previous_versions: Sequence[Version | None]) -> tuple[Move, ...]:
    """What brings an instance that runs these versions to every target that it needs."""
    pairs = zip(targets, previous_versions, strict=True)
    return tuple(_up(target, previous) for target, previous in pairs if previous is not None)


def _restoring(targets: Sequence[Target], previous_versions: Sequence[Version | None]) -> tuple[Move, ...]:
    """What brings an instance back to these versions, for every target that it was brought to."""
    pairs = zip(targets, previous_versions, strict=True)
    return tuple(_move(target, previous) for target, previous in pairs if previous is not None)


def _up(target: Target, previous: Version) -> Move:
    assert previous < target.version, f"{target.version} is not above {previous}"
    if isinstance(target, ExtensionTarget):
        assert previous.major == target.version.major, f"{target.version} crosses the major version of {previous}"
    return _move(target, target.version)


def _move(target: Target, version: Version) -> Move:
    if isinstance(target, ExtensionTarget):
        return ExtensionMove(extension_name=target.extension_name, version=version)
    return ImageMove(version=version)
