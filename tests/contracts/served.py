"""A whole server on loopback, with the generated stubs in front of it and a simulated fleet behind it."""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from tests.executor.world import AGENT, SUBSCRIPTION, resource, shipped
from tidegate.api.rendered import render_event
from tidegate.api.server import ApiServer
from tidegate.api.settings import ApiSettings
from tidegate.api.transport import ServerCertificates
from tidegate.domain.resource_id import ScaleSetId
from tidegate.executor.autopilot import Autopilot
from tidegate.executor.clock import LoopClock
from tidegate.executor.conductor import Conductor
from tidegate.executor.definitions import SecretKeeper
from tidegate.executor.limits import Limits
from tidegate.executor.policy_keeper import PolicyKeeper
from tidegate.executor.resources import Resources
from tidegate.executor.turns import Turns
from tidegate.executor.watch import WatchHub
from tidegate.fleets.faults import Fault
from tidegate.fleets.simulated import SimulatedFleet
from tidegate.journal.memory import MemoryStore
from tidegate.journal.sqlite import SqliteStore
from tidegate.packages.memory import MemoryPackageStore
from tidegate.packages.promise import PackageStore
from tidegate.policy.source import PolicySource
from tidegate.v1 import (
    extension_catalog_service_pb2 as catalog_pb,
)
from tidegate.v1 import (
    extension_catalog_service_pb2_grpc,
    policy_service_pb2_grpc,
    rolling_upgrade_pb2,
    rolling_upgrade_service_pb2_grpc,
    scale_set_service_pb2_grpc,
    subscription_service_pb2_grpc,
)
from tidegate.v1 import (
    rolling_upgrade_service_pb2 as upgrade_pb,
)
from tidegate.v1 import (
    scale_set_service_pb2 as scale_set_pb,
)
from tidegate.v1 import (
    subscription_service_pb2 as subscription_pb,
)

AGENT_TYPE = catalog_pb.ExtensionType(publisher=AGENT.publisher, type=AGENT.type)
FOR_EVER_SECONDS = 3_600.0
"""How long instances take where an upgrade is to stay under way for the whole of a test."""

Answer = TypeVar("Answer")
Detail = TypeVar("Detail", bound=Message)


