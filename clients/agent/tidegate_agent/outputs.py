"""The keeping of outputs that processes of handlers still write to although their command has ended.

Law: while there are such files they are looked at, often where one grows and seldom where none does; without them
nothing is done at all.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from tidegate_agent.output import LARGEST_BYTES, leftovers, look_after

_FIRST_LOOK_SECONDS, _LONGEST_LOOK_SECONDS = 0.1, 30.0


class OutputKeeper:
    """Keeps the outputs of one root, between its commands and after its start."""

    def __init__(self, run_folder: Path) -> None:
        self._folder = run_folder
        self._pause_seconds = _FIRST_LOOK_SECONDS
        self._next: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """Look at every file now, and again for as long as there are any."""
        self.close()
        sizes = [size for path in leftovers(self._folder) if (size := look_after(path)) is not None]
        if not sizes:
            self._pause_seconds = _FIRST_LOOK_SECONDS
            return
        if max(sizes) > LARGEST_BYTES:
            self._pause_seconds = _FIRST_LOOK_SECONDS
        self._next = asyncio.get_running_loop().call_later(self._pause_seconds, self.look)
        self._pause_seconds = min(_LONGEST_LOOK_SECONDS, self._pause_seconds * 2)

    def close(self) -> None:
        """Look no more; the files stay for the next engine."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
