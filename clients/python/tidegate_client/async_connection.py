"""An asyncio connection: sends calls, again where that is safe, and follows streams over every break."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from types import TracebackType
from typing import Any, Protocol, Self, cast

import grpc

from tidegate_client.calls import AnswerT, Call, ItemT, Page, ResponseT, StreamCall, serialized
from tidegate_client.channel import DEFAULT_TARGET, DEFAULT_TIMEOUT_SECONDS, OPTIONS
from tidegate_client.connection import Connection, OnBreak
from tidegate_client.errors import EndedCall, TidegateError, WatchBroken, error_of
from tidegate_client.retry import CALLS, WATCHES, Retry
from tidegate_client.uploading import OnProgress, Upload
from tidegate_client.watching import WatchItem, WatchResponse, WatchState


class AsyncStream(Protocol):
    """The responses of one streaming call."""

    def __aiter__(self) -> AsyncIterator[WatchResponse]: ...

    def cancel(self) -> bool: ...


class AsyncWatch(AsyncIterator[WatchItem]):
    """Follows upgrades as `Watch` does. Leave the iteration early by `async with` or `close`."""

    def __init__(self, open_stream: Callable[[str], AsyncStream], state: WatchState, on_break: OnBreak | None) -> None:
        self._open_stream = open_stream
        self._state = state
        self._on_break = on_break
        self._items = self._follow()

    @property
    def resume_token(self) -> str:
        """Goes on right after the item that came out last, in this process or in another."""
        return self._state.resume_token

    async def __anext__(self) -> WatchItem:
        return await anext(self._items)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Hangs up. To be called where the iteration is not under way; closing twice is harmless."""
        await self._items.aclose()

    async def _follow(self) -> AsyncGenerator[WatchItem, None]:
        while not self._state.is_over:
            try:
                async with aclosing(self._one_stream()) as items:
                    async for item in items:
                        yield item
                wait_seconds = self._state.closed()
            except grpc.RpcError as ended:
                wait_seconds = self._survive(error_of(cast(EndedCall, ended)))
            except WatchBroken as broken:
                wait_seconds = self._survive(broken)
            await asyncio.sleep(wait_seconds)

    async def _one_stream(self) -> AsyncGenerator[WatchItem, None]:
        stream = self._open_stream(self._state.resume_token)
        try:
            async for response in stream:
                item = self._state.take(response)
                if item is not None:
                    yield item
                if self._state.is_over:
                    return
        finally:
            stream.cancel()

    def _survive(self, error: TidegateError) -> float:
        wait_seconds = self._state.interrupted(error)
        if self._on_break is not None:
            self._on_break(error)
        return wait_seconds


class AsyncConnection:
    """A channel to one server; opened at the first call, in the loop that makes it, and closed by `close`."""

    def __init__(
        self,
        target: str = DEFAULT_TARGET,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        retry: Retry = CALLS,
        watch_retry: Retry = WATCHES,
    ) -> None:
        """`target` is `host:port` or any grpc target. Without `credentials` nothing is encrypted: for loopback only."""
        self._target = target
        self._credentials = credentials
        self._timeout_seconds = timeout_seconds
        self._retry = retry
        self._watch_retry = watch_retry
        self._opened: grpc.aio.Channel | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the channel; calls and watches under way are cancelled."""
        if self._opened is not None:
            await self._opened.close()

    @property
    def _channel(self) -> grpc.aio.Channel:
        # A channel belongs to the loop that runs when it is made, and there may be none yet in `__init__`.
        if self._opened is None:
            self._opened = (
                grpc.aio.insecure_channel(self._target, options=OPTIONS)
                if self._credentials is None
                else grpc.aio.secure_channel(self._target, self._credentials, options=OPTIONS)
            )
        return self._opened

    async def _send(self, call: Call[ResponseT, AnswerT], timeout_seconds: float | None) -> AnswerT:
        method = self._channel.unary_unary(
            call.path, request_serializer=serialized, response_deserializer=call.response.FromString
        )
        until = time.monotonic() + (self._timeout_seconds if timeout_seconds is None else timeout_seconds)
        failed_attempts = 0
        while True:
            try:
                return call.read(await method(call.request, timeout=until - time.monotonic()))
            except grpc.RpcError as ended:
                error = error_of(cast(EndedCall, ended))
                failed_attempts += 1
                wait_seconds = self._retry.after(
                    error,
                    is_repeatable=call.is_repeatable,
                    failed_attempts=failed_attempts,
                    left_seconds=until - time.monotonic(),
                )
                if wait_seconds is None:
                    raise error from ended
            await asyncio.sleep(wait_seconds)

    async def _upload(
        self, upload: Upload[ResponseT], on_progress: OnProgress | None, timeout_seconds: float | None
    ) -> ResponseT:
        """Sends a file as `Connection` does, in a thread and over a channel of its own.

        grpc's asyncio flavour forgets why a call was refused where that comes while it still sends (it tells "Internal
        error from Core"), and a package is mostly refused before its end.
        """
        connection = Connection(
            self._target, credentials=self._credentials, timeout_seconds=self._timeout_seconds, retry=self._retry
        )
        # Whoever is cancelled closes the channel, and with it ends the call in the thread.
        with connection:
            return await asyncio.to_thread(connection._upload, upload, on_progress, timeout_seconds)

    async def _pages(
        self, page: Callable[[str], Call[Any, Page[ItemT]]], timeout_seconds: float | None
    ) -> AsyncIterator[ItemT]:
        """Every item of a list; a page is asked for when the one before is used up."""
        token = ""
        while True:
            answer = await self._send(page(token), timeout_seconds)
            for item in answer.items:
                yield item
            token = answer.next_token
            if not token:
                return

    def _watch(self, call: StreamCall[Any], resume_token: str, on_break: OnBreak | None) -> AsyncWatch:
        method = self._channel.unary_stream(
            call.path, request_serializer=serialized, response_deserializer=call.response.FromString
        )
        state = WatchState(resume_token=resume_token, ends_with_upgrade=call.ends_with_upgrade, retry=self._watch_retry)
        return AsyncWatch(lambda token: cast(AsyncStream, method(call.request(token))), state, on_break)
