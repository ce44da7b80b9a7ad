"""A server that speaks AgentService as a test tells it: a real gRPC server on loopback, and the other side of our part.

It stands for every way in which a server and a network can fail, which the real server only does by accident.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import code_pb2, error_details_pb2, status_pb2

from tidegate.v1.agent_service_pb2 import (
    ConnectHostRequest,
    ConnectHostResponse,
    DownloadExtensionPackageRequest,
    DownloadExtensionPackageResponse,
    GoalState,
    HostWelcome,
    JoinHostRequest,
    JoinHostResponse,
    LeaveHostRequest,
    LeaveHostResponse,
    RenewHostCertificateRequest,
    RenewHostCertificateResponse,
    ResultAcknowledged,
)
from tidegate.v1.agent_service_pb2_grpc import AgentServiceServicer, add_AgentServiceServicer_to_server

PATIENCE_SECONDS = 10.0
_SCALE_SET = "/subscriptions/s/resourceGroups/shop/providers/Microsoft.Compute/virtualMachineScaleSets/web"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """How a call ends that is refused, as the real server tells it; without a reason, as gRPC itself does."""

    code: grpc.StatusCode
    reason: str = ""
    message: str = "scripted"
    advice: str = "Scripted advice."


class Conversation:
    """One stream, from the server's side."""

    def __init__(self, context: Any, first: ConnectHostRequest) -> None:  # its own types miss read and write
        self._context = context
        self.metadata = dict(context.invocation_metadata())
        self.first = first
        self.ended: asyncio.Future[Refusal | None] = asyncio.get_running_loop().create_future()

    async def hear(self) -> ConnectHostRequest | None:
        """The next message of the host; None once it has hung up."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            heard = await self._context.read()
        return None if heard is grpc.aio.EOF else heard

    async def hear_a(self, kind: str) -> Any:  # each kind is another message
        """The next message of this kind; others before it are passed over."""
        while True:
            heard = await self.hear()
            assert heard is not None, f"the host hung up before any {kind}"
            if heard.WhichOneof("message") == kind:
                return getattr(heard, kind)

    async def say(self, message: ConnectHostResponse) -> None:
        await self._context.write(message)

    async def welcome(
        self, *, heartbeat_seconds: float = 15.0, time: Timestamp | None = None, silence: Duration | None = None
    ) -> None:
        interval = Duration(nanos=round(heartbeat_seconds % 1 * 1e9), seconds=int(heartbeat_seconds))
        welcome = HostWelcome(heartbeat_interval=interval, time=time, silence_timeout=silence)
        await self.say(ConnectHostResponse(welcome=welcome))

    async def order(self, goal: GoalState) -> None:
        await self.say(ConnectHostResponse(goal_state=goal))

    async def acknowledge(self, incarnation: int) -> None:
        await self.say(ConnectHostResponse(acknowledged=ResultAcknowledged(incarnation=incarnation)))

    def end(self, refusal: Refusal | None = None) -> None:
        """Ends the stream; well, where nothing is given."""
        if not self.ended.done():
            self.ended.set_result(refusal)


@dataclass(slots=True)
class Served:
    """A package, and how the downloads of it go: each ends after so many bytes, or at its end for None."""

    content: bytes
    ends_after: deque[int | None] = field(default_factory=deque)
    stalls: bool = False
    """Says nothing more where it would have ended."""


class ScriptedServer(AgentServiceServicer):
    """Answers joins, renewals and leaves with what was put into their queues, or else well."""

    def __init__(self, *, credentials: grpc.ServerCredentials | None = None, port: int = 0) -> None:
        self._credentials = credentials
        self._port = port
        self.asked: list[Any] = []  # requests of every kind, in their order
        self.joins: deque[JoinHostResponse | Refusal] = deque()
        self.renewals: deque[RenewHostCertificateResponse | Refusal] = deque()
        self.leaves: deque[Refusal] = deque()
        self.packages: dict[str, Served] = {}
        self.refuses_streams: Refusal | None = None
        self._conversations: asyncio.Queue[Conversation] = asyncio.Queue()
        self._open: list[Conversation] = []

    async def __aenter__(self) -> Self:
        self._server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
        add_AgentServiceServicer_to_server(self, self._server)
        address = f"127.0.0.1:{self._port}"
        if self._credentials is None:
            self._port = self._server.add_insecure_port(address)
        else:
            self._port = self._server.add_secure_port(address, self._credentials)
        await self._server.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Goes away at once, as a server does that is killed."""
        await self._server.stop(None)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        return self._port

    async def conversation(self) -> Conversation:
        """The next stream that a host opened; its hello is `first`."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self._conversations.get()

    async def welcomed(self, **how: Any) -> Conversation:  # as `welcome` takes it
        """The next stream, welcomed."""
        conversation = await self.conversation()
        await conversation.welcome(**how)
        return conversation

    async def JoinHost(self, request: JoinHostRequest, context: Any) -> JoinHostResponse:
        self.asked.append(request)
        step = self.joins.popleft() if self.joins else joined(request.instance_id)
        return step if isinstance(step, JoinHostResponse) else await _refuse(context, step)

    async def RenewHostCertificate(
        self, request: RenewHostCertificateRequest, context: Any
    ) -> RenewHostCertificateResponse:
        self.asked.append(request)
        step = self.renewals.popleft()
        return step if isinstance(step, RenewHostCertificateResponse) else await _refuse(context, step)

    async def LeaveHost(self, request: LeaveHostRequest, context: Any) -> LeaveHostResponse:
        self.asked.append(request)
        if self.leaves:
            await _refuse(context, self.leaves.popleft())
        return LeaveHostResponse()

    async def ConnectHost(  # type: ignore[override] # grpc takes it either way; reading and writing suits a script
        self, request_iterator: Any, context: Any
    ) -> None:
        if self.refuses_streams is not None:
            await _refuse(context, self.refuses_streams)
        first = await context.read()
        conversation = Conversation(context, first)
        self._conversations.put_nowait(conversation)
        refusal = await conversation.ended
        if refusal is not None:
            await _refuse(context, refusal)

    async def DownloadExtensionPackage(
        self, request: DownloadExtensionPackageRequest, context: Any
    ) -> AsyncIterator[DownloadExtensionPackageResponse]:
        self.asked.append(request)
        served = self.packages.get(request.sha256)
        if served is None:
            await _refuse(context, Refusal(code=grpc.StatusCode.NOT_FOUND, reason="PACKAGE_NOT_FOUND"))
            return
        most = served.ends_after.popleft() if served.ends_after else None
        end = len(served.content) if most is None else request.offset_bytes + most
        for begin in range(request.offset_bytes, end, 65_536):
            yield DownloadExtensionPackageResponse(data=served.content[begin : min(begin + 65_536, end)])
        if most is None:
            return
        if served.stalls:
            await asyncio.Event().wait()
        await _refuse(context, Refusal(code=grpc.StatusCode.UNAVAILABLE, message="it broke off"))


def joined(instance_id: str = "0", *, certificate: str = "") -> JoinHostResponse:
    """The answer that lets a host join."""
    return JoinHostResponse(
        host=f"{_SCALE_SET}/virtualMachines/{instance_id}", credential="tgh1_uid_secret", certificate=certificate
    )


async def _refuse(context: Any, refusal: Refusal) -> Any:  # it does not return
    status = status_pb2.Status(code=code_pb2.Code.Value(refusal.code.name), message=refusal.message)
    info = error_details_pb2.ErrorInfo(reason=refusal.reason, domain="tidegate.v1", metadata={"advice": refusal.advice})
    if refusal.reason:
        status.details.add().Pack(info)
    metadata = (("grpc-status-details-bin", status.SerializeToString()),) if refusal.reason else ()
    await context.abort(refusal.code, refusal.message, trailing_metadata=metadata)
    raise AssertionError("abort does not return")
