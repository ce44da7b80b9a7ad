"""What every call goes through: its bytes are read, its deadline kept, its end told in a line and, if bad, a status.

Law: a caller is told of a refusal all that helps to mend it, and of a fault of ours nothing but an incident id. What a
request or an answer holds is never logged. A behaviour may answer with a message or with bytes that are one already.

Four kinds of behaviour, by what the caller sends and gets. `requests` is a `Requests`, an asynchronous iterator which
reads no further than it is asked to; `requests.next(seconds)` waits for one request with a bound of its own.

    async def GetThing(self, request) -> answer                                          one, one
    async def WatchThings(self, request) -> AsyncGenerator[Sequence[answer], None]       one, many
    async def PublishThing(self, requests) -> answer                                     many, one
    async def ConnectThing(self, requests) -> AsyncGenerator[Sequence[answer], None]     many, many

`calling` tells a behaviour of whose call it is a part: its metadata and its peer.
"""

from __future__ import annotations

import asyncio
import inspect
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn, TypeAlias

import grpc
import structlog
from google.protobuf.message import DecodeError, Message
from google.rpc import status_pb2
from grpc_status import rpc_status

from tidegate.api.refusal_details import incident_status, reason_of, status_of
from tidegate.api.requests import CallerSilent, Requests
from tidegate.api.streams import Stream
from tidegate.domain.refusal import FieldViolation, MalformedRequest, Refusal, ShuttingDown
from tidegate.executor.clock import Clock
from tidegate.policy.problem import PolicyRefused

Answer: TypeAlias = Message | bytes
# The requests of a behaviour are of the type that its method has; which one that is, the descriptors know (hence Any).
Unary: TypeAlias = Callable[[Any], Answer | Awaitable[Answer]]
Streaming: TypeAlias = Callable[[Any], Awaitable[AsyncGenerator[Sequence[Answer], None]]]
Gathering: TypeAlias = Callable[[Requests[Any]], Awaitable[Answer]]
Conversing: TypeAlias = Callable[[Requests[Any]], Awaitable[AsyncGenerator[Sequence[Answer], None]]]
# What grpcio's own servicers take and give is theirs to say.
Foreign: TypeAlias = Callable[[Any, "Context"], Any]
Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]
Admission: TypeAlias = Callable[[str, Context], None]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"

calling: ContextVar[Context] = ContextVar("calling")
"""The call that the running behaviour answers; each call is handled in a task, and so in a context, of its own."""

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Began:
    """One call under way."""

    method: str
    at_ms: int
    context: Context
    is_change: bool
    """It changes something or lasts; all others are so many that they are told of only where somebody wants all."""


