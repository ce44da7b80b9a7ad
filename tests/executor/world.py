"""A whole executor in virtual time over a memory journal and a simulated fleet, for stories to happen in."""

import functools
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tidegate.domain.extension import ExtensionType
from tidegate.domain.resource_id import ScaleSetId, UpgradeName
from tidegate.domain.scale_set import ScaleSet
from tidegate.domain.version import Version
from tidegate.executor.autopilot import Autopilot
from tidegate.executor.clock import LoopClock
from tidegate.executor.conductor import Conductor, StartRequest
from tidegate.executor.limits import Limits
from tidegate.executor.policy_keeper import PolicyKeeper
from tidegate.executor.resources import Resources
from tidegate.executor.turns import Turns
from tidegate.executor.virtual_time import run_virtual
from tidegate.executor.watch import WatchHub
from tidegate.fleets.faults import Fault
from tidegate.fleets.simulated import SimulatedFleet
from tidegate.journal.memory import Memory, MemoryStore
from tidegate.journal.promise import Entry
from tidegate.packages.memory import MemoryPackageStore
from tidegate.packages.promise import PackageStore
from tidegate.policy.source import PolicySource
from tidegate.upgrade.events import Event
from tidegate.upgrade.plan import UpgradeKind
from tidegate.upgrade.state import Upgrade

RULES = Path(__file__).resolve().parents[2] / "rules"
SHIPPED = ("azure-default", "cautious", "quorum", "zone-by-zone")
SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
AGENT = ExtensionType(publisher="Contoso.Monitor", type="Agent")
SHIELD = ExtensionType(publisher="Contoso.Guard", type="Shield")
EPOCH_MS = 1_760_000_000_000


