"""An asker that answers as a test tells it, in whatever time: hosts without sockets, for virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tidegate.fleets.probing.asking import Answer, Question

Say = Callable[[Question, int], Answer]
"""What a host answers to the question, when asked for the so-manieth time, from 0."""


class ScriptedAsker:
    """Remembers who was asked and when, and how many were asked at once at most."""

    def __init__(self, say: Say, *, answer_seconds: float = 0.0) -> None:
        self._say = say
        self.answer_seconds = answer_seconds
        self.asked: list[tuple[float, str]] = []
        """When, in seconds of the loop's time, and the host."""
        self.at_once = self.most_at_once = 0
        self.is_asking = asyncio.Event()
        """Set once somebody has been asked."""
        self.is_closed = False
        self._counts: dict[str, int] = {}

    async def ask(self, question: Question) -> Answer:
        """Answers after its time."""
        host = question.address.host
        number = self._counts[host] = self._counts.get(host, -1) + 1
        self.asked.append((asyncio.get_running_loop().time(), host))
        self.at_once += 1
        self.is_asking.set()
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.answer_seconds)
        finally:
            self.at_once -= 1
        return self._say(question, number)

    async def close(self) -> None:
        """Nobody is being asked any more."""
        assert self.at_once == 0
        self.is_closed = True

    def times(self, host: str) -> list[float]:
        """When that host was asked."""
        return [at_seconds for at_seconds, asked in self.asked if asked == host]
