"""Simulated machines and hosts together: one scale set may have both, and no upgrade can tell.

Law: an instance id is one machine's. A host is not let in under the id of a simulated machine; where a scale set grows
over the name of a host, the host keeps it, and the simulated machine of that number is not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tidegate.domain.health import HealthObservation
from tidegate.domain.host import HostName
from tidegate.domain.host_refusal import InstanceIdTaken
from tidegate.domain.instance import Instance
from tidegate.domain.order import InstanceOrder
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet
from tidegate.fleets.agents.host_fleet import AgentFleet
from tidegate.fleets.promise import Reply
from tidegate.fleets.simulated import SimulatedFleet


class MixedFleet:
    """Keeps the promise of `tidegate.fleets.promise.Fleet` for as many simulated machines as a scale set has capacity,
    and for every host that joined it beside them."""

    def __init__(self, simulated: SimulatedFleet, hosts: AgentFleet) -> None:
        """Closes both."""
        self._simulated = simulated
        self._hosts = hosts
        self._capacity: dict[str, int] = {}

    def check_name(self, name: HostName) -> None:
        """Return where a host may be called so.

        Raises:
            InstanceIdTaken: a simulated machine is.
        """
        if _is_number_below(name.instance_id, self._capacity.get(name.scale_set.key, 0)):
            raise InstanceIdTaken(str(name))

    async def place(self, scale_set: ScaleSet) -> None:
        """See the promise. The capacity is that of the simulated machines."""
        self._capacity[scale_set.scale_set_id.key] = scale_set.capacity
        await self._simulated.place(scale_set)
        await self._hosts.place(scale_set)

    async def forget(self, scale_set: ScaleSetId) -> None:
        """See the promise."""
        self._capacity.pop(scale_set.key, None)
        await self._simulated.forget(scale_set)
        await self._hosts.forget(scale_set)

    async def instances(self, scale_set: ScaleSetId) -> tuple[Instance, ...]:
        """See the promise. Simulated machines come first, then hosts in natural order of their ids."""
        simulated = await self._simulated.instances(scale_set)
        hosts = await self._hosts.instances(scale_set)
        hidden = self._hidden(scale_set)
        if hidden:
            simulated = tuple(each for each in simulated if each.instance_id not in hidden)
        return (*simulated, *hosts)

    async def observe(self, scale_set: ScaleSetId) -> HealthObservation:
        """See the promise."""
        simulated = await self._simulated.observe(scale_set)
        hosts = await self._hosts.observe(scale_set)
        hidden = self._hidden(scale_set)
        return HealthObservation(
            total_count=simulated.total_count - len(hidden) + hosts.total_count,
            probe_unhealthy=simulated.probe_unhealthy - hidden | hosts.probe_unhealthy,
            initializing=simulated.initializing - hidden | hosts.initializing,
            extension_failed=simulated.extension_failed - hidden | hosts.extension_failed,
        )

    async def begin(self, orders: Sequence[InstanceOrder], reply: Reply) -> None:
        """See the promise. Hosts first, whose orders may not be kept: nothing is then begun that is not begun again."""
        for_hosts = [order for order in orders if self._hosts.has(order.scale_set, order.instance_id)]
        for_simulated = [order for order in orders if not self._hosts.has(order.scale_set, order.instance_id)]
        if for_hosts:
            await self._hosts.begin(for_hosts, reply)
        if for_simulated:
            await self._simulated.begin(for_simulated, reply)

    async def close(self) -> None:
        """See the promise."""
        try:
            await self._simulated.close()
        finally:
            await self._hosts.close()

    def _hidden(self, scale_set: ScaleSetId) -> frozenset[str]:
        """Simulated machines that a host has taken the name of."""
        capacity = self._capacity.get(scale_set.key, 0)
        return frozenset(_numbers_below(self._hosts.numbers(scale_set), capacity))


def _numbers_below(names: Iterable[str], capacity: int) -> Iterable[str]:
    return (name for name in names if _is_number_below(name, capacity))


def _is_number_below(name: str, capacity: int) -> bool:
    """The name is one that a simulated machine has: a number as numbers are written."""
    return name.isascii() and name.isdigit() and str(int(name)) == name and int(name) < capacity