def virtual(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run an async test in virtual time."""

    @functools.wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        async def story() -> None:
            await test(*arguments, **named)

        run_virtual(story())

    return run


def shipped(*names: str) -> list[PolicySource]:
    """The shipped policies of those names."""
    return [PolicySource(file=f"{name}.yaml", text=(RULES / f"{name}.yaml").read_text()) for name in names]


def scale_set_id(name: str) -> ScaleSetId:
    """The id of a scale set of ours."""
    return ScaleSetId(subscription=SUBSCRIPTION, resource_group="shop", name=name)


def extension(
    extension_type: ExtensionType = AGENT, version: str = "1.0", minor: bool = True, name: str = ""
) -> dict[str, object]:
    """One entry of an extension profile, named by its type in lower case unless it has a name of its own."""
    return {
        "name": name or extension_type.type.lower(),
        "properties": {
            "publisher": extension_type.publisher,
            "type": extension_type.type,
            "typeHandlerVersion": version,
            "autoUpgradeMinorVersion": minor,
        },
    }


def resource(
    capacity: int,
    *,
    extensions: Sequence[Mapping[str, object]] = (extension(),),
    rolling: Mapping[str, object] | None = None,
    tags: Mapping[str, str] | None = None,
    zones: Sequence[str] = (),
    has_probe: bool = True,
    image_version: str = "latest",
) -> dict[str, object]:
    """The ARM resource of a scale set."""
    network = {"healthProbe": {"id": "probe"}} if has_probe else {}
    image = {"publisher": "Canonical", "offer": "ubuntu", "sku": "server", "version": image_version}
    return {
        "location": "westeurope",
        "sku": {"name": "Standard_D2s_v5", "capacity": capacity},
        "tags": dict(tags or {}),
        "zones": list(zones),
        "properties": {
            "upgradePolicy": {"mode": "Rolling", "rollingUpgradePolicy": dict(rolling or {})},
            "virtualMachineProfile": {
                "networkProfile": network,
                "storageProfile": {"imageReference": image},
                "extensionProfile": {"extensions": [dict(entry) for entry in extensions]},
            },
        },
    }


class World:
    """An executor with everything it needs. Used as an async context manager."""

    def __init__(
        self,
        *,
        memory: Memory | None = None,
        fleet: SimulatedFleet | None = None,
        policies: Sequence[PolicySource] | None = None,
        limits: Limits | None = None,
        upgrade_seconds: float = 10.0,
        faults: Sequence[Fault] = (),
        with_autopilot: bool = False,
        ids: str = "upgrade",
        packages: PackageStore | None = None,
    ) -> None:
        self.memory = Memory() if memory is None else memory
        self.fleet = SimulatedFleet(upgrade_seconds=upgrade_seconds, faults=faults) if fleet is None else fleet
        self.store = MemoryStore(self.memory)
        self.clock = LoopClock(EPOCH_MS)
        self.limits = Limits() if limits is None else limits
        self.hub = WatchHub[str](render_name)
        self.keeper = PolicyKeeper(shipped(*SHIPPED) if policies is None else policies)
        self._numbers = itertools.count(1)
        self._ids = ids
        turns = Turns()
        self.conductor = Conductor(
            self.store.journal,
            self.store.register,
            self.fleet,
            self.keeper,
            self.clock,
            self.hub,
            self.limits,
            self.new_id,
            turns=turns,
        )
        self.autopilot = Autopilot(
            self.conductor, self.store.register, self.store.journal, self.keeper, self.clock, self.limits
        )
        self.resources = Resources(
            self.store.register,
            self.fleet,
            self.store.journal,
            self.clock,
            self.limits,
            self.new_id,
            self.autopilot,
            turns,
            packages or MemoryPackageStore(),
        )
        self._with_autopilot = with_autopilot

    async def __aenter__(self) -> "World":
        await self.conductor.open()
        if self._with_autopilot:
            await self.autopilot.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.autopilot.close()
        await self.conductor.close()

    def new_id(self) -> str:
        """The next id; no two worlds with other names for ids give the same."""
        return f"{self._ids}-{next(self._numbers)}"

    async def put(self, name: str = "web", capacity: int = 10, **shape: Any) -> ScaleSet:
        """Enroll the subscription and put a scale set."""
        await self.resources.enroll(SUBSCRIPTION)
        scale_set, _ = await self.resources.put_scale_set(scale_set_id(name), resource(capacity, **shape))
        return scale_set

    async def publish(self, version: str, extension_type: ExtensionType = AGENT) -> None:
        """Publish a version."""
        await self.resources.publish(extension_type, Version(version))

    async def start(self, name: str = "web", **how: Any) -> Upgrade:
        """Start an upgrade, of the extensions unless told otherwise."""
        how.setdefault("kind", UpgradeKind.EXTENSION)
        return await self.conductor.start(StartRequest(scale_set=scale_set_id(name), **how))

    async def ended(self, name: str = "web") -> Upgrade:
        """The latest upgrade of the scale set once it has ended."""
        upgrade = await self.conductor.latest(scale_set_id(name))
        async for _ in self.hub.watch(upgrade.upgrade_id):
            pass
        return await self.conductor.latest(scale_set_id(name))

    async def until(self, kind: type[Event], name: str = "web", count: int = 1) -> Upgrade:
        """Wait until the latest upgrade of the scale set has come to its event number `count` of that kind."""
        upgrade = await self.conductor.latest(scale_set_id(name))
        seen = 0
        async for item in self.hub.watch(upgrade.upgrade_id, 0):
            seen += getattr(item, "value", None) == kind.__name__
            if seen == count:
                break
        return await self.conductor.latest(scale_set_id(name))

    async def pass_seconds(self, seconds: float) -> None:
        """Let time pass."""
        await self.clock.sleep_until(self.clock.now_ms() + round(seconds * 1000))

    async def events(self, upgrade: Upgrade) -> list[Event]:
        """Everything that the journal has of the upgrade."""
        return [entry.event for entry in await self.store.journal.read(upgrade.upgrade_id)]

    async def versions(self, name: str = "web", extension_name: str = "agent") -> list[str]:
        """What every instance runs of the extension, as Major.Minor."""
        running = [each.extensions[extension_name].version for each in await self.fleet.instances(scale_set_id(name))]
        return [f"{version.major}.{version.minor}" for version in running]


def render_name(_upgrade: Upgrade, entry: Entry) -> str:
    """What the watchers of these stories are given: the event's name."""
    return type(entry.event).__name__


def name_of(upgrade: Upgrade) -> UpgradeName:
    """The upgrade's name."""
    return UpgradeName(scale_set=upgrade.scale_set, upgrade_id=upgrade.upgrade_id)
