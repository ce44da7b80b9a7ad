"""Anything in any field: messages of every type, calls of every shape, and how they end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import grpc
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.contracts.served import arm_id
from tests.executor.world import AGENT, SUBSCRIPTION, extension, resource, shipped
from tidegate.api.resume_token import give_resume_token
from tidegate.domain.resource_id import ScaleSetId

OURS = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}
"""How a call ends where the fault is ours."""
STREAM_SECONDS = 0.02
"""How long a stream that has nothing to say is listened to."""

EXAMPLES = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

WEB = ScaleSetId.parse(arm_id("web"))
KNOWN_TEXTS = [
    "",
    "*",
    "web",
    "1",
    "1.1",
    "22.04.202410010",
    arm_id("web"),
    arm_id("nope"),
    f"{arm_id('web')}/rollingUpgrades/u00002",
    f"{arm_id('web')}/extensions/agent",
    SUBSCRIPTION,
    AGENT.publisher,
    AGENT.type,
    "azure-default",
    "kind = EXTENSION AND status = Faulted",
    "start_time",
    "subscription.enrolled",
    "scaleSet.tags",
    give_resume_token(WEB, "u00002", 1),
    give_resume_token(WEB, "u00002", 2**63),
    give_resume_token(WEB, "nobody", 1),
    json.dumps(resource(2)),
    json.dumps(resource(2, rolling={"maxBatchInstancePercent": "[parameters('x')]"})),
    json.dumps(extension()),
    shipped("azure-default")[0].text,
    "[" * 3_000,
    '{"a": 1e999, "\\ud800": NaN}',
    "a: &a [*a]",
]
NAMES = st.sampled_from([*resource(1), *extension()]) | st.text(max_size=4)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
TEXTS = st.sampled_from(KNOWN_TEXTS) | st.text(max_size=40) | DOCUMENTS.map(json.dumps)


def messages(of: Descriptor) -> st.SearchStrategy[Message]:
    """Messages of that type with anything in any field."""
    message_class = GetMessageClass(of)
    parts = {field.name: one_or_many(field) for field in of.fields}
    return st.fixed_dictionaries({}, optional=parts).map(lambda chosen: filled(message_class(), chosen))


def filled(message: Message, chosen: dict[str, Any]) -> Message:
    """The message with those fields; of a group of which only one can be set the last stays."""
    for name, value in chosen.items():
        target = getattr(message, name)
        if isinstance(value, dict):
            for key, item in value.items():
                _put(target, key, item)
        elif isinstance(value, list):
            target.extend(value)
        elif isinstance(value, Message):
            target.CopyFrom(value)
        else:
            setattr(message, name, value)
    return message


def _put(mapping: Any, key: str, item: Any) -> None:
    """Protobuf's maps of messages take no assignment (`Any`: they have no common type)."""
    if isinstance(item, Message):
        mapping[key].CopyFrom(item)
    else:
        mapping[key] = item


def one_or_many(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        value = field.message_type.fields_by_name["value"]
        return st.dictionaries(TEXTS, one(value), max_size=3)
    return st.lists(one(field), max_size=3) if field.is_repeated else one(field)


def one(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    match field.type:
        case FieldDescriptor.TYPE_STRING:
            return TEXTS
        case FieldDescriptor.TYPE_BYTES:
            return st.binary(max_size=64)
        case FieldDescriptor.TYPE_BOOL:
            return st.booleans()
        case FieldDescriptor.TYPE_ENUM | FieldDescriptor.TYPE_INT32:
            return st.integers(min_value=-(2**31), max_value=2**31 - 1) | st.integers(min_value=0, max_value=3)
        case FieldDescriptor.TYPE_INT64:
            return st.integers(min_value=-(2**63), max_value=2**63 - 1)
        case FieldDescriptor.TYPE_DOUBLE:
            return st.floats()
        case FieldDescriptor.TYPE_MESSAGE:
            assert field.message_type is not None
            return messages(field.message_type)
        case other:
            raise AssertionError(f"no strategy for the type {other} of {field.full_name}")


async def code_of(
    channel: grpc.aio.Channel, method: MethodDescriptor, raw: bytes, metadata: tuple[tuple[str, str], ...] = ()
) -> grpc.StatusCode:
    """The status of the call with `raw` as its only request; a stream that goes on is well."""
    assert method.containing_service is not None
    path = f"/{method.containing_service.full_name}/{method.name}"
    try:
        if method.client_streaming or method.server_streaming:
            call: Any = channel.stream_stream(path) if method.client_streaming else channel.unary_stream(path)
            stream = call(_once(raw), metadata=metadata) if method.client_streaming else call(raw, metadata=metadata)
            try:
                async with asyncio.timeout(STREAM_SECONDS):
                    await stream.read()
            except TimeoutError:
                pass
            stream.cancel()
        else:
            call = channel.unary_unary(path)
            await call(raw, metadata=metadata)
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


async def _once(raw: bytes) -> AsyncIterator[bytes]:
    yield raw
