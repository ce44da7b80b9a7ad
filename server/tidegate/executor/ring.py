"""The ring of one watched upgrade: its newest events, rendered once, for all who watch it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from tidegate.executor.replay import Replay, Step
from tidegate.journal.promise import Entry, Journal
from tidegate.upgrade.state import Upgrade

T = TypeVar("T")

Render = Callable[[Upgrade, Entry], T]
"""Makes of an event, and of where the upgrade stands after it, what watchers are given."""


@dataclass(frozen=True, slots=True)
class Happened(Generic[T]):
    """One event, rendered."""

    upgrade_id: str
    sequence: int
    value: T


class Ring(Generic[T]):
    """Holds at least the `capacity` newest events since it was made; a wake-up for each batch of them."""

    def __init__(self, upgrade: Upgrade, capacity: int, render: Render[T]) -> None:
        self.upgrade_id = upgrade.upgrade_id
        self.sequence = upgrade.sequence
        """The number of the newest event that was published."""
        self.is_over = upgrade.is_ended
        self.readers = 0
        self._capacity = capacity
        self._render = render
        self._cells: list[Step | Happened[T]] = []
        self._bell = asyncio.Event()
        self._filling = asyncio.Lock()
        self._is_filled = False

    @property
    def first(self) -> int:
        """The number of the oldest event that it holds, or would hold next."""
        return self.sequence - len(self._cells) + 1

    def extend(self, steps: Sequence[Step]) -> None:
        """These happened next; everybody who waits is woken once."""
        assert steps[0].entry.sequence == self.sequence + 1, f"{self.upgrade_id} is published in order"
        self._cells.extend(steps)
        if len(self._cells) > 2 * self._capacity:
            del self._cells[: -self._capacity]
        self.sequence = steps[-1].entry.sequence
        self.is_over = steps[-1].upgrade.is_ended
        bell, self._bell = self._bell, asyncio.Event()
        bell.set()

    def after(self, sequence: int, limit: int) -> Sequence[Happened[T]] | None:
        """Up to `limit` events after that number; None where the ring no longer has the next one."""
        begin = sequence + 1 - self.first
        if begin < 0:
            return None
        end = min(begin + limit, len(self._cells))
        return [self._rendered(at) for at in range(begin, end)]

    async def news(self, timeout_seconds: float | None) -> bool:
        """Wait for the next event; False where none came in that time. None waits for ever."""
        bell = self._bell
        try:
            async with asyncio.timeout(timeout_seconds):
                await bell.wait()
        except TimeoutError:
            return False
        return True

    async def fill(self, journal: Journal) -> None:
        """Take in what lies before the oldest event, as far as there is room: once, for all who come back late."""
        async with self._filling:
            if self._is_filled:
                return
            self._is_filled = True
            # While it was read, newer events may have come into the ring, and from its other end some may have gone.
            older = [step for step in await self._read_older(journal) if step.entry.sequence < self.first]
            if older and older[-1].entry.sequence == self.first - 1:
                self._cells[:0] = older

    async def _read_older(self, journal: Journal) -> list[Step]:
        pages = Replay(journal, self.upgrade_id)
        older: list[Step] = []
        while (steps := await pages.page()) and steps[0].entry.sequence < self.first:
            older = [*older, *steps][-self._capacity :]
        return older

    def _rendered(self, at: int) -> Happened[T]:
        cell = self._cells[at]
        if isinstance(cell, Step):
            value = self._render(cell.upgrade, cell.entry)
            cell = Happened(self.upgrade_id, cell.entry.sequence, value)
            self._cells[at] = cell
        return cell
