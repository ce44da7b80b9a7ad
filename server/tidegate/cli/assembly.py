"""The one place where parts are chosen and joined into a server: which journal, which fleet, which bounds.

Law: what is opened first is closed last. The door opens when everything behind it stands, and closes before it goes.
"""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tidegate.api.rendered import render_event
from tidegate.api.server import ApiServer, CannotListen
from tidegate.api.settings import ApiSettings
from tidegate.cli.data_folder import FLEET, JOURNAL, PACKAGES, FolderUnusable, held
from tidegate.cli.policy_folder import UnreadableFolder, fingerprint, read_policies
from tidegate.cli.policy_watch import PolicyWatch
from tidegate.cli.settings import Address, FleetKind, Settings
from tidegate.domain.refusal import JournalNewer, JournalUnavailable
from tidegate.executor.autopilot import Autopilot
from tidegate.executor.clock import LoopClock
from tidegate.executor.conductor import Conductor
from tidegate.executor.limits import Limits
from tidegate.executor.policy_keeper import PolicyKeeper
from tidegate.executor.resources import Resources
from tidegate.executor.turns import Turns
from tidegate.executor.watch import WatchHub
from tidegate.fleets.machine_store import MachineStore, StoreOfAnotherFormat
from tidegate.fleets.promise import Fleet
from tidegate.fleets.scenario import Scenario, ScenarioInvalid, read_scenario
from tidegate.fleets.simulated import SimulatedFleet
from tidegate.journal.memory import MemoryStore
from tidegate.journal.sqlite import SqliteStore
from tidegate.packages.folder import FolderPackageStore
from tidegate.packages.memory import MemoryPackageStore
from tidegate.packages.promise import PackageStore
from tidegate.packages.records import PackageFolderUnusable
from tidegate.policy.problem import PolicyRefused

_ID_BYTES = 8


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
        except (FolderUnusable, UnreadableFolder, ScenarioInvalid, StoreOfAnotherFormat, CannotListen) as mishap:
            raise CannotServe(str(mishap)) from mishap
        except PackageFolderUnusable as unusable:
            raise CannotServe(str(unusable)) from unusable
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
    fleet = _fleet(settings.fleet, scenario, folder)
    parts.push_async_callback(fleet.close)
    hub: WatchHub[bytes] = WatchHub(render_event)
    turns = Turns()
    conductor = Conductor(store.journal, store.register, fleet, policies, clock, hub, limits, _new_id, turns=turns)
    parts.push_async_callback(conductor.close)
    await conductor.open()
    autopilot = Autopilot(conductor, store.register, store.journal, policies, clock, limits)
    parts.push_async_callback(autopilot.close)
    await autopilot.open()
    packages = await _packages(folder)
    parts.push_async_callback(packages.close)
    resources = Resources(store.register, fleet, store.journal, clock, limits, _new_id, autopilot, turns, packages)
    watch = PolicyWatch(folder=settings.policies, shown_as=settings.policies_shown_as, keeper=policies, seen=seen)
    await parts.enter_async_context(_beside(watch, settings.policies_poll_seconds))
    server = ApiServer(
        conductor=conductor,
        resources=resources,
        policies=policies,
        hub=hub,
        clock=clock,
        settings=ApiSettings(host=settings.address.host, port=settings.address.port),
    )
    port = await server.start()
    parts.push_async_callback(server.stop)
    return House(address=dataclasses.replace(settings.address, port=port))


async def _packages(folder: Path | None) -> PackageStore:
    return MemoryPackageStore() if folder is None else await FolderPackageStore.open(folder / PACKAGES)


def _scenario(file: Path | None) -> Scenario:
    if file is None:
        return Scenario()
    try:
        return read_scenario(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as unreadable:
        raise CannotServe(f"The scenario {file} cannot be read: {unreadable}.") from unreadable


def _fleet(kind: FleetKind, scenario: Scenario, folder: Path | None) -> Fleet:
    match kind:
        case FleetKind.SIMULATED:
            return SimulatedFleet(
                seed=scenario.seed,
                upgrade_seconds=scenario.upgrade_seconds,
                jitter_percent=scenario.jitter_percent,
                faults=scenario.faults,
                store=None if folder is None else _machines(folder / FLEET),
            )


def _machines(file: Path) -> MachineStore:
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
