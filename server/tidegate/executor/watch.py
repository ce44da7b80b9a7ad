"""The watch hub: everything that happens in an upgrade, once and in order, for any number of watchers.

Law: a watcher holds a cursor and nothing else. What happens lies in one ring for all who watch the upgrade, rendered
once; what lies further back is read from the journal; whoever falls off the ring while live is let go, and nothing is
lost to him, since he can watch again from where he was.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Generic, TypeVar

from tidegate.domain.resource_id import ScaleSetId
from tidegate.executor.known_upgrades import KnownUpgrades
from tidegate.executor.replay import Step
from tidegate.executor.ring import Happened, Render, Ring
from tidegate.executor.scale_set_watcher import Mark, ScaleSetWatcher
from tidegate.executor.watcher import ResumeToken, Snapshot, Sources, Watcher, plain_token
from tidegate.journal.promise import Journal
from tidegate.upgrade.events import UpgradeStarted
from tidegate.upgrade.state import Upgrade

__all__ = ["Happened", "Mark", "Render", "ScaleSetWatcher", "Snapshot", "WatchHub", "Watcher", "plain_token"]

T = TypeVar("T")

CAPACITY = 8_192
"""Events of one upgrade that are kept for those who watch it live."""
UNWATCHED_RINGS = 64
"""Rings that are kept when their last watcher has gone: most come back, and find what they missed."""


class WatchHub(Generic[T]):
    """Where drivers tell what happened and watchers hear of it. Unwatched upgrades cost one look-up."""

    def __init__(self, render: Render[T], capacity: int = CAPACITY) -> None:
        self._render = render
        self._capacity = capacity
        self._rings: dict[str, Ring[T]] = {}
        self._unwatched: OrderedDict[str, None] = OrderedDict()
        self._arrivals: dict[str, asyncio.Event] = {}
        self._sources: Sources[T] | None = None

    def connect(self, journal: Journal, known: KnownUpgrades) -> None:
        """Where to read what lies back; the conductor tells it."""
        self._sources = Sources(
            known=known, journal=journal, render=self._render, take_ring=self._take_ring, leave_ring=self._leave_ring
        )

    def publish(self, steps: Sequence[Step]) -> None:
        """These steps of one upgrade, at least one, are in the journal. Told together with what is in memory."""
        first = steps[0]
        ring = self._rings.get(first.upgrade.upgrade_id)
        if ring is not None:
            ring.extend(steps)
        if isinstance(first.entry.event, UpgradeStarted):
            bell = self._arrivals.pop(first.upgrade.scale_set.key, None)
            if bell is not None:
                bell.set()

    def watch(
        self, upgrade_id: str, after_sequence: int | None = None, resume_token: ResumeToken = plain_token
    ) -> Watcher[T]:
        """A watcher of one upgrade: from a snapshot on, or from right after the event of that number.

        Close it, or iterate it to its end. `resume_token` makes the token that WatchTooSlow carries.
        """
        return Watcher(self._connected, upgrade_id, after_sequence, resume_token)

    def watch_scale_set(
        self, scale_set: ScaleSetId, after: Mark | None = None, resume_token: ResumeToken = plain_token
    ) -> ScaleSetWatcher[T]:
        """A watcher of all upgrades of one scale set, those that begin later too. Close it."""
        return ScaleSetWatcher(self._connected, scale_set, after, resume_token, self._arrival)

    @property
    def watched_count(self) -> int:
        """Upgrades that somebody watches."""
        return len(self._rings) - len(self._unwatched)

    @property
    def _connected(self) -> Sources[T]:
        assert self._sources is not None, "a conductor connects its hub before anybody watches"
        return self._sources

    def _take_ring(self, upgrade: Upgrade) -> Ring[T]:
        ring = self._rings.get(upgrade.upgrade_id)
        if ring is None:
            ring = Ring(upgrade, self._capacity, self._render)
            self._rings[upgrade.upgrade_id] = ring
        self._unwatched.pop(upgrade.upgrade_id, None)
        ring.readers += 1
        return ring

    def _leave_ring(self, ring: Ring[T]) -> None:
        ring.readers -= 1
        if ring.readers == 0:
            self._unwatched[ring.upgrade_id] = None
            if len(self._unwatched) > UNWATCHED_RINGS:
                longest_gone, _ = self._unwatched.popitem(last=False)
                del self._rings[longest_gone]

    def _arrival(self, scale_set_key: str) -> asyncio.Event:
        return self._arrivals.setdefault(scale_set_key, asyncio.Event())
