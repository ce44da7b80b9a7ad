"""Protected settings reach the host that they are for, encrypted for it, and nobody and nothing else.

The server is the whole one, with its folder on disk; a host joins it and opens what it is sent with its own openssl.
Every method is called, and whatever came out of it, every log line and every byte of the folder is searched.
"""

import base64
import json
import subprocess
from collections.abc import AsyncIterator, Iterator, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import structlog
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from structlog.testing import capture_logs

from tests.contracts.served import arm_id
from tests.executor.world import AGENT, RULES, SHIELD, SUBSCRIPTION, extension, resource
from tests.trust.authorities import settings_pair
from tidegate.cli.assembly import assemble
from tidegate.cli.settings import Address, FleetKind, Settings
from tidegate.v1 import (
    agent_service_pb2,
    agent_service_pb2_grpc,
    extension_catalog_service_pb2,
    host_service_pb2,
    host_service_pb2_grpc,
    policy_service_pb2,
    rolling_upgrade_service_pb2,
    scale_set_service_pb2,
    scale_set_service_pb2_grpc,
    subscription_service_pb2,
)

SECRET = "Tr0ub4dor&3-of-the-host"
CHANGED = "Tr0ub4dor&4-of-the-host"
MODULES = (
    rolling_upgrade_service_pb2, scale_set_service_pb2, subscription_service_pb2, extension_catalog_service_pb2,
    policy_service_pb2, host_service_pb2, agent_service_pb2,
)  # fmt: skip
CALL_SECONDS = 1.0


@pytest.fixture
def lines() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged, debug included."""
    structlog.reset_defaults()
    with capture_logs() as captured:
        yield captured


def forms(secret: str) -> list[bytes]:
    """The secret as it could stand somewhere: plain, as hexadecimal digits, and in base64 at each of its offsets."""
    raw = secret.encode()
    inner = [base64.b64encode(b"\0" * offset + raw)[4 if offset else 0 : -4] for offset in range(3)]
    return [raw, raw.hex().encode(), raw.hex().upper().encode(), *inner]


def is_in(secret: str, text: bytes) -> bool:
    """The text holds the secret, in whatever form."""
    return any(form in text for form in forms(secret))


@asynccontextmanager
async def house(data: Path) -> AsyncIterator[grpc.aio.Channel]:
    """The whole server over its folder, and a connection to it."""
    settings = Settings(
        address=Address(host="127.0.0.1", port=0),
        data=data,
        policies=RULES,
        policies_shown_as="rules",
        fleet=FleetKind.AGENTS,
    )
    async with assemble(settings) as assembled, grpc.aio.insecure_channel(str(assembled.address)) as channel:
        yield channel


async def put(channel: grpc.aio.Channel, **said: object) -> None:
    """Put a scale set of which one extension says that of its protected settings."""
    entry: Any = extension()
    entry["properties"] |= said | {"settings": {"public": "yes"}}
    stub: Any = scale_set_service_pb2_grpc.ScaleSetServiceStub(channel)
    text = json.dumps(resource(0, extensions=[entry, extension(SHIELD)]))
    await stub.PutScaleSet(scale_set_service_pb2.PutScaleSetRequest(name=arm_id("web"), resource_json=text))


class JoinedHost:
    """A host that has joined, with its one stream."""

    def __init__(self, channel: grpc.aio.Channel, folder: Path) -> None:
        self._certificate, self._key, self._pem = settings_pair(folder)
        self.come_back(channel)

    def come_back(self, channel: grpc.aio.Channel) -> None:
        """Speak to the server over another connection from now on."""
        self._channel = channel
        self._stub: Any = agent_service_pb2_grpc.AgentServiceStub(channel)

    async def join(self) -> None:
        hosts: Any = host_service_pb2_grpc.HostServiceStub(self._channel)
        created = await hosts.CreateJoinToken(host_service_pb2.CreateJoinTokenRequest(scale_set=arm_id("web")))
        text = created.token.removeprefix("tgj1_")
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        joined = await self._stub.JoinHost(
            agent_service_pb2.JoinHostRequest(
                token=f"{parts['id']}.{parts['secret']}", instance_id="web-1", settings_certificate=self._pem
            )
        )
        self.metadata = [("authorization", f"Bearer {joined.credential}")]

    async def goal(self) -> agent_service_pb2.GoalState:
        """The goal state that a new stream brings down first."""
        call = self._stub.ConnectHost(metadata=self.metadata, timeout=10)
        await call.write(agent_service_pb2.ConnectHostRequest(hello=agent_service_pb2.HostHello()))
        while not (down := await call.read()).HasField("goal_state"):
            pass
        call.cancel()
        goal: agent_service_pb2.GoalState = down.goal_state
        return goal

    def opened(self, sealed: bytes) -> bytes:
        """What the host's openssl makes of it."""
        words = ["openssl", "cms", "-inform", "DER", "-decrypt", "-recip", str(self._certificate)]
        return subprocess.run(
            [*words, "-inkey", str(self._key)], input=sealed, capture_output=True, timeout=20, check=True
        ).stdout


