"""Calls to a fleet end in time."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.executor.world import scale_set_id, virtual
from tidegate.domain.health import HealthObservation
from tidegate.domain.instance import Instance
from tidegate.domain.order import InstanceOrder
from tidegate.domain.refusal import FleetUnavailable, ScaleSetNotFound
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet
from tidegate.executor.fleet_calls import FleetCalls
from tidegate.fleets.promise import Reply


class Deaf:
    """A fleet at the other end of a broken line: it hangs, or it refuses the connection."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    async def place(self, scale_set: ScaleSet) -> None:
        await self._hang()

    async def forget(self, scale_set: ScaleSetId) -> None:
        await self._hang()

    async def instances(self, scale_set: ScaleSetId) -> tuple[Instance, ...]:
        await self._hang()
        return ()

    async def observe(self, scale_set: ScaleSetId) -> HealthObservation:
        await self._hang()
        return HealthObservation(total_count=0)

    async def begin(self, orders: Sequence[InstanceOrder], reply: Reply) -> None:
        await self._hang()

    async def close(self) -> None:
        await self._hang()

    async def _hang(self) -> None:
        if self._error is not None:
            raise self._error
        await asyncio.sleep(10**6)


@virtual
async def test_a_fleet_that_hangs_costs_a_bounded_wait() -> None:
    calls, loop = FleetCalls(Deaf(), 30), asyncio.get_running_loop()
    for call in (
        calls.observe(scale_set_id("web")),
        calls.instances(scale_set_id("web")),
        calls.begin([], lambda _: None),
        calls.forget(scale_set_id("web")),
    ):
        began = loop.time()
        with pytest.raises(FleetUnavailable, match="no answer within 30 seconds"):
            await call
        assert loop.time() - began == pytest.approx(30)


@virtual
async def test_a_fleet_that_cannot_be_reached_is_unavailable_and_a_fleet_that_refuses_is_not() -> None:
    with pytest.raises(FleetUnavailable, match="connection refused"):
        await FleetCalls(Deaf(ConnectionRefusedError("connection refused")), 30).observe(scale_set_id("web"))
    with pytest.raises(ScaleSetNotFound):
        await FleetCalls(Deaf(ScaleSetNotFound("web")), 30).observe(scale_set_id("web"))
