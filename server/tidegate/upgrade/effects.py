"""Effects: what the world still owes an upgrade, as orders to be carried out. All may be repeated without harm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tidegate.domain.order import InstanceOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Observe:
    """Ask the fleet how the scale set is, not before `not_before_ms`, and report it."""

    not_before_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """Hand these orders to the fleet. `number` rises within an upgrade, so that a driver that has handed out
    everything up to a number need not look at it again; `orders()` makes those not yet answered."""

    number: int
    orders: Callable[[], Sequence[InstanceOrder]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """Everything owed at once; nothing at all once the upgrade has ended."""

    observe: Observe | None = None
    dispatches: tuple[Dispatch, ...] = ()
    alarm_ms: int | None = None
    """Report AlarmRang at this moment, or soon after."""
