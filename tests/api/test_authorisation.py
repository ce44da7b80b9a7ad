"""Who may call what, for every method that this server has."""

import pytest
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from tidegate.api.authorisation import PERMITTED, check_permitted
from tidegate.api.callers import Caller, CallerKind
from tidegate.domain.host_refusal import NotPermitted
from tidegate.v1 import (
    agent_service_pb2,
    extension_catalog_service_pb2,
    host_service_pb2,
    policy_service_pb2,
    rolling_upgrade_service_pb2,
    scale_set_service_pb2,
    subscription_service_pb2,
)

OURS = (
    agent_service_pb2, extension_catalog_service_pb2, host_service_pb2, policy_service_pb2,
    rolling_upgrade_service_pb2, scale_set_service_pb2, subscription_service_pb2, health_pb2, reflection_pb2,
)  # fmt: skip
JOIN = "/tidegate.v1.AgentService/JoinHost"
AGENT = {
    f"/tidegate.v1.AgentService/{name}"
    for name in ("RenewHostCertificate", "LeaveHost", "ConnectHost", "DownloadExtensionPackage")
}
HEALTH = {"/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch", "/grpc.health.v1.Health/List"}


def methods() -> set[str]:
    """The path of every method."""
    services: list[ServiceDescriptor] = [
        service for module in OURS for service in module.DESCRIPTOR.services_by_name.values()
    ]
    return {f"/{service.full_name}/{method.name}" for service in services for method in service.methods}


def permitted(kind: CallerKind) -> set[str]:
    return {method for method in methods() if PERMITTED[kind](method)}


def test_the_table_is_what_we_agreed_on_for_every_method_there_is() -> None:
    health = HEALTH & methods()
    assert {JOIN, *AGENT} | health <= methods()
    assert permitted(CallerKind.JOINER) == {JOIN}
    assert permitted(CallerKind.HOST) == AGENT | health
    assert permitted(CallerKind.OPERATOR) == methods() - AGENT - {JOIN}
    assert permitted(CallerKind.ANYONE) == methods()


@pytest.mark.parametrize(
    "method", ["", "/", "/tidegate.v1.AgentService", "/tidegate.v1.AgentServiceOfAnother/X", "/x/Y"]
)
def test_what_is_no_method_of_ours_is_no_hosts_to_call(method: str) -> None:
    assert not PERMITTED[CallerKind.JOINER](method)
    assert not PERMITTED[CallerKind.HOST](method)


def test_a_refusal_names_who_and_what() -> None:
    with pytest.raises(NotPermitted, match=r"The host a1 may not call tidegate\.v1\.HostService/RemoveHost\."):
        check_permitted(Caller(kind=CallerKind.HOST, name="a1"), "/tidegate.v1.HostService/RemoveHost")
    check_permitted(Caller(kind=CallerKind.OPERATOR, name="ann"), "/tidegate.v1.HostService/RemoveHost")
