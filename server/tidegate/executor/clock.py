"""The only module that reads a clock: everybody else is told the moment in milliseconds since the epoch, UTC.

Law: within one process time never goes back. The wall clock is read once; from then on the event loop's own time
counts, so that a corrected wall clock moves no deadline and a loop with virtual time has virtual clocks.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

_MILLISECONDS = 1_000
_ROUNDING_MS = 0.001
"""A timer may ring this early; a moment that is reached but for it counts as reached."""


class Clock(Protocol):
    """Tells the time and lets it pass."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch, UTC; never less than the last answer."""

    async def sleep_until(self, at_ms: int) -> None:
        """Return at `at_ms` or right after; at once, but not before others had their turn, where that is past."""


class LoopClock:
    """The clock of the running event loop. Made inside it."""

    def __init__(self, epoch_ms: int | None = None) -> None:
        """`epoch_ms` is what it shows at first; the wall clock's time where it is None."""
        self._loop = asyncio.get_running_loop()
        self._began_seconds = self._loop.time()
        self._epoch_ms = time.time_ns() // 1_000_000 if epoch_ms is None else epoch_ms

    def now_ms(self) -> int:
        """Milliseconds since the epoch, UTC; never less than the last answer."""
        elapsed_seconds = self._loop.time() - self._began_seconds
        return self._epoch_ms + int(elapsed_seconds * _MILLISECONDS + _ROUNDING_MS)

    async def sleep_until(self, at_ms: int) -> None:
        """Return at `at_ms` or right after; at once, but not before others had their turn, where that is past."""
        await asyncio.sleep(max(0, at_ms - self.now_ms()) / _MILLISECONDS)
        if self.now_ms() < at_ms:
            await self.sleep_until(at_ms)
