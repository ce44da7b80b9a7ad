"""A synchronous connection: sends calls, again where that is safe, and follows streams over every break."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Protocol, Self, cast

import grpc

from tidegate_client.calls import AnswerT, Call, ItemT, Page, ResponseT, StreamCall, serialized
from tidegate_client.channel import DEFAULT_TARGET, DEFAULT_TIMEOUT_SECONDS, OPTIONS
from tidegate_client.errors import EndedCall, TidegateError, WatchBroken, error_of
from tidegate_client.retry import CALLS, WATCHES, Retry
from tidegate_client.uploading import OnProgress, Sending, Upload
from tidegate_client.watching import WatchItem, WatchResponse, WatchState

OnBreak = Callable[[TidegateError], None]


class Stream(Protocol):
    """The responses of one streaming call."""

    def __iter__(self) -> Iterator[WatchResponse]: ...

    def cancel(self) -> object: ...


class Watch(Iterator[WatchItem]):
    """Follows upgrades: a snapshot, then every event once and in order, over every break of the connection.

    A watch of one upgrade ends with it, a watch of a scale set when it is closed. Iterate in one thread; `close` may
    be called from any.
    """

    def __init__(self, open_stream: Callable[[str], Stream], state: WatchState, on_break: OnBreak | None) -> None:
        self._open_stream = open_stream
        self._state = state
        self._on_break = on_break
        self._closed = threading.Event()
        self._stream: Stream | None = None
        self._items = self._follow()

    @property
    def resume_token(self) -> str:
        """Goes on right after the item that came out last, in this process or in another."""
        return self._state.resume_token

    def __next__(self) -> WatchItem:
        return next(self._items)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Hangs up. The iteration ends; closing twice is harmless."""
        self._closed.set()
        if self._stream is not None:
            self._stream.cancel()

    def _follow(self) -> Iterator[WatchItem]:
        while not (self._state.is_over or self._closed.is_set()):
            try:
                yield from self._one_stream()
                wait_seconds = self._state.closed()
            except grpc.RpcError as ended:
                if self._closed.is_set():
                    return
                wait_seconds = self._survive(error_of(cast(EndedCall, ended)))
            except WatchBroken as broken:
                wait_seconds = self._survive(broken)
            self._closed.wait(wait_seconds)

    def _one_stream(self) -> Iterator[WatchItem]:
        self._stream = self._open_stream(self._state.resume_token)
        try:
            if self._closed.is_set():
                # `close` may have come between the last look and the opening.
                return
            for response in self._stream:
                item = self._state.take(response)
                if item is not None:
                    yield item
                if self._state.is_over or self._closed.is_set():
                    return
        finally:
            self._stream.cancel()

    def _survive(self, error: TidegateError) -> float:
        wait_seconds = self._state.interrupted(error)
        if self._on_break is not None:
            self._on_break(error)
        return wait_seconds


class Connection:
    """An open channel to one server. Opened at once, connected at the first call, closed by `close` or `with`."""

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
        self._timeout_seconds = timeout_seconds
        self._retry = retry
        self._watch_retry = watch_retry
        if credentials is None:
            self._channel = grpc.insecure_channel(target, options=OPTIONS)
        else:
            self._channel = grpc.secure_channel(target, credentials, options=OPTIONS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes the channel; calls and watches under way end."""
        self._channel.close()

    def _send(self, call: Call[ResponseT, AnswerT], timeout_seconds: float | None) -> AnswerT:
        method = self._channel.unary_unary(
            call.path,
            request_serializer=serialized,
            response_deserializer=call.response.FromString,
        )
        until = time.monotonic() + (self._timeout_seconds if timeout_seconds is None else timeout_seconds)
        failed_attempts = 0
        while True:
            try:
                return call.read(method(call.request, timeout=until - time.monotonic()))
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
            time.sleep(wait_seconds)

    def _upload(
        self, upload: Upload[ResponseT], on_progress: OnProgress | None, timeout_seconds: float | None
    ) -> ResponseT:
        """Sends a file; again, and from its beginning, only where the server said that it took nothing."""
        method = self._channel.stream_unary(
            upload.path, request_serializer=serialized, response_deserializer=upload.response.FromString
        )
        began, failed_attempts = time.monotonic(), 0
        while True:
            sending = Sending(upload, on_progress)
            seconds = sending.seconds(self._timeout_seconds) if timeout_seconds is None else timeout_seconds
            try:
                answer = method(iter(sending.message, None), timeout=began + seconds - time.monotonic())
            except grpc.RpcError as ended:
                sending.check()
                error = error_of(cast(EndedCall, ended))
                failed_attempts += 1
                wait_seconds = self._retry.after(
                    error,
                    is_repeatable=False,
                    failed_attempts=failed_attempts,
                    left_seconds=began + seconds - time.monotonic(),
                )
                if wait_seconds is None:
                    raise error from ended
            else:
                sending.check()
                return answer
            time.sleep(wait_seconds)

    def _pages(self, page: Callable[[str], Call[Any, Page[ItemT]]], timeout_seconds: float | None) -> Iterator[ItemT]:
        """Every item of a list; a page is asked for when the one before is used up."""
        token = ""
        while True:
            answer = self._send(page(token), timeout_seconds)
            yield from answer.items
            token = answer.next_token
            if not token:
                return

    def _watch(self, call: StreamCall[Any], resume_token: str, on_break: OnBreak | None) -> Watch:
        method = self._channel.unary_stream(
            call.path, request_serializer=serialized, response_deserializer=call.response.FromString
        )
        state = WatchState(resume_token=resume_token, ends_with_upgrade=call.ends_with_upgrade, retry=self._watch_retry)
        return Watch(lambda token: cast(Stream, method(call.request(token))), state, on_break)
