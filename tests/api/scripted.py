"""A server whose behaviours a test writes itself, behind the real calls and methods."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc

from tidegate.api.calls import Calls
from tidegate.api.methods import Methods
from tidegate.executor.clock import LoopClock
from tidegate.v1 import agent_service_pb2 as agent_pb
from tidegate.v1 import (
    agent_service_pb2_grpc,
    extension_catalog_service_pb2_grpc,
    rolling_upgrade_service_pb2_grpc,
    subscription_service_pb2_grpc,
)
from tidegate.v1 import extension_catalog_service_pb2 as catalog_pb
from tidegate.v1 import rolling_upgrade_service_pb2 as upgrade_pb
from tidegate.v1 import subscription_service_pb2 as pb

Behaviour = Callable[[Any], Any]


class Scripted:
    """Answers every method with the behaviour that the test gave for it."""

    def __init__(self, behaviours: dict[str, Behaviour]) -> None:
        self._behaviours = behaviours

    def __getattr__(self, method: str) -> Behaviour:
        return self._behaviours.get(method, self._nothing)

    async def _nothing(self, request: Any) -> bytes:
        return b""


class Stage:
    """The running server, with stubs in front of it."""

    def __init__(self, calls: Calls, channel: grpc.aio.Channel) -> None:
        self.calls = calls
        self.channel = channel
        self.subscriptions = subscription_service_pb2_grpc.SubscriptionServiceStub(channel)
        self.upgrades = rolling_upgrade_service_pb2_grpc.RollingUpgradeServiceStub(channel)
        self.agents = agent_service_pb2_grpc.AgentServiceStub(channel)
        self.catalog = extension_catalog_service_pb2_grpc.ExtensionCatalogServiceStub(channel)

    def get(self, **how: Any) -> Awaitable[pb.GetSubscriptionResponse]:
        """Call the scripted GetSubscription, which changes nothing."""
        return self.subscriptions.GetSubscription(pb.GetSubscriptionRequest(name="s"), **how)

    def enroll(self, **how: Any) -> Awaitable[pb.EnrollSubscriptionResponse]:
        """Call the scripted EnrollSubscription, which is a change."""
        return self.subscriptions.EnrollSubscription(pb.EnrollSubscriptionRequest(name="s"), **how)

    def watch(self, **how: Any) -> grpc.aio.UnaryStreamCall[Any, Any]:
        """Call the scripted WatchRollingUpgrade, which is a stream."""
        call: Any = self.upgrades.WatchRollingUpgrade(upgrade_pb.WatchRollingUpgradeRequest(name="w"), **how)
        return call  # type: ignore[no-any-return]  # the stubs tell less of it than there is

    def upload(self) -> grpc.aio.StreamUnaryCall[Any, Any]:
        """Call the scripted PublishExtensionPackage, which takes a stream and answers once."""
        call: Any = self.catalog.PublishExtensionPackage()
        return call  # type: ignore[no-any-return]  # as above

    def connect(self, **how: Any) -> grpc.aio.StreamStreamCall[Any, Any]:
        """Call the scripted ConnectHost, which has streams both ways."""
        call: Any = self.agents.ConnectHost(**how)
        return call  # type: ignore[no-any-return]  # as above


@asynccontextmanager
async def staged(*, unary_seconds: float = 30.0, **behaviours: Behaviour) -> AsyncIterator[Stage]:
    """A server that answers with these behaviours, for as long as the block lasts."""
    calls = Calls(LoopClock(), unary_seconds)
    methods = Methods(calls)
    scripted = Scripted(behaviours)
    methods.add(pb.DESCRIPTOR.services_by_name["SubscriptionService"], scripted)
    methods.add(agent_pb.DESCRIPTOR.services_by_name["AgentService"], scripted)
    methods.add(catalog_pb.DESCRIPTOR.services_by_name["ExtensionCatalogService"], scripted)
    methods.add(upgrade_pb.DESCRIPTOR.services_by_name["RollingUpgradeService"], scripted)
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((methods,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            yield Stage(calls, channel)
        finally:
            calls.drain()
            await server.stop(0.2)