class _TooLong(Exception):
    """The answer was not ready within the server's own bound."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"No answer within {seconds:g} seconds, the most that this server takes.")


class Calls:
    """Wraps behaviours into handlers, and ends the streams when the server drains."""

    def __init__(self, clock: Clock, unary_seconds: float, admit: Admission | None = None) -> None:
        """`unary_seconds` is how long an answer may take where the caller gave no deadline.

        `admit` raises a refusal where the caller may not call the method; without it everybody may call all.
        """
        self._clock = clock
        self._unary_seconds = unary_seconds
        self._admit = admit
        self._streams: set[Stream] = set()
        self._changes: set[asyncio.Future[Answer]] = set()
        self._is_draining = False

    @property
    def stream_count(self) -> int:
        """Streams under way."""
        return len(self._streams)

    def drain(self) -> None:
        """End every stream, those that begin later too, as a server does that is shutting down."""
        self._is_draining = True
        for stream in self._streams:
            stream.end()

    async def finish_changes(self, seconds: float) -> None:
        """Wait until every change that was begun is carried out, that long at most."""
        if self._changes:
            await asyncio.wait(self._changes, timeout=seconds)

    def unary(self, method: str, request_type: type[Message], behaviour: Unary, *, is_change: bool) -> Handler:
        """The handler of a method with one answer.

        A change that was begun is carried out whoever hangs up, so that no caller leaves half a change behind; a
        behaviour that answers at once needs no deadline and gets none.
        """

        async def handle(raw: bytes, context: Context) -> bytes:
            began = self._begin(method, context, is_change=is_change)
            try:
                self._check_admission(began)
                answer = behaviour(_read(request_type, raw))
                if not isinstance(answer, bytes | Message):
                    answer = await self._in_time(self._undisturbed(answer) if is_change else answer, context)
            except asyncio.CancelledError:
                self._tell(began, _hung_up(context))
                raise
            except Exception as error:  # noqa: BLE001 - the outermost wall: whatever comes becomes a status
                await self._fail(began, error)
            self._tell(began, "OK")
            return _bytes(answer)

        return grpc.unary_unary_rpc_method_handler(handle)

    def stream(self, method: str, request_type: type[Message], behaviour: Streaming) -> Handler:
        """The handler of a method with a stream of answers, some at a time, for as long as the caller wants it."""

        async def handle(raw: bytes, context: Context) -> None:
            async def run(stream: Stream) -> None:
                async with aclosing(await behaviour(_read(request_type, raw))) as answers:
                    async for some in answers:
                        await stream.write(map(_bytes, some))

            await self._run_stream(self._begin(method, context, is_change=True), run)

        return grpc.unary_stream_rpc_method_handler(handle)

    def gathering(self, method: str, request_type: type[Message], behaviour: Gathering) -> Handler:
        """The handler of a method that takes a stream of requests and answers once; a caller who stops sending for
        longer than an answer may take is let go. It ends as streams do: with its caller, and when the server drains.
        """

        async def handle(incoming: AsyncIterator[bytes], context: Context) -> bytes:
            answer: Answer = b""

            async def run(_: Stream) -> None:
                nonlocal answer
                answer = await behaviour(Requests(incoming, partial(_read, request_type), self._unary_seconds))

            await self._run_stream(self._begin(method, context, is_change=True), run)
            return _bytes(answer)

        return grpc.stream_unary_rpc_method_handler(handle)

    def conversing(self, method: str, request_type: type[Message], behaviour: Conversing) -> Handler:
        """The handler of a method with streams both ways; how long either may be silent is the behaviour's to say."""

        async def handle(incoming: AsyncIterator[bytes], context: Context) -> None:
            async def run(stream: Stream) -> None:
                requests = Requests(incoming, partial(_read, request_type), None)
                async with aclosing(await behaviour(requests)) as answers:
                    async for some in answers:
                        await stream.write(map(_bytes, some))

            await self._run_stream(self._begin(method, context, is_change=True), run)

        return grpc.stream_stream_rpc_method_handler(handle)

    def foreign_unary(self, method: str, request_type: type[Message], behaviour: Foreign) -> Handler:
        """The handler of a method of grpcio's own servicers, which do their own refusing."""

        async def handle(request: Message, context: Context) -> Message:
            began = self._begin(method, context, is_change=False)
            try:
                self._check_admission(began)
                answer: Message = await behaviour(request, context)
            except grpc.aio.AbortError:
                self._tell(began, context.code().name)
                raise
            except Refusal as refusal:
                await self._fail(began, refusal)
            self._tell(began, "OK")
            return answer

        return grpc.unary_unary_rpc_method_handler(handle, request_type.FromString, _bytes)

    def foreign_stream(
        self, method: str, request_type: type[Message], behaviour: Foreign, *, takes_stream: bool
    ) -> Handler:
        """The handler of a streaming method of grpcio's own servicers, ended by draining as all streams are."""

        async def handle(request: Any, context: Context) -> None:
            async def run(stream: Stream) -> None:
                if inspect.iscoroutinefunction(behaviour):
                    await behaviour(request, context)
                    return
                async for answer in behaviour(request, context):
                    await stream.write((answer,))

            await self._run_stream(self._begin(method, context, is_change=False), run)

        shape = grpc.stream_stream_rpc_method_handler if takes_stream else grpc.unary_stream_rpc_method_handler
        return shape(handle, request_type.FromString, _bytes)

    async def _run_stream(self, began: _Began, run: Callable[[Stream], Awaitable[None]]) -> None:
        stream = Stream(began.context, is_ended=self._is_draining)
        self._streams.add(stream)
        try:
            stream.check()
            self._check_admission(began)
            await run(stream)
        except asyncio.CancelledError:
            if not stream.is_ended:
                self._tell(began, _hung_up(began.context))
                raise
            stream.uncancel()
            await self._fail(began, ShuttingDown())
        except grpc.aio.BaseError:
            # The caller is gone and a write found out first.
            self._tell(began, _hung_up(began.context))
            raise
        except Exception as error:  # noqa: BLE001 - as for one answer
            await self._fail(began, error)
        finally:
            self._streams.discard(stream)
        self._tell(began, "OK")

    def _begin(self, method: str, context: Context, *, is_change: bool) -> _Began:
        calling.set(context)
        return _Began(method=method, at_ms=self._clock.now_ms(), context=context, is_change=is_change)

    def _check_admission(self, began: _Began) -> None:
        """Nothing of a request is read before its caller is known to be allowed to make it."""
        if self._admit is not None:
            self._admit(began.method, began.context)

    def _undisturbed(self, answer: Awaitable[Answer]) -> Awaitable[Answer]:
        """The answer, worked out to its end even where nobody waits for it any more."""
        change = asyncio.ensure_future(answer)
        self._changes.add(change)
        change.add_done_callback(self._end_change)
        return asyncio.shield(change)

    def _end_change(self, change: asyncio.Future[Answer]) -> None:
        self._changes.discard(change)
        if not change.cancelled():
            # Looked at, so that a failure that nobody waits for any more is not reported as forgotten.
            change.exception()

    async def _in_time(self, answer: Awaitable[Answer], context: Context) -> Answer:
        """The answer, within the server's own bound where the caller set none; his own is kept by gRPC itself."""
        if _seconds_left(context) is not None:
            return await answer
        bound = asyncio.timeout(self._unary_seconds)
        try:
            async with bound:
                return await answer
        except TimeoutError:
            if not bound.expired():
                raise
            raise _TooLong(self._unary_seconds) from None

    async def _fail(self, began: _Began, error: Exception) -> NoReturn:
        match error:
            case Refusal() | PolicyRefused():
                self._tell(began, status_name(status := status_of(error)), reason_of(error).value)
            case _TooLong() | CallerSilent():
                self._tell(began, "DEADLINE_EXCEEDED")
                await began.context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, str(error))
            case _:
                incident_id = secrets.token_hex(8)
                log.error("call_failed", method=began.method, incident=incident_id, exc_info=error)
                self._tell(began, status_name(status := incident_status(incident_id)))
        told = rpc_status.to_status(status)
        await began.context.abort(told.code, told.details, told.trailing_metadata)

    def _tell(self, began: _Began, status: str, reason: str = "") -> None:
        told: dict[str, object] = {
            "method": began.method,
            "status": status,
            "took_ms": self._clock.now_ms() - began.at_ms,
        }
        if reason:
            told["reason"] = reason
        if began.is_change or status != "OK":
            log.info("call", **told)
        else:
            log.debug("call", **told)


def status_name(status: status_pb2.Status) -> str:
    """The name of the status's code, such as `NOT_FOUND`."""
    return rpc_status.to_status(status).code.name


def _hung_up(context: Context) -> str:
    return "DEADLINE_EXCEEDED" if _seconds_left(context) == 0 else "CANCELLED"


def _seconds_left(context: Context) -> float | None:
    """How long the caller still waits; None where he set no deadline, which the stubs of grpcio do not know of."""
    return context.time_remaining()


def _read(request_type: type[Message], raw: bytes) -> Message:
    try:
        return request_type.FromString(raw)
    except DecodeError:
        shape = request_type.DESCRIPTOR.full_name
        raise MalformedRequest([FieldViolation(field="", description=f"the bytes are no {shape}")]) from None


def _bytes(answer: Answer) -> bytes:
    return answer if isinstance(answer, bytes) else answer.SerializeToString()
