"""Every fleet that can be run here, each as the contract's suite runs it: with machines for every instance.

A simulated fleet makes its machines itself. A fleet of hosts waits for hosts to join: here they do so right after a
scale set was placed, one for each instance of its capacity, through the desk, as real ones do.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fleets.agents.real_agents import RealAgent, door, put_handlers
from tests.fleets.agents.world import AGENT, MONITOR, World, put_packages
from tidegate.domain.extension import ProvisioningState
from tidegate.domain.health import HealthObservation, ProbeState
from tidegate.domain.host import ExtensionFailure, HandlerGoal, HostName
from tidegate.domain.instance import Instance
from tidegate.domain.order import InstanceOrder
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet
from tidegate.domain.version import Version
from tidegate.fleets.agents.host_store import IN_MEMORY
from tidegate.fleets.faults import InstallFails, Where
from tidegate.fleets.machine_store import MachineStore
from tidegate.fleets.mixed import MixedFleet
from tidegate.fleets.promise import Fleet, Reply
from tidegate.fleets.simulated import SimulatedFleet
from tidegate_agent.joining import HostDescription

BROKEN = InstallFails(where=Where(version=Version("2.13")), code="Broken", message="It does not start.")
"""In every fleet of the suite no machine can be brought to version 2.13."""
AGENT_VERSIONS = ("2.0.0.0", "2.4", "2.5", "2.6", "2.13")
MONITOR_VERSIONS = ("1.10.0.0", "1.12")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a kind of machine says where each kind has words of its own."""

    code: str
    """Why version 2.13 could not be had."""
    message_is_all: bool = True
    """Whether what the machine says of it is all that is told, or what its agent tells of it holds that."""
    moves_images: bool
    probe_after_order: ProbeState
    """What a machine with a probe is known to be right after an order: hosts are asked anew then."""


SIMULATED = Words(code="Broken", moves_images=True, probe_after_order=ProbeState.HEALTHY)
REAL = Words(code="1009", message_is_all=False, moves_images=False, probe_after_order=ProbeState.INITIALIZING)
HOST = Words(code="1009", moves_images=False, probe_after_order=ProbeState.INITIALIZING)


class Stand:
    """A fleet in the suite; keeps the promise itself, so that the suite speaks to it as to any fleet."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet

    most_instances = 200
    """So many may be asked for."""

    def words(self, instance_id: int) -> Words:
        """Those of the instance."""
        return SIMULATED

    def hold(self) -> None:
        """No machine finishes anything from now on."""

    def release(self) -> None:
        """Machines finish what they are at."""

    async def place(self, scale_set: ScaleSet) -> None:
        """As the fleet's; every instance is there when it returns."""
        await self.fleet.place(scale_set)

    async def forget(self, scale_set: ScaleSetId) -> None:
        """As the fleet's."""
        await self.fleet.forget(scale_set)

    async def instances(self, scale_set: ScaleSetId) -> tuple[Instance, ...]:
        """As the fleet's."""
        return await self.fleet.instances(scale_set)

    async def observe(self, scale_set: ScaleSetId) -> HealthObservation:
        """As the fleet's."""
        return await self.fleet.observe(scale_set)

    async def begin(self, orders: Sequence[InstanceOrder], reply: Reply) -> None:
        """As the fleet's."""
        await self.fleet.begin(orders, reply)

    async def close(self) -> None:
        """As the fleet's."""
        await self.fleet.close()


class HostedStand(Stand):
    """A fleet with hosts: instances from `first_host` on are hosts, those before are simulated."""

    def __init__(self, fleet: Fleet, world: World, first_host: int, port: int) -> None:
        super().__init__(fleet)
        self._world = world
        self._first_host = first_host
        self._probe_address = f"127.0.0.1:{port}"
        self._joined: dict[str, set[str]] = {}

    def words(self, instance_id: int) -> Words:
        """Those of the instance."""
        return HOST if instance_id >= self._first_host else SIMULATED

    def hold(self) -> None:
        """No host finishes anything from now on."""
        for peer in self._world.peers.values():
            peer.may_work.clear()

    def release(self) -> None:
        """Hosts finish what they are at."""
        for peer in self._world.peers.values():
            peer.may_work.set()

    async def place(self, scale_set: ScaleSet) -> None:
        """As the fleet's; then hosts join or are removed, until there is one for each instance."""
        await self.fleet.place(dataclasses.replace(scale_set, capacity=min(scale_set.capacity, self._first_host)))
        known = self._joined.setdefault(scale_set.scale_set_id.key, set())
        wanted = [str(number) for number in range(self._first_host, scale_set.capacity)]
        for name in known - set(wanted):
            await self._world.desk.remove(HostName(scale_set=scale_set.scale_set_id, instance_id=name))
        for name in wanted:
            if name not in known:
                await self._add(scale_set, name)
        self._joined[scale_set.scale_set_id.key] = set(wanted)
        async with asyncio.timeout(20):
            while not await self._is_settled(scale_set):  # noqa: ASYNC110 - hosts, prober and fleet, none of which ring
                await asyncio.sleep(0.005)

    async def forget(self, scale_set: ScaleSetId) -> None:
        """As the fleet's; its hosts are none any more."""
        self._joined.pop(scale_set.key, None)
        await self.fleet.forget(scale_set)

    async def close(self) -> None:
        """As the fleet's."""
        await self.fleet.close()
        await self._world.stop_peers()

    async def _add(self, scale_set: ScaleSet, name: str) -> None:
        zones = scale_set.zones
        await self._world.add(
            name,
            scale_set=scale_set.scale_set_id,
            failing=_fails,
            zone=zones[int(name) % len(zones)] if zones else "",
            probe_address=self._probe_address,
        )

    async def _is_settled(self, scale_set: ScaleSet) -> bool:
        well = {ProbeState.HEALTHY if scale_set.has_probe else ProbeState.NONE}
        instances = await self.fleet.instances(scale_set.scale_set_id)
        return len(instances) == scale_set.capacity and all(
            instance.probe in well
            and all(
                state.provisioning_state is not ProvisioningState.UPDATING for state in instance.extensions.values()
            )
            for instance in instances
        )


