"""Every method of a service has somebody who answers it, and grpcio's own services stand behind the same door."""

from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pool
from grpc_health.v1 import health_pb2
from grpc_health.v1.health import aio as health

from tests.api.scripted import Scripted
from tidegate.api.calls import Calls
from tidegate.api.methods import Methods
from tidegate.executor.clock import LoopClock
from tidegate.v1 import subscription_service_pb2 as pb

SUBSCRIPTIONS = pb.DESCRIPTOR.services_by_name["SubscriptionService"]


class Details:
    """What grpcio tells of a call before it is handled."""

    def __init__(self, method: str) -> None:
        self.method = method
        self.invocation_metadata: tuple[()] = ()


def found(methods: Methods, path: str) -> Any:
    """The handler at the path (`Any`: which shape it has is what is asked)."""
    details: Any = Details(path)
    return methods.service(details)


async def test_every_method_of_a_service_is_found_by_its_path() -> None:
    methods = Methods(Calls(LoopClock(), 1.0))
    methods.add(SUBSCRIPTIONS, Scripted({}))
    for method in SUBSCRIPTIONS.methods:
        assert found(methods, f"/tidegate.v1.SubscriptionService/{method.name}").unary_unary is not None
    assert found(methods, "/tidegate.v1.SubscriptionService/Nothing") is None
    assert found(methods, "/grpc.health.v1.Health/Check") is None


async def test_a_servicer_that_lacks_a_method_is_no_servicer() -> None:
    methods = Methods(Calls(LoopClock(), 1.0))
    with pytest.raises(AttributeError, match="EnrollSubscription"):
        methods.add(SUBSCRIPTIONS, object())


async def test_a_servicer_of_grpcios_own_is_called_with_its_context_and_refuses_by_itself() -> None:
    calls = Calls(LoopClock(), 1.0)
    methods = Methods(calls)
    servicer = health.HealthServicer()
    methods.add_foreign(descriptor_pool.Default().FindServiceByName("grpc.health.v1.Health"), servicer)
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((methods,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        check: Any = channel.unary_unary(
            "/grpc.health.v1.Health/Check", health_pb2.HealthCheckRequest.SerializeToString,
            health_pb2.HealthCheckResponse.FromString,
        )  # fmt: skip
        watch: Any = channel.unary_stream(
            "/grpc.health.v1.Health/Watch", health_pb2.HealthCheckRequest.SerializeToString,
            health_pb2.HealthCheckResponse.FromString,
        )  # fmt: skip
        assert (await check(health_pb2.HealthCheckRequest())).status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await check(health_pb2.HealthCheckRequest(service="nobody"))
        assert error.value.code() is grpc.StatusCode.NOT_FOUND
        watching = watch(health_pb2.HealthCheckRequest())
        assert (await watching.read()).status == health_pb2.HealthCheckResponse.SERVING
        calls.drain()
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await watching.read()
        assert error.value.code() is grpc.StatusCode.UNAVAILABLE
    await server.stop(None)
