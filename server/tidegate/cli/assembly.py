"""The one place where parts are chosen and joined into a server: which journal, which fleet, which bounds.

Law: what is opened first is closed last. The door opens when everything behind it stands, and closes before it goes.
"""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
import sqlite3
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from tidegate.api.rendered import render_event
from tidegate.api.server import ApiServer, CannotListen
from tidegate.api.settings import ApiSettings
from tidegate.cli.data_folder import FLEET, HOSTS, JOURNAL, PACKAGES, FolderUnusable, held
from tidegate.cli.policy_folder import UnreadableFolder, fingerprint, read_policies
from tidegate.cli.policy_watch import PolicyWatch
from tidegate.cli.server_trust import open_trust
from tidegate.cli.settings import Address, FleetKind, Settings
from tidegate.domain.extension import ExtensionType
from tidegate.domain.refusal import JournalNewer, JournalUnavailable
from tidegate.domain.version import Version
from tidegate.executor.autopilot import Autopilot
from tidegate.executor.clock import LoopClock
from tidegate.executor.conductor import Conductor
from tidegate.executor.limits import Limits
from tidegate.executor.policy_keeper import PolicyKeeper
from tidegate.executor.resources import Resources
from tidegate.executor.turns import Turns
from tidegate.executor.watch import WatchHub
from tidegate.fleets.agents.desk import Desk
from tidegate.fleets.agents.goal_making import Published
from tidegate.fleets.agents.host_fleet import AgentFleet
from tidegate.fleets.agents.host_store import HostsDamaged, HostsOfAnotherFormat, HostStore
from tidegate.fleets.agents.limits import AgentLimits
from tidegate.fleets.agents.settings import SafeSettings
from tidegate.fleets.machine_store import MachineStore, StoreOfAnotherFormat
from tidegate.fleets.mixed import MixedFleet
from tidegate.fleets.probing.asking import Asker
from tidegate.fleets.probing.prober import Prober
from tidegate.fleets.probing.reach import NetworkMalformed, read_reach
from tidegate.fleets.promise import Fleet
from tidegate.fleets.scenario import Scenario, ScenarioInvalid, read_scenario
from tidegate.fleets.simulated import SimulatedFleet
from tidegate.journal.memory import MemoryStore
from tidegate.journal.register import Register
from tidegate.journal.sqlite import SqliteStore
from tidegate.packages.folder import FolderPackageStore
from tidegate.packages.memory import MemoryPackageStore
from tidegate.packages.promise import PackageStore
from tidegate.packages.records import PackageFolderUnusable
from tidegate.policy.problem import PolicyRefused
from tidegate.trust.authority import Authority
from tidegate.trust.safe import Safe
from tidegate.trust.unusable import TrustUnusable

log = structlog.stdlib.get_logger(__name__)

_ID_BYTES = 8
_CALLS_WITH_HOSTS = 50_000
_MISHAPS = (
    CannotListen,
    FolderUnusable,
    HostsDamaged,
    HostsOfAnotherFormat,
    NetworkMalformed,
    PackageFolderUnusable,
    ScenarioInvalid,
    StoreOfAnotherFormat,
    TrustUnusable,
    UnreadableFolder,
)
"""What may be wrong with what a server is given; each says what would help."""


class CannotServe(Exception):
    """The server cannot be started as it was asked to; the message says why and what would help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A server that serves, and where."""

    address: Address


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[House]:
    """A server that serves for as long as the block lasts; what was under way goes on.

    Raises:
        CannotServe: a folder, a file, a policy or the port cannot be had.
    """
    async with AsyncExitStack() as parts:
        try:
            house = await _build(settings, parts)
        except (JournalNewer, JournalUnavailable) as refusal:
            raise CannotServe(f"{settings.data}: {refusal.message} {refusal.advice}") from refusal
        except _MISHAPS as mishap:
            raise CannotServe(str(mishap)) from mishap
        except PolicyRefused as refused:
            raise CannotServe(f"The policies in {settings.policies} have problems:\n{refused}") from refused
        yield house