class RealStand(HostedStand):
    """Hosts whose agents are real: they speak gRPC, and run handlers that are processes."""

    most_instances = 6

    def __init__(self, world: World, port: int, server: str, folder: Path) -> None:
        super().__init__(world.fleet, world, 0, port)
        self._server = server
        self._folder = folder
        self._agents: list[RealAgent] = []

    def words(self, instance_id: int) -> Words:
        """Those of the instance."""
        return REAL

    def hold(self) -> None:
        """No command ends from now on."""
        hold_file(self._folder).touch()

    def release(self) -> None:
        """Commands end again."""
        hold_file(self._folder).unlink(missing_ok=True)

    async def close(self) -> None:
        """As the fleet's; the agents are killed."""
        await self.fleet.close()
        for agent in self._agents:
            await agent.kill()

    async def _add(self, scale_set: ScaleSet, name: str) -> None:
        token = await self._world.desk.create_token(scale_set.scale_set_id, name, 3_600.0)
        agent = RealAgent(self._folder / f"root-{len(self._agents)}", self._server)
        zones = scale_set.zones
        zone = zones[int(name) % len(zones)] if zones else ""
        await agent.join(token.text, HostDescription(instance_id=name, zone=zone, probe_address=self._probe_address))
        self._agents.append(agent)
        agent.start()


Kind = Callable[[Path], AbstractAsyncContextManager[Stand]]


@asynccontextmanager
async def simulated_in_memory(folder: Path) -> AsyncIterator[Stand]:
    """Forgotten with the process."""
    stand = Stand(SimulatedFleet(faults=[BROKEN]))
    yield stand
    await stand.close()


@asynccontextmanager
async def simulated_on_file(folder: Path) -> AsyncIterator[Stand]:
    """Remembered."""
    stand = Stand(SimulatedFleet(faults=[BROKEN], store=MachineStore(folder / "machines.sqlite3")))
    yield stand
    await stand.close()


@asynccontextmanager
async def hosts_in_memory(folder: Path) -> AsyncIterator[Stand]:
    """Hosts alone."""
    async with _hosted(IN_MEMORY, 0) as stand:
        yield stand


@asynccontextmanager
async def hosts_on_file(folder: Path) -> AsyncIterator[Stand]:
    """Hosts alone, remembered."""
    async with _hosted(folder / "hosts.sqlite3", 0) as stand:
        yield stand


@asynccontextmanager
async def mixed(folder: Path) -> AsyncIterator[Stand]:
    """The first machine is simulated, the others are hosts."""
    async with _hosted(IN_MEMORY, 1) as stand:
        yield stand


@asynccontextmanager
async def real_agents(folder: Path) -> AsyncIterator[Stand]:
    """Hosts alone, with real agents."""
    async with AsyncExitStack() as stack:
        port = await _service(stack)
        world = World(file=folder / "hosts.sqlite3")
        stack.push_async_callback(world.close)
        for type_, versions in ((AGENT, AGENT_VERSIONS), (MONITOR, MONITOR_VERSIONS)):
            await put_handlers(world.packages, type_, versions, hold=hold_file(folder), broken="2.13")
        server = await stack.enter_async_context(door(world.desk, world.packages))
        stand = RealStand(world, port, server, folder)
        stack.push_async_callback(stand.close)
        yield stand


def hold_file(folder: Path) -> Path:
    """While it is there no command of a real handler ends."""
    return folder / "hold"


@asynccontextmanager
async def _hosted(file: Path | str, first_host: int) -> AsyncIterator[Stand]:
    async with AsyncExitStack() as stack:
        port = await _service(stack)
        world = World(file=file)
        stack.push_async_callback(world.close)
        await put_packages(world.packages, AGENT_VERSIONS)
        await put_packages(world.packages, MONITOR_VERSIONS, MONITOR)
        fleet: Fleet = world.fleet
        if first_host:
            # Slow enough for a test to act while a simulated machine is at work.
            fleet = MixedFleet(SimulatedFleet(faults=[BROKEN], upgrade_seconds=0.05), world.fleet)
        stand = HostedStand(fleet, world, first_host, port)
        stack.push_async_callback(stand.close)
        yield stand


def _fails(handler: HandlerGoal) -> ExtensionFailure | None:
    if handler.extension_type == AGENT and handler.version == Version("2.13"):
        return ExtensionFailure(extension_name="", code=1009, message=BROKEN.message)
    return None


async def _take_and_leave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The service of every host: it is there, and that is all that a TCP probe asks."""
    writer.close()


async def _service(stack: AsyncExitStack) -> int:
    """The port at which the service of every host answers."""
    service = await asyncio.start_server(_take_and_leave, "127.0.0.1", 0)
    stack.push_async_callback(_closed, service)
    port: int = service.sockets[0].getsockname()[1]
    return port


async def _closed(service: asyncio.Server) -> None:
    service.close()
    await service.wait_closed()


KINDS: dict[str, Kind] = {
    "simulated in memory": simulated_in_memory,
    "simulated on file": simulated_on_file,
    "hosts in memory": hosts_in_memory,
    "hosts on file": hosts_on_file,
    "simulated machines and hosts": mixed,
    "real agents": real_agents,
}
