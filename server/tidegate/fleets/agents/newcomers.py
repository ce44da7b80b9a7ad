"""Hosts that have worked through their first goal state: whoever wants to hear of them hears of each once.

Law: a host counts as announced only after the listener has returned, and that is kept; should the server go down in
between, the listener hears of it again, by the same name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog

from tidegate.domain.refusal import Refusal
from tidegate.domain.resource_id import ScaleSetId
from tidegate.fleets.agents.host_book import HostBook
from tidegate.fleets.agents.host_card import HostCard, Part

log = structlog.stdlib.get_logger(__name__)

OnJoined: TypeAlias = Callable[[ScaleSetId, str], Awaitable[None]]
"""Hears of a scale set and of the uid of a host that is new in it."""


class Newcomers:
    """Announces hosts."""

    def __init__(self, book: HostBook, on_joined: OnJoined | None) -> None:
        self.on_joined = on_joined
        """May be set later; until then nobody is announced."""
        self._book = book
        self._running: dict[HostCard, asyncio.Task[None]] = {}

    def look_at(self, card: HostCard) -> None:
        """Announce the host, where it is new and stands."""
        if card.is_announced or not card.reached_incarnation or card in self._running or self.on_joined is None:
            return
        task = asyncio.ensure_future(self._announce(card, self.on_joined))
        self._running[card] = task
        task.add_done_callback(lambda _: self._running.pop(card, None))

    async def close(self) -> None:
        """Announce nobody any more."""
        running = tuple(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _announce(self, card: HostCard, on_joined: OnJoined) -> None:
        try:
            await on_joined(card.name.scale_set, card.uid)
        except Refusal as refusal:
            # It is looked at again with its next line or result.
            log.warning("newcomer_not_announced", host=str(card.name), because=refusal.message)
            return
        if self._book.card_of(card.uid) is card:
            card.is_announced = True
            self._book.keeping.note(card, Part.WORK)
            self._book.keeping.note_report(card)