def arm_id(name: str) -> str:
    """The ARM id of a scale set of ours."""
    return str(ScaleSetId(subscription=SUBSCRIPTION, resource_group="shop", name=name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A refusal as a caller sees it."""

    code: grpc.StatusCode
    message: str
    status: status_pb2.Status | None

    def detail(self, of: type[Detail]) -> Detail:
        """The first detail of that type; an empty one where there is none."""
        for packed in () if self.status is None else self.status.details:
            found = of()
            if packed.Unpack(found):
                return found
        return of()

    @property
    def reason(self) -> str:
        """Why, for programs."""
        return self.detail(error_details_pb2.ErrorInfo).reason

    @property
    def metadata(self) -> dict[str, str]:
        """What comes with the reason."""
        return dict(self.detail(error_details_pb2.ErrorInfo).metadata)

    @property
    def resource(self) -> str:
        """The name of what it is about."""
        return self.detail(error_details_pb2.ResourceInfo).resource_name

    @property
    def fields(self) -> dict[str, str]:
        """What is wrong with which field."""
        violations = self.detail(error_details_pb2.BadRequest).field_violations
        return {violation.field: violation.description for violation in violations}

    @property
    def denials(self) -> list[tuple[str, str, str]]:
        """Rule, subject and description of every denial."""
        violations = self.detail(error_details_pb2.PreconditionFailure).violations
        return [(violation.type, violation.subject, violation.description) for violation in violations]


def _status(error: Any) -> status_pb2.Status | None:
    """An error is a call too, whatever the stubs say (hence `Any`)."""
    status: status_pb2.Status | None = rpc_status.from_call(error)
    return status


def told(error: grpc.aio.AioRpcError) -> Refused:
    """The refusal that the error carries."""
    return Refused(code=error.code(), message=error.details() or "", status=_status(error))


async def refused(call: Awaitable[object]) -> Refused:
    """How the call is refused; a call that is not fails the test."""
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    return told(error.value)


class Served:
    """A server that serves while the block lasts. Everything is the real thing; what is not given is in memory."""

    def __init__(
        self,
        *,
        settings: ApiSettings | None = None,
        upgrade_seconds: float = 0.0,
        faults: Sequence[Fault] = (),
        policies: Sequence[PolicySource] | None = None,
        limits: Limits | None = None,
        capacity: int = 8_192,
        open_store: Callable[[], Awaitable[MemoryStore | SqliteStore]] | None = None,
        packages: PackageStore | None = None,
        certificates: ServerCertificates | None = None,
        secrets: SecretKeeper | None = None,
    ) -> None:
        """`capacity` is that of the hub's rings; `open_store` and `packages` are other stores than those in memory.

        With `certificates` it speaks TLS, and its own stubs, which do not, get nowhere; `secrets` keeps protected
        settings, which are dropped without it.
        """
        self.settings = settings or ApiSettings(grace_seconds=0.5)
        self.fleet = SimulatedFleet(upgrade_seconds=upgrade_seconds, faults=faults)
        self.keeper = PolicyKeeper(shipped("azure-default") if policies is None else policies)
        self.hub: WatchHub[bytes] = WatchHub(render_event, capacity)
        self.packages: PackageStore = packages or MemoryPackageStore()
        self._limits = limits or Limits()
        self._open_store = open_store
        self._certificates = certificates
        self._secrets = secrets
        self._parts = AsyncExitStack()
        self._numbers = itertools.count(1)

    async def __aenter__(self) -> "Served":
        store = MemoryStore() if self._open_store is None else await self._open_store()
        self._parts.push_async_callback(store.close)
        self._parts.push_async_callback(self.fleet.close)
        self.store = store
        clock, turns = LoopClock(), Turns()
        self.turns = turns
        self.conductor = Conductor(
            store.journal, store.register, self.fleet, self.keeper, clock, self.hub, self._limits, self._id, turns=turns
        )
        self._parts.push_async_callback(self.conductor.close)
        await self.conductor.open()
        autopilot = Autopilot(self.conductor, store.register, store.journal, self.keeper, clock, self._limits)
        self._parts.push_async_callback(autopilot.close)
        self.resources = Resources(
            store.register,
            self.fleet,
            store.journal,
            clock,
            self._limits,
            self._id,
            autopilot,
            turns,
            self.packages,
            self._secrets,
        )
        self.server = ApiServer(
            conductor=self.conductor,
            resources=self.resources,
            policies=self.keeper,
            hub=self.hub,
            clock=clock,
            settings=self.settings,
            certificates=self._certificates,
        )
        self.port = await self.server.start()
        self._parts.push_async_callback(self.server.stop)
        await self._connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._parts.aclose()

    async def _connect(self) -> None:
        self.channel = await self.dial()
        self.upgrades = rolling_upgrade_service_pb2_grpc.RollingUpgradeServiceStub(self.channel)
        self.scale_sets = scale_set_service_pb2_grpc.ScaleSetServiceStub(self.channel)
        self.subscriptions = subscription_service_pb2_grpc.SubscriptionServiceStub(self.channel)
        self.catalog = extension_catalog_service_pb2_grpc.ExtensionCatalogServiceStub(self.channel)
        self.policies = policy_service_pb2_grpc.PolicyServiceStub(self.channel)

    async def dial(self, **options: int) -> grpc.aio.Channel:
        """A connection of its own to the server; `options` are those of gRPC, without `grpc.`."""
        channel = grpc.aio.insecure_channel(
            f"127.0.0.1:{self.port}",
            options=[
                ("grpc.use_local_subchannel_pool", 1),
                *((f"grpc.{name}", value) for name, value in options.items()),
            ],
        )
        self._parts.push_async_callback(channel.close)
        return channel

    def _id(self) -> str:
        return f"u{next(self._numbers):05}"

    async def put(self, name: str = "web", capacity: int = 5, **shape: Any) -> scale_set_pb.ScaleSet:
        """Enroll the subscription and put a scale set."""
        await self.subscriptions.EnrollSubscription(subscription_pb.EnrollSubscriptionRequest(name=SUBSCRIPTION))
        request = scale_set_pb.PutScaleSetRequest(
            name=arm_id(name), resource_json=json.dumps(resource(capacity, **shape))
        )
        return (await self.scale_sets.PutScaleSet(request)).scale_set

    async def publish(self, version: str) -> None:
        """Publish a version of the agent."""
        await self.catalog.PublishExtensionVersion(
            catalog_pb.PublishExtensionVersionRequest(extension_type=AGENT_TYPE, version=version)
        )

    async def start(self, name: str = "web", **how: Any) -> rolling_upgrade_pb2.RollingUpgrade:
        """Start an extension upgrade."""
        request = upgrade_pb.StartExtensionRollingUpgradeRequest(scale_set=arm_id(name), **how)
        return (await self.upgrades.StartExtensionRollingUpgrade(request)).rolling_upgrade

    async def ended(self, name: str = "web") -> rolling_upgrade_pb2.RollingUpgrade:
        """The latest upgrade of the scale set, once it has ended."""
        key = arm_id(name).lower()
        await until(lambda: (upgrade := self.conductor.peek_latest(key)) is not None and upgrade.is_ended)
        return await self.latest(name)

    async def latest(self, name: str = "web") -> rolling_upgrade_pb2.RollingUpgrade:
        """The latest upgrade of the scale set."""
        request = upgrade_pb.GetLatestRollingUpgradeRequest(scale_set=arm_id(name))
        return (await self.upgrades.GetLatestRollingUpgrade(request)).rolling_upgrade


async def until(condition: Callable[[], bool]) -> None:
    """Give others their turns until the condition holds; a test that waits for ever fails after ten seconds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what it waits for is another process's side of a connection
            await asyncio.sleep(0.001)
