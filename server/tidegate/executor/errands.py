"""Errands: tasks that nobody waits for, kept until they end, their mistakes logged."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

from tidegate.domain.refusal import Refusal

log = structlog.stdlib.get_logger(__name__)

Result = TypeVar("Result")


class Errands:
    """Runs coroutines in the background. (`Any`: what a coroutine yields is asyncio's.)"""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()

    def run(self, errand: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Begin it; a refusal is for whoever awaits the task, anything else is logged too."""
        task = asyncio.ensure_future(errand)
        self._tasks.add(task)
        task.add_done_callback(self._note_end)
        return task

    async def close(self, patience_seconds: float = 0.0) -> None:
        """Give what runs that long to end, then stop it."""
        if self._tasks and patience_seconds > 0:
            await asyncio.wait(self._tasks, timeout=patience_seconds)
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _note_end(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not isinstance(error, Refusal):
            log.error("errand_broke", errand=str(task.get_coro()), exc_info=error)