def goals_of(goal: agent_service_pb2.GoalState) -> dict[str, agent_service_pb2.ExtensionGoal]:
    return {each.extension_name: each for handler in goal.handlers for each in handler.extensions}


def requests_of(method: MethodDescriptor) -> Iterator[bytes]:
    """Requests for the method that hit and that miss: every text field says one thing, in every sense there is."""
    request_type: Any = GetMessageClass(method.input_type)
    names = (arm_id("web"), f"{arm_id('web')}/extensions/agent", f"{arm_id('web')}/virtualMachines/web-1")
    for text in (*names, f"{arm_id('web')}/rollingUpgrades/latest", SUBSCRIPTION, "azure-default", "{}", ""):
        request = request_type()
        for field in method.input_type.fields:
            if field.type == field.TYPE_STRING and not field.is_repeated:
                setattr(request, field.name, "web-1" if field.name == "instance_id" else text)
            elif field.name == "extension_type":
                request.extension_type.publisher, request.extension_type.type = AGENT.publisher, AGENT.type
        yield request.SerializeToString()


async def answers_of(channel: grpc.aio.Channel, metadata: list[tuple[str, str]]) -> AsyncIterator[tuple[str, bytes]]:
    """What every method of the contract says to every request: its answers, or the whole of its refusal."""
    methods = [
        method
        for module in MODULES
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    ]
    # Deletions come last, so that everything else is asked while there is something to tell.
    for method in sorted(methods, key=lambda each: each.name.startswith(("Delete", "Remove", "Leave"))):
        path = f"/{method.containing_service.full_name}/{method.name}"
        for request in requests_of(method):
            yield path, await answer_of(channel, path, method, request, metadata)


async def answer_of(
    channel: grpc.aio.Channel, path: str, method: MethodDescriptor, request: bytes, metadata: list[tuple[str, str]]
) -> bytes:
    whatever: Any = channel.stream_stream(path)
    call = whatever(iter([request]), metadata=metadata, timeout=CALL_SECONDS)
    heard = b""
    try:
        async for answer in call:
            heard += answer
            if method.server_streaming and len(heard) > 4_096:
                break
        call.cancel()
    except grpc.aio.AioRpcError as error:
        heard += f"{error.details()} {error.debug_error_string()} {error.trailing_metadata()}".encode()
    return heard


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


