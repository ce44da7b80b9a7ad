"""The gRPC server: every service of the contract, health and reflection, behind one port.

Law: it listens on loopback unless told otherwise, and beyond loopback with TLS only; it serves from the moment that
`start` returns. Stopping turns health to NOT_SERVING first, tells every watcher that the server is shutting down, and
lets the rest end in its grace; a change whose caller has gone is waited for as well.
"""

from __future__ import annotations

import asyncio

import grpc
import structlog
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health_pb2
from grpc_health.v1.health import aio as health
from grpc_reflection.v1alpha.reflection import aio as reflection

from tidegate.api.agent_service import AgentService
from tidegate.api.authorisation import admit
from tidegate.api.calls import Calls
from tidegate.api.extension_catalog_service import ExtensionCatalogService
from tidegate.api.host_service import HostService
from tidegate.api.methods import Methods
from tidegate.api.policy_service import PolicyService
from tidegate.api.rolling_upgrade_service import RollingUpgradeService
from tidegate.api.scale_set_service import ScaleSetService
from tidegate.api.settings import ApiSettings
from tidegate.api.subscription_service import SubscriptionService
from tidegate.api.transport import ServerCertificates, server_credentials
from tidegate.api.watches import Watches
from tidegate.executor.clock import Clock
from tidegate.executor.conductor import Conductor
from tidegate.executor.policy_keeper import PolicyKeeper
from tidegate.executor.resources import Resources
from tidegate.executor.watch import WatchHub
from tidegate.fleets.agents.promise import HostDesk
from tidegate.packages.promise import PackageStore
from tidegate.v1 import (
    agent_service_pb2,
    extension_catalog_service_pb2,
    host_service_pb2,
    policy_service_pb2,
    rolling_upgrade_service_pb2,
    scale_set_service_pb2,
    subscription_service_pb2,
)

log = structlog.stdlib.get_logger(__name__)

_SERVICES = {
    name: descriptor
    for module in (
        rolling_upgrade_service_pb2,
        scale_set_service_pb2,
        subscription_service_pb2,
        extension_catalog_service_pb2,
        policy_service_pb2,
        agent_service_pb2,
        host_service_pb2,
    )
    for name, descriptor in module.DESCRIPTOR.services_by_name.items()
}
_HEALTH = descriptor_pool.Default().FindServiceByName("grpc.health.v1.Health")
_REFLECTION = descriptor_pool.Default().FindServiceByName("grpc.reflection.v1alpha.ServerReflection")
_NOTICE_SECONDS = 0.05
_HEALTH_SECONDS = 1.0
"""How long a watcher of health who does not read may hold up a stop."""


class CannotListen(Exception):
    """The port is taken, or the host is none of this machine's."""

    why = "the port is taken, or the host is none of this machine's"

    def __init__(self, address: str) -> None:
        super().__init__(f"{address} cannot be listened on: {self.why}.")
        self.address = address


class NeedsTls(CannotListen):
    """Other machines can reach the host, and nobody would have to show who he is."""

    why = "other machines can reach it, and without TLS whoever reaches it may do everything"


class ApiServer:
    """Speaks the contract for one conductor, its resources, its policies and its watchers."""

    def __init__(
        self,
        *,
        conductor: Conductor,
        resources: Resources,
        policies: PolicyKeeper,
        hub: WatchHub[bytes],
        clock: Clock,
        settings: ApiSettings | None = None,
        certificates: ServerCertificates | None = None,
        desk: HostDesk | None = None,
        packages: PackageStore | None = None,
    ) -> None:
        """Made on the event loop that serves; `hub` must render with `tidegate.api.rendered.render_event`.

        With `certificates` it speaks TLS, and whoever calls must show who he is; without, anyone may call everything.
        Hosts come to the `desk` and fetch from `packages`; without a desk whatever is about hosts is refused.
        """
        self._settings = settings or ApiSettings()
        self._certificates = certificates
        self._calls = Calls(clock, self._settings.unary_seconds, None if certificates is None else admit)
        self._health = health.HealthServicer()
        watches = Watches(hub, self._settings.watch_keepalive_seconds)
        self._services: dict[ServiceDescriptor, object] = {
            _SERVICES["RollingUpgradeService"]: RollingUpgradeService(conductor, watches),
            _SERVICES["ScaleSetService"]: ScaleSetService(resources, clock),
            _SERVICES["SubscriptionService"]: SubscriptionService(resources),
            _SERVICES["ExtensionCatalogService"]: ExtensionCatalogService(resources, has_hosts=desk is not None),
            _SERVICES["PolicyService"]: PolicyService(policies),
            _SERVICES["AgentService"]: AgentService(desk, packages),
            _SERVICES["HostService"]: HostService(desk),
        }
        assert set(self._services) == set(_SERVICES.values()), "every service of the contract is served"
        self._server = grpc.aio.server(
            options=self._settings.channel_options, maximum_concurrent_rpcs=self._settings.max_concurrent_calls
        )
        self._server.add_generic_rpc_handlers((self._methods(),))

    @property
    def stream_count(self) -> int:
        """Streams under way."""
        return self._calls.stream_count

    async def start(self) -> int:
        """Listen and serve; the port.

        Raises:
            CannotListen: the port is taken, or the host is none of this machine's.
            NeedsTls: other machines can reach the host, and there are no certificates.
            TrustUnusable: there is nothing to show.
        """
        try:
            port = self._listen()
        except RuntimeError:
            raise CannotListen(self._settings.address) from None
        await self._server.start()
        for service in self._services:
            await self._health.set(service.full_name, health_pb2.HealthCheckResponse.SERVING)
        log.info("serving", host=self._settings.host, port=port, tls=self._certificates is not None)
        return port

    def _listen(self) -> int:
        if self._certificates is not None:
            return self._server.add_secure_port(self._settings.address, server_credentials(self._certificates))
        if not self._settings.is_loopback:
            raise NeedsTls(self._settings.address)
        return self._server.add_insecure_port(self._settings.address)

    async def stop(self) -> None:
        """Serve no new calls, tell watchers, let calls under way end within the grace. Stopping twice is harmless."""
        await self._tell_health()
        self._calls.drain()
        await self._server.stop(self._settings.grace_seconds)
        await self._calls.finish_changes(self._settings.grace_seconds)
        log.info("stopped")

    async def _tell_health(self) -> None:
        """Turn health to NOT_SERVING; who watches it is given a moment to hear of that before his stream ends."""
        try:
            async with asyncio.timeout(_HEALTH_SECONDS):
                await self._health.enter_graceful_shutdown()
        except TimeoutError:
            log.warning("health_watcher_does_not_read")
        if self._calls.stream_count:
            await asyncio.sleep(_NOTICE_SECONDS)

    def _methods(self) -> Methods:
        methods = Methods(self._calls)
        for service, servicer in self._services.items():
            methods.add(service, servicer)
        methods.add_foreign(_HEALTH, self._health)
        names = [service.full_name for service in (*self._services, _HEALTH, _REFLECTION)]
        methods.add_foreign(_REFLECTION, reflection.ReflectionServicer(names))
        return methods
