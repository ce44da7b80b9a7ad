"""The server: one port, its own or the system's choice; health and reflection; limits; a stop that keeps its grace."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.api.tls import certificates_of
from tests.contracts.served import FOR_EVER_SECONDS, Served, arm_id, refused, until
from tests.trust.authorities import Hands, authority_in
from tidegate.api.server import CannotListen
from tidegate.api.settings import ApiSettings
from tidegate.v1 import rolling_upgrade_service_pb2 as upgrade_pb
from tidegate.v1 import scale_set_service_pb2 as scale_set_pb

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICES = [
    "tidegate.v1.AgentService",
    "tidegate.v1.ExtensionCatalogService",
    "tidegate.v1.HostService",
    "tidegate.v1.PolicyService",
    "tidegate.v1.RollingUpgradeService",
    "tidegate.v1.ScaleSetService",
    "tidegate.v1.SubscriptionService",
]


async def test_the_system_chooses_a_port_and_the_server_tells_which() -> None:
    async with Served() as one, Served() as other:
        assert one.port != other.port
        assert {one.port, other.port} & {0} == set()
        with socket.create_connection(("127.0.0.1", one.port)):
            pass


async def test_a_taken_port_is_said_so_and_nothing_is_served_twice() -> None:
    async with Served() as one:
        with pytest.raises(CannotListen, match=rf"127\.0\.0\.1:{one.port} cannot be listened on: the port is taken"):
            async with Served(settings=ApiSettings(port=one.port)):
                pass
        await one.put()


async def test_a_host_that_is_none_of_ours_is_said_so(tmp_path: Path) -> None:
    hands = Hands()
    certificates = certificates_of(authority_in(tmp_path, hands), hands)
    with pytest.raises(CannotListen, match="none of this machine's"):
        async with Served(settings=ApiSettings(host="192.0.2.1"), certificates=certificates):
            pass


async def test_only_loopback_hears_it() -> None:
    async with Served() as served:
        own = [info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
        for address in {str(each) for each in own} - {"127.0.0.1"}:
            with pytest.raises(OSError, match="refused"):
                socket.create_connection((address, served.port), timeout=1)


async def test_health_is_told_as_a_whole_and_for_each_service() -> None:
    async with Served() as served:
        health: Any = health_pb2_grpc.HealthStub(served.channel)
        for service in ["", *SERVICES]:
            assert (await health.Check(health_pb2.HealthCheckRequest(service=service))).status == SERVING
        refusal = await refused(health.Check(health_pb2.HealthCheckRequest(service="nobody")))
        assert refusal.code is grpc.StatusCode.NOT_FOUND


async def test_reflection_names_every_service_and_describes_it() -> None:
    async with Served() as served:
        channel: Any = served.channel
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
        requests = [
            reflection_pb2.ServerReflectionRequest(list_services=""),
            reflection_pb2.ServerReflectionRequest(file_containing_symbol="tidegate.v1.PolicyService"),
        ]
        listed, described = [answer async for answer in stub.ServerReflectionInfo(iter(requests))]
        names = [service.name for service in listed.list_services_response.service]
        assert names == sorted([*SERVICES, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"])
        assert described.file_descriptor_response.file_descriptor_proto


async def test_a_stop_tells_those_who_watch_health_and_waits_for_nobody_else() -> None:
    async with Served(settings=ApiSettings(grace_seconds=5.0)) as served:
        health: Any = health_pb2_grpc.HealthStub(served.channel)
        watch = health.Watch(health_pb2.HealthCheckRequest(service=SERVICES[0]))
        assert (await watch.read()).status == SERVING
        async with asyncio.timeout(2):
            await served.server.stop()
        assert (await watch.read()).status == NOT_SERVING
        assert (await refused(watch.read())).reason == "SHUTTING_DOWN"


async def test_a_stop_lets_calls_under_way_end_and_takes_no_new_ones() -> None:
    async with Served(settings=ApiSettings(grace_seconds=5.0)) as served:
        await served.put()
        await served.publish("1.1")
        # While somebody has the scale set's turn, a start of it waits in the server.
        async with served.turns.of(arm_id("web").lower()):
            under_way = asyncio.ensure_future(served.start())
            await asyncio.sleep(0.05)
            stopping = asyncio.create_task(served.server.stop())
            await asyncio.sleep(0.05)
            assert (await refused(served.latest())).code is grpc.StatusCode.UNAVAILABLE
            assert not stopping.done()
        assert (await under_way).name
        await stopping


async def test_stopping_twice_is_harmless() -> None:
    async with Served() as served:
        await served.server.stop()
        await served.server.stop()


async def test_more_calls_at_once_than_it_takes_are_refused_and_the_rest_goes_on() -> None:
    settings = ApiSettings(max_concurrent_calls=3, grace_seconds=0.5)
    async with Served(settings=settings, upgrade_seconds=FOR_EVER_SECONDS) as served:
        await served.put()
        await served.publish("1.1")
        await served.start()
        watches: list[Any] = []
        for _ in range(3):
            watch: Any = served.upgrades.WatchRollingUpgrade(upgrade_pb.WatchRollingUpgradeRequest(name=arm_id("web")))
            await watch.read()
            watches.append(watch)
        assert (await refused(served.latest())).code is grpc.StatusCode.RESOURCE_EXHAUSTED
        watches[0].cancel()
        await until(lambda: served.server.stream_count == 2)
        assert (await served.latest()).name


async def test_a_request_larger_than_the_largest_is_refused_unread() -> None:
    async with Served() as served:
        request = scale_set_pb.PutScaleSetRequest(name=arm_id("web"), resource_json=" " * 5_000_000)
        refusal = await refused(served.scale_sets.PutScaleSet(request))
        assert refusal.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        await served.put()


async def test_an_unknown_method_is_told_so() -> None:
    async with Served() as served:
        unknown: Any = served.channel.unary_unary("/tidegate.v1.PolicyService/Nothing")
        assert (await refused(unknown(b""))).code is grpc.StatusCode.UNIMPLEMENTED