async def test_they_reach_their_host_and_nobody_else(tmp_path: Path, lines: list[MutableMapping[str, Any]]) -> None:
    data = tmp_path / "data"
    async with house(data) as channel:
        await put(channel, protectedSettings={"password": SECRET})
        host = JoinedHost(channel, tmp_path)
        await host.join()
        goal = await host.goal()
        goals = goals_of(goal)
        assert json.loads(host.opened(goals["agent"].protected_settings)) == {"password": SECRET}
        assert json.loads(goals["agent"].public_settings_json) == {"public": "yes"}
        assert goals["shield"].protected_settings == b""
        assert not is_in(SECRET, goal.SerializeToString())
        heard = [(path, text) async for path, text in answers_of(channel, host.metadata)]
        kept_while_open = content(data)
    assert [path for path, text in heard if is_in(SECRET, text)] == []
    assert len({path for path, _ in heard}) == sum(
        len(service.methods) for module in MODULES for service in module.DESCRIPTOR.services_by_name.values()
    )
    assert any(b"web-1" in text for _, text in heard), "something was answered"
    assert not is_in(SECRET, str(lines).encode())
    assert len(lines) > 20
    for kept in (kept_while_open, content(data)):
        assert {"safe.sqlite", "safe.key", "journal.sqlite"} <= set(kept)
        assert [name for name, text in kept.items() if is_in(SECRET, text)] == []


async def test_they_stay_change_and_go_with_the_resource_and_outlive_the_server(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with house(data) as channel:
        await put(channel, protectedSettings={"password": SECRET})
        host = JoinedHost(channel, tmp_path)
        await host.join()
        first = goals_of(await host.goal())["agent"]
    async with house(data) as channel:
        host.come_back(channel)
        await put(channel)
        stayed = goals_of(await host.goal())["agent"]
        assert host.opened(stayed.protected_settings) == host.opened(first.protected_settings)
        assert stayed.sequence_number == first.sequence_number
        await put(channel, protectedSettings={"password": CHANGED})
        changed = goals_of(await host.goal())["agent"]
        assert json.loads(host.opened(changed.protected_settings)) == {"password": CHANGED}
        assert changed.sequence_number > first.sequence_number
        await put(channel, protectedSettings=None)
        gone = goals_of(await host.goal())["agent"]
        assert gone.protected_settings == b""
        assert gone.sequence_number > changed.sequence_number
        kept = content(data)
    assert [name for name, text in kept.items() if is_in(SECRET, text) or is_in(CHANGED, text)] == []


async def test_what_is_only_validated_or_refused_is_not_kept(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with house(data) as channel:
        await put(channel, protectedSettings={"password": SECRET})
        host = JoinedHost(channel, tmp_path)
        await host.join()
        stub: Any = scale_set_service_pb2_grpc.ScaleSetServiceStub(channel)
        entry: Any = extension()
        entry["properties"] |= {"protectedSettings": {"password": CHANGED}}
        wanted = scale_set_service_pb2.PutScaleSetRequest(
            name=arm_id("web"), resource_json=json.dumps(resource(0, extensions=[entry])), validate_only=True
        )
        await stub.PutScaleSet(wanted)
        wanted.validate_only, wanted.etag = False, "another"
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.PutScaleSet(wanted)
        entry["properties"]["protectedSettings"] = CHANGED
        child = scale_set_service_pb2.PutScaleSetExtensionRequest(
            name=f"{arm_id('web')}/extensions/agent", resource_json=json.dumps({"properties": entry["properties"]})
        )
        with pytest.raises(grpc.aio.AioRpcError, match="is no object") as refused:
            await stub.PutScaleSetExtension(child)
        assert CHANGED not in f"{refused.value} {refused.value.trailing_metadata()}"
        goals = goals_of(await host.goal())
        assert json.loads(host.opened(goals["agent"].protected_settings)) == {"password": SECRET}
        entry["properties"]["protectedSettings"] = {"password": CHANGED}
        child.resource_json = json.dumps({"properties": entry["properties"]})
        await stub.PutScaleSetExtension(child)
        goals = goals_of(await host.goal())
        assert json.loads(host.opened(goals["agent"].protected_settings)) == {"password": CHANGED}


def test_the_search_finds_a_secret_in_whatever_form() -> None:
    for text in (SECRET.encode(), SECRET.encode().hex().encode(), base64.b64encode(f"a{SECRET}b".encode())):
        assert is_in(SECRET, b"before" + text + b"after")
    assert not is_in(SECRET, CHANGED.encode())
