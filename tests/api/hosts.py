"""A door for hosts with raw stubs in front of it, for tests that say what no agent would say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import grpc

from tests.domain.examples import WEB, scale_set
from tests.fleets.agents.peers import settings_certificate
from tests.fleets.agents.real_agents import door
from tests.fleets.agents.tokens import spoken
from tests.fleets.agents.world import World, put_packages
from tidegate.v1 import agent_service_pb2 as pb
from tidegate.v1 import agent_service_pb2_grpc, host_service_pb2_grpc
from tidegate.v1 import host_service_pb2 as host_pb

Stream = grpc.aio.StreamStreamCall[pb.ConnectHostRequest, pb.ConnectHostResponse]


def bearer(credential: str) -> tuple[tuple[str, str], ...]:
    """The metadata of a call by whoever has this credential."""
    return (("authorization", f"Bearer {credential}"),)


class Hosts:
    """The world behind the door, and the stubs in front of it."""

    def __init__(self, world: World, channel: grpc.aio.Channel) -> None:
        self.world = world
        self.channel = channel
        self.agents = agent_service_pb2_grpc.AgentServiceStub(channel)
        """What hosts call."""
        self.hosts = host_service_pb2_grpc.HostServiceStub(channel)
        """What operators call."""

    async def token(self, instance_id: str = "") -> str:
        """The text of a join token."""
        request = host_pb.CreateJoinTokenRequest(scale_set=str(WEB), instance_id=instance_id)
        return (await self.hosts.CreateJoinToken(request)).token

    async def request(self, instance_id: str = "web-0", **fields: Any) -> pb.JoinHostRequest:
        """A request to join, with a token of its own."""
        joining: dict[str, Any] = {
            "token": spoken(await self.token()),
            "instance_id": instance_id,
            "settings_certificate": settings_certificate(),
        }
        return pb.JoinHostRequest(**{**joining, **fields})

    async def join(self, instance_id: str = "web-0", **fields: Any) -> str:
        """The credential of a host that has joined."""
        return (await self.agents.JoinHost(await self.request(instance_id, **fields))).credential

    def stream(self, credential: str) -> Stream:
        """A stream on which nothing was said yet."""
        call: Any = self.agents.ConnectHost(metadata=bearer(credential))
        stream: Stream = call
        return stream

    async def connect(self, credential: str, **hello: Any) -> Stream:
        """A stream whose hello was answered."""
        stream = self.stream(credential)
        await say(stream, hello=pb.HostHello(agent_version="1.0", **hello))
        assert (await hear(stream)).WhichOneof("message") == "welcome"
        return stream


async def say(stream: Stream, **message: Any) -> None:
    """Say it."""
    await stream.write(pb.ConnectHostRequest(**message))


async def hear(stream: Stream) -> pb.ConnectHostResponse:
    """What comes next."""
    answer: Any = await stream.read()
    assert isinstance(answer, pb.ConnectHostResponse), "the stream has ended"
    return answer


@asynccontextmanager
async def hosts(**how: Any) -> AsyncIterator[Hosts]:
    """A door with a scale set behind it that has one extension, without settings; `how` goes to the door."""
    async with AsyncExitStack() as stack:
        world = World()
        stack.push_async_callback(world.close)
        await put_packages(world.packages, ["2.0.0.0", "2.5"])
        await world.fleet.place(scale_set(has_probe=False))
        address = await stack.enter_async_context(door(world.desk, world.packages, **how))
        channel = await stack.enter_async_context(
            grpc.aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
        )
        yield Hosts(world, channel)
