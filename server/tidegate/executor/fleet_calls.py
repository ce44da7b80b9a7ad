"""Calls to a fleet, each with a deadline: a fleet that hangs or cannot be reached costs a bounded wait and no more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import TypeVar

from tidegate.domain.health import HealthObservation
from tidegate.domain.instance import Instance
from tidegate.domain.order import InstanceOrder
from tidegate.domain.refusal import FleetUnavailable
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet
from tidegate.fleets.promise import Fleet, Reply

__all__ = ["FleetCalls", "FleetUnavailable"]

Answer = TypeVar("Answer")


class FleetCalls:
    """A fleet whose calls end in time, well or with FleetUnavailable."""

    def __init__(self, fleet: Fleet, seconds: float) -> None:
        self._fleet = fleet
        self._seconds = seconds

    async def place(self, scale_set: ScaleSet) -> None:
        """As the fleet's, or raises FleetUnavailable."""
        await self._in_time("place a scale set", self._fleet.place(scale_set))

    async def forget(self, scale_set: ScaleSetId) -> None:
        """As the fleet's, or raises FleetUnavailable."""
        await self._in_time("forget a scale set", self._fleet.forget(scale_set))

    async def instances(self, scale_set: ScaleSetId) -> tuple[Instance, ...]:
        """As the fleet's, or raises FleetUnavailable."""
        return await self._in_time("list the instances", self._fleet.instances(scale_set))

    async def observe(self, scale_set: ScaleSetId) -> HealthObservation:
        """As the fleet's, or raises FleetUnavailable."""
        return await self._in_time("observe the scale set", self._fleet.observe(scale_set))

    async def begin(self, orders: Sequence[InstanceOrder], reply: Reply) -> None:
        """As the fleet's, or raises FleetUnavailable; the orders may have been taken all the same."""
        await self._in_time("take orders", self._fleet.begin(orders, reply))

    async def _in_time(self, call: str, answer: Awaitable[Answer]) -> Answer:
        try:
            async with asyncio.timeout(self._seconds):
                return await answer
        except TimeoutError as late:
            raise FleetUnavailable(call, f"no answer within {self._seconds:g} seconds") from late
        except OSError as broken:
            raise FleetUnavailable(call, str(broken) or type(broken).__name__) from broken