async def _build(settings: Settings, parts: AsyncExitStack) -> House:
    clock = LoopClock()
    limits = Limits() if settings.max_active is None else dataclasses.replace(Limits(), max_active=settings.max_active)
    seen = fingerprint(settings.policies)
    policies = PolicyKeeper(read_policies(settings.policies, settings.policies_shown_as))
    if not policies.policies():
        raise UnreadableFolder(f"There is no policy (*.yaml) in {settings.policies}.")
    scenario = _scenario(settings.scenario)
    folder = None if settings.data is None else parts.enter_context(held(settings.data))
    store = MemoryStore() if folder is None else await SqliteStore.open(folder / JOURNAL)
    parts.push_async_callback(store.close)
    packages = await _packages(folder)
    parts.push_async_callback(packages.close)
    trust = open_trust(settings.tls, clock.now_ms)
    published = partial(_published_in, store.register)
    machines = await _machines(settings, scenario, folder, packages, published, clock, parts, trust.authority)
    fleet = machines.fleet
    parts.push_async_callback(fleet.close)
    hub: WatchHub[bytes] = WatchHub(render_event)
    turns = Turns()
    conductor = Conductor(store.journal, store.register, fleet, policies, clock, hub, limits, _new_id, turns=turns)
    parts.push_async_callback(conductor.close)
    await conductor.open()
    autopilot = Autopilot(conductor, store.register, store.journal, policies, clock, limits)
    parts.push_async_callback(autopilot.close)
    await autopilot.open()
    if machines.hosts is not None:
        machines.hosts.newcomers.on_joined = autopilot.joined
    resources = Resources(
        store.register,
        fleet,
        store.journal,
        clock,
        limits,
        _new_id,
        autopilot,
        turns,
        packages=packages,
        secrets=machines.safe,
        on_published=None if machines.desk is None else machines.desk.packages_changed,
    )
    watch = PolicyWatch(folder=settings.policies, shown_as=settings.policies_shown_as, keeper=policies, seen=seen)
    await parts.enter_async_context(_beside(watch, settings.policies_poll_seconds))
    server = ApiServer(
        conductor=conductor,
        resources=resources,
        policies=policies,
        hub=hub,
        clock=clock,
        settings=_api_settings(settings),
        certificates=trust.certificates,
        desk=machines.desk,
        packages=packages,
    )
    port = await server.start()
    parts.push_async_callback(server.stop)
    return House(address=dataclasses.replace(settings.address, port=port))


def _api_settings(settings: Settings) -> ApiSettings:
    usual = ApiSettings(host=settings.address.host, port=settings.address.port)
    if settings.fleet is FleetKind.SIMULATED:
        return usual
    # Each host holds a stream for as long as it lives, and those who operate them must get in beside them.
    return dataclasses.replace(usual, max_concurrent_calls=_CALLS_WITH_HOSTS)


async def _packages(folder: Path | None) -> PackageStore:
    if folder is None:
        return MemoryPackageStore()
    packages = await FolderPackageStore.open(folder / PACKAGES)
    for lost in packages.lost:
        log.warning("package_lost", extension=str(lost.extension_type), version=str(lost.version), sha256=lost.sha256)
    return packages


def _scenario(file: Path | None) -> Scenario:
    if file is None:
        return Scenario()
    try:
        return read_scenario(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as unreadable:
        raise CannotServe(f"The scenario {file} cannot be read: {unreadable}.") from unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class _Machines:
    """What runs the machines, and where hosts among them come to."""

    fleet: Fleet
    hosts: AgentFleet | None = None
    desk: Desk | None = None
    safe: Safe | None = None


async def _machines(
    settings: Settings,
    scenario: Scenario,
    folder: Path | None,
    packages: PackageStore,
    published: Published,
    clock: LoopClock,
    parts: AsyncExitStack,
    authority: Authority | None,
) -> _Machines:
    if settings.fleet is FleetKind.SIMULATED:
        return _Machines(fleet=_simulated(scenario, folder))
    safe = Safe.in_memory() if folder is None else Safe.open(folder)
    parts.callback(safe.close)
    prober = Prober(asker=Asker(read_reach(settings.probe_networks)), now_ms=clock.now_ms)
    parts.push_async_callback(prober.close)
    hosts = AgentFleet(
        store=_host_store(folder),
        packages=packages,
        settings=SafeSettings(safe),
        probes=prober,
        now_ms=clock.now_ms,
        limits=AgentLimits(heartbeat_seconds=settings.heartbeat_seconds, silence_seconds=settings.silence_seconds),
        published=published,
    )
    if settings.fleet is FleetKind.AGENTS:
        return _Machines(fleet=hosts, hosts=hosts, desk=Desk(hosts, authority), safe=safe)
    mixed = MixedFleet(_simulated(scenario, folder), hosts)
    return _Machines(fleet=mixed, hosts=hosts, desk=Desk(hosts, authority, mixed.check_name), safe=safe)


async def _published_in(register: Register, extension_type: ExtensionType) -> Collection[Version]:
    return {publication.version for publication in await register.publications(extension_type)}


def _host_store(folder: Path | None) -> HostStore:
    if folder is None:
        return HostStore()
    try:
        return HostStore(folder / HOSTS)
    except sqlite3.Error as unreadable:
        raise CannotServe(f"The file of the hosts {folder / HOSTS} cannot be opened: {unreadable}.") from unreadable


def _simulated(scenario: Scenario, folder: Path | None) -> SimulatedFleet:
    return SimulatedFleet(
        seed=scenario.seed,
        upgrade_seconds=scenario.upgrade_seconds,
        jitter_percent=scenario.jitter_percent,
        faults=scenario.faults,
        store=None if folder is None else _machine_store(folder / FLEET),
    )


def _machine_store(file: Path) -> MachineStore:
    try:
        return MachineStore(file)
    except sqlite3.Error as unreadable:
        raise CannotServe(f"The file of the simulated fleet {file} cannot be opened: {unreadable}.") from unreadable


@asynccontextmanager
async def _beside(watch: PolicyWatch, poll_seconds: float) -> AsyncIterator[None]:
    """The watch runs while the block does; a fault of ours that ends it early is raised at the end of the block."""
    running = asyncio.create_task(watch.run(poll_seconds), name="policy watch")
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def _new_id() -> str:
    return secrets.token_hex(_ID_BYTES)
