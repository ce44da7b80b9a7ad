"""One watcher of one scale set: its upgrades one after another, those that begin later too, until it is closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, TypeVar

from tidegate.domain.resource_id import ScaleSetId
from tidegate.executor.ring import Happened
from tidegate.executor.watcher import ResumeToken, Snapshot, Sources, Watcher
from tidegate.journal.promise import UpgradeQuery

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the story of a scale set: after this event of this upgrade; without an id, before any upgrade."""

    upgrade_id: str
    sequence: int


class ScaleSetWatcher(AbstractContextManager["ScaleSetWatcher[T]"], Generic[T]):
    """Gives a snapshot of the latest upgrade, where there is one and no mark was given, then every event of it and of
    every later upgrade. It is never over by itself."""

    def __init__(
        self,
        sources: Sources[T],
        scale_set: ScaleSetId,
        after: Mark | None,
        resume_token: ResumeToken,
        arrival: Callable[[str], asyncio.Event],
    ) -> None:
        """`arrival` gives what is set when the next upgrade of the scale set with that key has begun."""
        self._sources = sources
        self._scale_set = scale_set
        self._after = after
        self._resume_token = resume_token
        self._arrival = arrival
        self._has_begun = False
        self._is_closed = False
        self._watcher: Watcher[T] | None = None
        self._watched_id = ""
        self._previous: tuple[int, str] | None = None

    async def read(self, timeout_seconds: float | None = None) -> Sequence[Snapshot | Happened[T]]:
        """What comes next, some of it at once; empty where nothing came in that time, or where it was closed.

        Raises:
            UpgradeNotFound, ResumeTokenMismatch, WatchTooSlow, JournalUnavailable: as a watcher of one upgrade.
        """
        if not self._has_begun:
            await self._begin()
        while not self._is_closed:
            if self._watcher is not None:
                found = await self._watcher.read(timeout_seconds)
                if found or not self._watcher.is_over:
                    return found
                await self._leave()
            # Taken before looking, so that an upgrade that begins while we look rings it.
            arrival = self._arrival(self._scale_set.key)
            if not await self._follow_next() and not await _rang(arrival, timeout_seconds):
                break
        return ()

    async def __aiter__(self) -> AsyncIterator[Snapshot | Happened[T]]:
        """Everything, for ever; raises as `read` does."""
        with self:
            while found := await self.read():
                for item in found:
                    yield item

    def close(self) -> None:
        """Watch no longer."""
        self._is_closed = True
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def _begin(self) -> None:
        if self._after is not None:
            if self._after.upgrade_id:
                self._watch(self._after.upgrade_id, self._after.sequence)
        elif (latest := await self._sources.known.latest(self._scale_set)) is not None:
            self._watch(latest.upgrade_id, None)
        self._has_begun = True

    def _watch(self, upgrade_id: str, after_sequence: int | None) -> None:
        self._watched_id = upgrade_id
        self._watcher = Watcher(self._sources, upgrade_id, after_sequence, self._resume_token)

    async def _leave(self) -> None:
        upgrade = await self._sources.known.by_id(self._watched_id)
        self._previous = (upgrade.started.at_ms, upgrade.upgrade_id)
        assert self._watcher is not None, "one leaves what one watches"
        self._watcher.close()
        self._watcher = None

    async def _follow_next(self) -> bool:
        query = UpgradeQuery(scale_set=self._scale_set, newest_first=False)
        rows = await self._sources.journal.list_upgrades(query, self._previous, 1)
        if not rows:
            return False
        self._watch(rows[0].upgrade_id, 0)
        return True


async def _rang(bell: asyncio.Event, timeout_seconds: float | None) -> bool:
    try:
        async with asyncio.timeout(timeout_seconds):
            await bell.wait()
    except TimeoutError:
        return False
    return True
