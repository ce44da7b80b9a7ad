"""The requests of a call whose caller sends a stream of them, read one at a time.

Law: nothing is read before the behaviour asks for it, so that gRPC's own flow control bounds what a caller can make us
hold: the one request being looked at, and the window of his connection. Bytes that are no request end the call.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Generic, TypeVar

from google.protobuf.message import Message

Request = TypeVar("Request", bound=Message)


class CallerSilent(Exception):
    """The caller sent nothing for longer than he may."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Nothing came for {seconds:g} seconds, the most that this server waits.")


class Requests(Generic[Request]):
    """An asynchronous iterator; it ends where the caller has said all."""

    def __init__(
        self, incoming: AsyncIterator[bytes], read: Callable[[bytes], Request], silence_seconds: float | None
    ) -> None:
        """`read` makes a request of its bytes, or raises; None for `silence_seconds` waits for ever."""
        self._incoming = incoming
        self._read = read
        self._silence_seconds = silence_seconds

    def __aiter__(self) -> Requests[Request]:
        return self

    async def __anext__(self) -> Request:
        """The next request.

        Raises:
            MalformedRequest: the bytes are none.
            CallerSilent: none came in time.
        """
        return await self.next(self._silence_seconds)

    async def next(self, within_seconds: float | None) -> Request:
        """The next request, where it comes in time; raises as iterating does, and StopAsyncIteration at the end."""
        bound = asyncio.timeout(within_seconds)
        try:
            async with bound:
                raw = await anext(self._incoming)
        except TimeoutError:
            if within_seconds is None or not bound.expired():
                raise
            raise CallerSilent(within_seconds) from None
        return self._read(raw)
