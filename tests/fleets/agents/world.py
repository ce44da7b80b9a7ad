"""A fleet of hosts with everything that it needs, for tests: real packages, a real safe, the real prober."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.domain.examples import WEB
from tests.fleets.agents.peers import Failing, Peer, joined, nothing_fails
from tests.packages.packing import offer, package, pieces
from tidegate.domain.extension import ExtensionType
from tidegate.domain.health import ProbeState
from tidegate.domain.host import HostName
from tidegate.domain.probe import ProbeDefinition
from tidegate.domain.resource_id import ScaleSetId
from tidegate.executor.clock import LoopClock
from tidegate.fleets.agents.desk import Desk
from tidegate.fleets.agents.goal_making import Published
from tidegate.fleets.agents.host_fleet import AgentFleet
from tidegate.fleets.agents.host_store import IN_MEMORY, HostStore
from tidegate.fleets.agents.issuing import Issuer
from tidegate.fleets.agents.keeping import CallLater
from tidegate.fleets.agents.limits import AgentLimits
from tidegate.fleets.agents.newcomers import OnJoined
from tidegate.fleets.agents.settings import SafeSettings
from tidegate.fleets.probing.asking import Asker
from tidegate.fleets.probing.prober import OnChange, Prober
from tidegate.packages.memory import MemoryPackageStore
from tidegate.packages.promise import PackageStore
from tidegate.trust.safe import Safe

AGENT = ExtensionType(publisher="Contoso", type="Agent")
MONITOR = ExtensionType(publisher="Contoso", type="Monitor")


class Eager(Prober):
    """The prober, which asks a host right after it began to watch it, so that no test waits for its turn."""

    def watch(self, key: str, definition: ProbeDefinition, address: str, on_change: OnChange) -> ProbeState:
        """As the prober's, and at once."""
        state = super().watch(key, definition, address, on_change)
        if state is ProbeState.INITIALIZING:
            asyncio.get_running_loop().call_soon(self.renew, key)
        return state


async def put_packages(packages: PackageStore, versions: Sequence[str], extension_type: ExtensionType = AGENT) -> None:
    """Packages of these versions, all different."""
    for version in versions:
        content = package(f"{extension_type} {version}")
        await packages.add(offer(content, version, extension_type), pieces(content, len(content)))


class World:
    """One fleet of hosts and its desk."""

    def __init__(
        self,
        *,
        file: Path | str = IN_MEMORY,
        packages: PackageStore | None = None,
        safe: Safe | None = None,
        limits: AgentLimits | None = None,
        issuer: Issuer | None = None,
        on_joined: OnJoined | None = None,
        check_name: Callable[[HostName], None] | None = None,
        call_later: CallLater | None = None,
        published: Published | None = None,
    ) -> None:
        clock = LoopClock()
        self.clock = clock
        self.packages = MemoryPackageStore() if packages is None else packages
        self.safe = Safe.in_memory() if safe is None else safe
        self.prober = Eager(asker=Asker(), now_ms=clock.now_ms)
        self.store = HostStore(file)
        self.fleet = AgentFleet(
            store=self.store,
            packages=self.packages,
            settings=SafeSettings(self.safe),
            probes=self.prober,
            now_ms=clock.now_ms,
            call_later=call_later,
            limits=limits,
            on_joined=on_joined,
            published=published,
        )
        self.desk = Desk(self.fleet, issuer) if check_name is None else Desk(self.fleet, issuer, check_name)
        self.peers: dict[str, Peer] = {}

    async def add(
        self,
        instance_id: str,
        *,
        scale_set: ScaleSetId = WEB,
        failing: Failing = nothing_fails,
        zone: str = "",
        probe_address: str = "",
    ) -> Peer:
        """A host that has joined and stays connected."""
        told = await joined(self.desk, scale_set, instance_id, zone=zone, probe_address=probe_address)
        peer = Peer(self.desk, told.credential, failing)
        peer.probe_address = probe_address
        self.peers[str(told.name).lower()] = peer
        peer.start()
        return peer

    async def stop_peers(self) -> None:
        """Every host hangs up."""
        for peer in self.peers.values():
            await peer.stop()

    async def close(self) -> None:
        """Everything is over."""
        await self.stop_peers()
        await self.fleet.close()
        await self.prober.close()
        self.safe.close()


@asynccontextmanager
async def world(**how: object) -> AsyncIterator[World]:
    """A fleet of hosts while the block lasts."""
    made = World(**how)  # type: ignore[arg-type]  # whatever a World takes
    try:
        yield made
    finally:
        await made.close()


async def until(condition: Callable[[], bool], within_seconds: float = 20.0) -> None:
    """Give others their turns until the condition holds."""
    async with asyncio.timeout(within_seconds):
        while not condition():  # noqa: ASYNC110 - many things are waited for, and few have an event
            await asyncio.sleep(0.001)
