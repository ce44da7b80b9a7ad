"""Whatever a caller sends, in any field of any request or as plain bytes, is answered or refused; no fault is ours."""

from collections.abc import AsyncIterator

import pytest
from google.protobuf.descriptor import MethodDescriptor
from hypothesis import given
from hypothesis import strategies as st

from tests.api.hosts import Hosts, bearer, hosts
from tests.contracts.fuzzing import EXAMPLES, OURS, code_of, messages
from tests.contracts.served import Served
from tidegate.v1 import (
    agent_service_pb2,
    extension_catalog_service_pb2,
    host_service_pb2,
    policy_service_pb2,
    rolling_upgrade_service_pb2,
    scale_set_service_pb2,
    subscription_service_pb2,
)

METHODS: list[MethodDescriptor] = [
    method
    for module in (
        extension_catalog_service_pb2,
        policy_service_pb2,
        rolling_upgrade_service_pb2,
        scale_set_service_pb2,
        subscription_service_pb2,
    )
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
]
OF_HOSTS: list[MethodDescriptor] = [
    method
    for module in (agent_service_pb2, host_service_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
]


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """A server that knows a scale set and an upgrade of it."""
    async with Served() as served:
        await served.put(capacity=2)
        await served.publish("1.1")
        await served.start()
        await served.ended()
        yield served


@pytest.fixture
async def host() -> AsyncIterator[tuple[Hosts, str]]:
    """A door for hosts with a scale set behind it, and the credential of a host that has joined."""
    async with hosts() as made:
        yield made, await made.join()


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
@EXAMPLES
@given(data=st.data())
async def test_any_value_in_any_field_is_answered_or_refused(
    served: Served, method: MethodDescriptor, data: st.DataObject
) -> None:
    assert method.input_type is not None
    request = data.draw(messages(method.input_type))
    assert await code_of(served.channel, method, request.SerializeToString()) not in OURS


@EXAMPLES
@given(raw=st.binary(max_size=60), method=st.sampled_from(METHODS))
async def test_any_bytes_are_answered_or_refused(served: Served, raw: bytes, method: MethodDescriptor) -> None:
    assert await code_of(served.channel, method, raw) not in OURS


@pytest.mark.parametrize("method", OF_HOSTS, ids=lambda method: method.name)
@EXAMPLES
@given(data=st.data())
async def test_whatever_a_host_or_its_operator_says_is_answered_or_refused(
    host: tuple[Hosts, str], method: MethodDescriptor, data: st.DataObject
) -> None:
    assert method.input_type is not None
    made, credential = host
    request = data.draw(messages(method.input_type))
    assert await code_of(made.channel, method, request.SerializeToString(), bearer(credential)) not in OURS


@EXAMPLES
@given(raw=st.binary(max_size=60), method=st.sampled_from(OF_HOSTS))
async def test_any_bytes_of_a_host_are_answered_or_refused(
    host: tuple[Hosts, str], raw: bytes, method: MethodDescriptor
) -> None:
    made, credential = host
    assert await code_of(made.channel, method, raw, bearer(credential)) not in OURS
