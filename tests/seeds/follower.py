"""Followers: watch an upgrade or a scale set, hang up at random, and come back to where they were."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from tests.seeds.chaos import Life
from tidegate.domain.refusal import JournalUnavailable, UpgradeNotFound, WatchTooSlow
from tidegate.domain.resource_id import ScaleSetId
from tidegate.executor.clock import Clock
from tidegate.executor.watch import Happened, Mark, ScaleSetWatcher, Snapshot, Watcher, WatchHub
from tidegate.journal.promise import Entry
from tidegate.upgrade.events import Event
from tidegate.upgrade.state import Upgrade

Got = tuple[str, int, Event]
"""Upgrade id, sequence number, event."""


class Host(Protocol):
    """Where the server of the moment is found."""

    async def serving(self) -> tuple[WatchHub[Event], Life]:
        """The hub of a server that lives; waits for one."""


def render_event(_upgrade: Upgrade, entry: Entry) -> Event:
    """Followers are given the event as it is."""
    return entry.event


@dataclass(kw_only=True)
class Follower:
    """One reader with a bad connection."""

    host: Host
    clock: Clock
    random: Random
    about: str
    """An upgrade's id, or a scale set's key."""
    got: list[Got] = field(default_factory=list)
    snapshot: Mark | None = None
    """Where its snapshot stood, if it was given one."""

    @property
    def mark(self) -> Mark | None:
        """The last thing that it saw."""
        return Mark(self.got[-1][0], self.got[-1][1]) if self.got else self.snapshot

    def lacks(self, story: Sequence[Got]) -> bool:
        """It did not get, once and in order, what came after its first moment; `story` is all there was to get."""
        first = self.snapshot
        begin = 0
        if first is not None:
            place = (first.upgrade_id, first.sequence)
            begin = next(at for at, item in enumerate(story, 1) if item[:2] == place)
        return self.got != list(story[begin:])

    async def follow_upgrade(self, after_sequence: int | None) -> None:
        """To its end."""
        while True:
            hub, life = await self.host.serving()
            cursor = after_sequence if self.mark is None else self.mark.sequence
            with hub.watch(self.about, cursor) as watcher:
                await self._read(watcher, life)
                if watcher.is_over:
                    return
            await self._stay_away()

    async def follow_scale_set(self, scale_set: ScaleSetId) -> None:
        """For ever."""
        while True:
            hub, life = await self.host.serving()
            with hub.watch_scale_set(scale_set, self.mark) as watcher:
                await self._read(watcher, life)
            await self._stay_away()

    async def _read(self, watcher: Watcher[Event] | ScaleSetWatcher[Event], life: Life) -> None:
        """Some readings, until it loses patience or the server is gone."""
        for _ in range(self.random.randint(1, 8)):
            reading = asyncio.ensure_future(watcher.read(self.random.choice((1.0, 60.0, 600.0))))
            death = asyncio.ensure_future(life.death.wait())
            await asyncio.wait({reading, death}, return_when=asyncio.FIRST_COMPLETED)
            death.cancel()
            if not reading.done():
                reading.cancel()
                return
            try:
                self._take(reading.result())
            except (JournalUnavailable, UpgradeNotFound, WatchTooSlow):
                return

    def _take(self, found: Sequence[Snapshot | Happened[Event]]) -> None:
        for item in found:
            match item:
                case Snapshot(upgrade=upgrade):
                    assert self.mark is None, "a snapshot comes first or never"
                    self.snapshot = Mark(upgrade.upgrade_id, upgrade.sequence)
                case Happened():
                    self.got.append((item.upgrade_id, item.sequence, item.value))

    async def _stay_away(self) -> None:
        await self.clock.sleep_until(self.clock.now_ms() + self.random.randint(0, 120_000))
