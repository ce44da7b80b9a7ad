"""Turns: whatever must not happen twice at once for one scale set happens one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """A lock for each scale set, there for as long as somebody wants it."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def of(self, scale_set_key: str) -> AsyncIterator[None]:
        """Wait for one's turn with the scale set of that key, and have it."""
        lock, users = self._locks.get(scale_set_key, (asyncio.Lock(), 0))
        self._locks[scale_set_key] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            _, users = self._locks[scale_set_key]
            if users == 1:
                del self._locks[scale_set_key]
            else:
                self._locks[scale_set_key] = (lock, users - 1)
