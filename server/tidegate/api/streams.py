"""Streams under way, each of which the server can end from outside.

Law: a stream is never interrupted while it writes, because gRPC takes no status then. It ends after the write; a caller
who does not read holds his own stream up until the server's grace is over, and nobody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import grpc

from tidegate.domain.refusal import ShuttingDown


class Stream:
    """One stream of answers, in the task that gives them."""

    def __init__(self, context: grpc.aio.ServicerContext[Any, Any], *, is_ended: bool) -> None:
        """Made in the task that gives the answers. `is_ended`: the server drained before it began."""
        task = asyncio.current_task()
        assert task is not None, "a handler runs in a task"
        self._task = task
        self._context = context
        self._is_writing = False
        self.is_ended = is_ended
        """The server wants it to be over."""

    async def write(self, answers: Iterable[Any]) -> None:
        """Give the answers one after the other, each as soon as the connection takes it.

        Raises:
            ShuttingDown: the server wants the stream to be over.
        """
        self._is_writing = True
        try:
            for answer in answers:
                await self._context.write(answer)
                self.check()
        finally:
            self._is_writing = False

    def check(self) -> None:
        """Go on unless the server wants it to be over; raises ShuttingDown."""
        if self.is_ended:
            raise ShuttingDown()

    def end(self) -> None:
        """Let it be over as soon as may be."""
        self.is_ended = True
        if not self._is_writing:
            self._task.cancel()

    def uncancel(self) -> None:
        """The cancellation was ours and is dealt with."""
        self._task.uncancel()
