"""An executor in this process over SQLite and machines without delay: what throughput and memory are measured on."""

from __future__ import annotations

import itertools
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from tidegate.cli.garbage import look_seldom_for_garbage
from tidegate.cli.policy_folder import read_policies
from tidegate.cli.shipped_rules import shipped_rules_path
from tidegate.domain.extension import ExtensionType
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet
from tidegate.domain.version import Version
from tidegate.executor.clock import LoopClock
from tidegate.executor.conductor import Conductor
from tidegate.executor.limits import Limits
from tidegate.executor.policy_keeper import PolicyKeeper
from tidegate.executor.resources import Resources
from tidegate.executor.turns import Turns
from tidegate.executor.watch import WatchHub
from tidegate.fleets.simulated import SimulatedFleet
from tidegate.journal.register import Enrolment
from tidegate.journal.sqlite import SqliteStore
from tidegate.packages.memory import MemoryPackageStore

SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
AGENT = ExtensionType(publisher="Contoso.Monitor", type="Agent")


def scale_set_id(number: int) -> ScaleSetId:
    """The id of one of many scale sets."""
    return ScaleSetId(subscription=SUBSCRIPTION, resource_group="bench", name=f"set-{number}")


def resource(capacity: int) -> dict[str, object]:
    """A regional scale set with a probe, one extension and Azure's own rolling upgrade policy."""
    extension = {
        "publisher": AGENT.publisher,
        "type": AGENT.type,
        "typeHandlerVersion": "1.0",
        "autoUpgradeMinorVersion": True,
    }
    return {
        "location": "westeurope",
        "sku": {"name": "Standard_D2s_v5", "capacity": capacity},
        "properties": {
            "upgradePolicy": {"mode": "Manual"},
            "virtualMachineProfile": {
                "networkProfile": {"healthProbe": {"id": "probe"}},
                "extensionProfile": {"extensions": [{"name": "agent", "properties": extension}]},
            },
        },
    }


class NobodyHears:
    """In the autopilot's place, so that what is measured starts when the measurement says so."""

    async def published(self, extension_type: ExtensionType, version: Version) -> None:
        """Nothing follows."""

    async def enrolled(self, enrolment: Enrolment) -> None:
        """Nothing follows."""

    async def placed(self, scale_set: ScaleSet) -> None:
        """Nothing follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Works:
    """What a measurement needs of the executor."""

    conductor: Conductor
    resources: Resources
    hub: WatchHub[bytes]


@asynccontextmanager
async def works(folder: Path, capacities: Sequence[int]) -> AsyncIterator[Works]:
    """An executor whose subscription is enrolled, with one scale set for each capacity and a newer version to go to."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    look_seldom_for_garbage()
    store = await SqliteStore.open(folder / "journal.sqlite")
    fleet, clock, limits, turns = SimulatedFleet(), LoopClock(), Limits(), Turns()
    numbers = itertools.count()
    policies = PolicyKeeper(read_policies(shipped_rules_path(), "rules"))
    hub: WatchHub[bytes] = WatchHub(lambda upgrade, entry: b"")
    conductor = Conductor(
        store.journal, store.register, fleet, policies, clock, hub, limits, lambda: f"u{next(numbers)}", turns=turns
    )
    await conductor.open()
    resources = Resources(
        store.register,
        fleet,
        store.journal,
        clock,
        limits,
        lambda: f"e{next(numbers)}",
        NobodyHears(),
        turns,
        MemoryPackageStore(),
    )
    try:
        for number, capacity in enumerate(capacities):
            await resources.put_scale_set(scale_set_id(number), resource(capacity), "", "", False)
        await resources.enroll(SUBSCRIPTION)
        await resources.publish(AGENT, Version("1.5.0.0"))
        yield Works(conductor=conductor, resources=resources, hub=hub)
    finally:
        await conductor.close()
        await fleet.close()
        await store.close()
