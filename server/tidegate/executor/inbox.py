"""The inbox of a driver: reports and commands in the order they came, bounded.

Law: nothing is lost. Only answers may come in any number, and a fleet gives an answer again whenever the order is given
again; so an answer that finds the inbox full is dropped and noted, and the driver gives its orders once more.
"""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import islice

from tidegate.executor.commands import Command
from tidegate.upgrade.reports import OrderAnswered, Report

Item = Report | Command


class Inbox:
    """Filled from the event loop without waiting, emptied by one driver."""

    def __init__(self, capacity: int) -> None:
        """`capacity` bounds the answers; observations, alarms and commands come singly and always find room."""
        self._capacity = capacity
        self._items: deque[Item] = deque()
        self._bell = asyncio.Event()
        self._broken: BaseException | None = None
        self.has_dropped = False
        """An answer found no room since this was last set to False."""

    def put(self, item: Item) -> None:
        """Take it in and wake the driver."""
        if isinstance(item, OrderAnswered) and len(self._items) >= self._capacity:
            self.has_dropped = True
            return
        self._items.append(item)
        self._bell.set()

    def fail(self, error: BaseException) -> None:
        """Something that works for the driver broke: whoever waits gets it."""
        self._broken = error
        self._bell.set()

    def wake(self) -> None:
        """Let the driver look around although nothing came."""
        self._bell.set()

    async def wait(self) -> None:
        """Return once there is something, or the driver was woken; raises what broke."""
        await self._bell.wait()
        self._bell.clear()
        if self._broken is not None:
            raise self._broken

    def take(self, limit: int) -> list[Item]:
        """Up to `limit` items, the oldest first; the bell rings again for the rest."""
        taken = list(islice(self._items, limit))
        if len(taken) == len(self._items):
            self._items.clear()
        else:
            for _ in taken:
                self._items.popleft()
            self._bell.set()
        return taken

    def take_all(self) -> list[Item]:
        """Everything that is left."""
        return self.take(len(self._items))
