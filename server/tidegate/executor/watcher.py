"""One watcher of one upgrade: a cursor that goes from event to event, each exactly once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, TypeVar

from tidegate.domain.refusal import ResumeTokenMismatch, WatchTooSlow
from tidegate.executor.known_upgrades import KnownUpgrades
from tidegate.executor.replay import Replay, Step
from tidegate.executor.ring import Happened, Render, Ring
from tidegate.journal.promise import Journal
from tidegate.upgrade.state import Upgrade

T = TypeVar("T")

AT_ONCE = 256
"""Events that one reading gives at most, so that a reader's next wish is not kept waiting."""

ResumeToken = Callable[[str, int], str]
"""Makes of an upgrade id and a sequence number the token with which a watch goes on right after that event."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where the upgrade stood when the watch began: after the event number `upgrade.sequence`."""

    upgrade: Upgrade


def plain_token(upgrade_id: str, sequence: int) -> str:
    """The token of a watch that nobody renders otherwise."""
    return f"{upgrade_id}/{sequence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources(Generic[T]):
    """What watchers read from: the upgrades in memory, the journal, and the rings of the hub."""

    known: KnownUpgrades
    journal: Journal
    render: Render[T]
    take_ring: Callable[[Upgrade], Ring[T]]
    """The upgrade's ring, with one reader more."""
    leave_ring: Callable[[Ring[T]], None]


class Watcher(AbstractContextManager["Watcher[T]"], Generic[T]):
    """Gives a snapshot (unless it goes on from a number), then every event, and is over after the ending one."""

    def __init__(
        self, sources: Sources[T], upgrade_id: str, after_sequence: int | None, resume_token: ResumeToken
    ) -> None:
        self._sources = sources
        self._upgrade_id = upgrade_id
        self._cursor = after_sequence
        self._resume_token = resume_token
        self._ring: Ring[T] | None = None
        self._is_live = False
        self._past: Replay | None = None
        self._is_closed = False

    @property
    def is_over(self) -> bool:
        """The ending event was given; nothing comes any more."""
        ring = self._ring
        return self._is_closed or (ring is not None and ring.is_over and self._cursor == ring.sequence)

    async def read(self, timeout_seconds: float | None = None) -> Sequence[Snapshot | Happened[T]]:
        """What comes next, some of it at once. Empty where nothing came in that time, or where it is over.

        Raises:
            UpgradeNotFound: there is no such upgrade.
            ResumeTokenMismatch: the upgrade has no event of the number it was to go on from.
            WatchTooSlow: more happened since the last reading than is kept for watchers.
            JournalUnavailable: what lies back cannot be read just now.
        """
        if self._ring is None and not self._is_closed:
            upgrade = await self._begin()
            if self._cursor is None:
                self._cursor = upgrade.sequence
                self._is_live = True
                return (Snapshot(upgrade),)
        while not self.is_over:
            if found := await self._next():
                self._cursor = found[-1].sequence
                return found
            if not await self._news(timeout_seconds):
                break
        return ()

    async def __aiter__(self) -> AsyncIterator[Snapshot | Happened[T]]:
        """Everything, to the end; raises as `read` does."""
        with self:
            while found := await self.read():
                for item in found:
                    yield item

    def close(self) -> None:
        """Watch no longer."""
        self._is_closed = True
        if self._ring is not None:
            ring, self._ring = self._ring, None
            self._sources.leave_ring(ring)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def _begin(self) -> Upgrade:
        # Between finding the upgrade and taking its ring nobody else has a turn, so no event falls between the two.
        upgrade = await self._sources.known.by_id(self._upgrade_id)
        if self._cursor is not None and not 0 <= self._cursor <= upgrade.sequence:
            raise ResumeTokenMismatch(f"{upgrade.scale_set}/rollingUpgrades/{upgrade.upgrade_id}")
        self._ring = self._sources.take_ring(upgrade)
        return upgrade

    async def _news(self, timeout_seconds: float | None) -> bool:
        """Wait for something to happen; False where nothing did in that time."""
        return self._ring is None or self.is_over or await self._ring.news(timeout_seconds)

    async def _next(self) -> Sequence[Happened[T]]:
        assert self._ring is not None, "a watch that has begun has a ring"
        assert self._cursor is not None, "a watch that has begun has a cursor"
        found = self._ring.after(self._cursor, AT_ONCE)
        if found is None and self._is_live:
            raise WatchTooSlow(self._resume_token(self._upgrade_id, self._cursor))
        if found is None and self._past is None:
            await self._ring.fill(self._sources.journal)
            found = self._ring.after(self._cursor, AT_ONCE)
        if found is None:
            return await self._next_of_past(self._cursor)
        self._is_live = True
        self._past = None
        return found

    async def _next_of_past(self, cursor: int) -> Sequence[Happened[T]]:
        """From the journal: too far back for the ring. It is gone through from its first event, because what is
        rendered tells where the upgrade stood after each."""
        if self._past is None:
            self._past = Replay(self._sources.journal, self._upgrade_id)
        while steps := await self._past.page():
            if steps[-1].entry.sequence > cursor:
                return [self._rendered(step) for step in steps if step.entry.sequence > cursor]
        raise AssertionError(f"the journal of {self._upgrade_id} ends before {cursor}, which the ring has passed")

    def _rendered(self, step: Step) -> Happened[T]:
        value = self._sources.render(step.upgrade, step.entry)
        return Happened(self._upgrade_id, step.entry.sequence, value)
