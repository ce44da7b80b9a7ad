"""An event loop whose time is virtual: when nothing is ready it jumps to the next timer instead of waiting for it.

Law: it reads no clock. Hours pass in milliseconds, and the same program takes the same steps every time it runs.
While a thread works for the loop, time stands still, so that a timer never overtakes a job that was begun before it.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")

THREAD_SECONDS = 30.0
"""How long, in real time, the loop waits for a thread that works for it before calling that a deadlock."""
STRANGER_SECONDS = 1.0
"""How long, in real time, it waits for somebody it does not know of when it would otherwise be at an end."""
RESOLUTION_SECONDS = 1e-6
"""Timers closer together than this are due together."""


class VirtualDeadlock(RuntimeError):
    """Nothing is ready and no timer is set: whatever the program waits for will never come."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An asyncio loop that starts at second 0 of a time of its own; `time()` only moves when nothing is ready."""

    def __init__(self) -> None:
        self._now_seconds = 0.0
        self._thread_jobs = 0
        super().__init__(_JumpingSelector(self))
        # asyncio compares due times with time() + this. The nanosecond that it takes from the system's clock would be
        # lost in rounding after two virtual months, and then no timer would ever be due.
        self._clock_resolution = RESOLUTION_SECONDS

    def time(self) -> float:
        """Seconds since the loop was made, in its own time."""
        return self._now_seconds

    @property
    def is_waiting_for_thread(self) -> bool:
        """A job given to a thread by `run_in_executor` or `asyncio.to_thread` has not ended."""
        return self._thread_jobs > 0

    def jump(self, seconds: float) -> None:
        """Let `seconds` (not negative) pass at once."""
        assert seconds >= 0, f"time does not go back: {seconds}"
        self._now_seconds += seconds

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Arguments], Result], *args: *Arguments
    ) -> asyncio.Future[Result]:
        """As asyncio's own; time stands still until the job has ended."""
        job = super().run_in_executor(executor, func, *args)
        self._thread_jobs += 1
        job.add_done_callback(self._end_thread_job)
        return job

    async def shutdown_default_executor(self, *args: Any) -> None:
        """As asyncio's own, whose arguments differ between versions of Python (hence `Any`)."""
        self._thread_jobs += 1
        try:
            await super().shutdown_default_executor(*args)
        finally:
            self._thread_jobs -= 1

    def _end_thread_job(self, _job: asyncio.Future[Result]) -> None:
        self._thread_jobs -= 1


class _JumpingSelector(selectors.DefaultSelector):
    """Where asyncio would wait until its next timer, this lets virtual time pass instead."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self._loop.is_waiting_for_thread:
            return super().select(THREAD_SECONDS) or self._end("a thread did not end in its time")
        if timeout is not None:
            self._loop.jump(timeout)
            return []
        return super().select(STRANGER_SECONDS) or self._end("nothing is ready and no timer is set")

    def _end(self, why: str) -> list[tuple[selectors.SelectorKey, int]]:
        waiting = sorted(str(task.get_coro()) for task in asyncio.all_tasks(self._loop))
        raise VirtualDeadlock(f"{why}, so nothing would ever happen again; waiting: {', '.join(waiting) or 'nobody'}")


def run_virtual(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run `coroutine` to its end on a new virtual loop, and tidy up. (`Any`: what a coroutine yields is asyncio's.)

    An error in a callback or in a task that nobody waits for, which asyncio would only log, ends up here too.

    Raises:
        VirtualDeadlock: the program waits for something that will never come.
    """
    unheard: list[BaseException] = []

    def hear(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        unheard.append(context.get("exception") or RuntimeError(context["message"]))

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.get_loop().set_exception_handler(hear)
        result = runner.run(coroutine)
    if unheard:
        raise unheard[0]
    return result
