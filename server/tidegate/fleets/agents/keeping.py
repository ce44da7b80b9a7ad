"""Group commit for hosts: whatever was noted in one turn of the loop is one transaction, and one wait for the disk.

Law: `kept` returns after everything noted before it is in the store. What could not be written stays noted and is tried
again; nobody acts on it until then. While one group is on its way to the disk the next one gathers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog

from tidegate.fleets.agents.host_card import HostCard, Part
from tidegate.fleets.agents.host_records import encode_identity, encode_report, encode_work
from tidegate.fleets.agents.host_store import Changes, HostsNotKept, HostStore, KeptSettings, KeptToken

KEEP_AGAIN_SECONDS = 1.0
"""After so long what could not be kept is tried again."""
KEEP_REPORTS_SECONDS = 2.0
"""What hosts merely report is kept this much later, together with what others report until then."""

log = structlog.stdlib.get_logger(__name__)

CallLater = Callable[[float, Callable[[], None]], object]
"""Calls back after so many seconds, on the event loop; `asyncio`'s `call_later` is one."""


@dataclass(slots=True)
class _Noted:
    """What is to be written with the next group."""

    cards: dict[HostCard, None] = field(default_factory=dict)
    gone: dict[str, None] = field(default_factory=dict)
    tokens: dict[str, KeptToken | None] = field(default_factory=dict)
    settings: dict[tuple[str, str], KeptSettings] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.cards or self.gone or self.tokens or self.settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A card that is in the store as it was when its group was made up."""

    card: HostCard
    goal_incarnation: int
    answer_count: int
    """So many of its answers say what is kept."""


class Keeping:
    """The only one who writes to the store."""

    def __init__(self, store: HostStore, call_later: CallLater, on_kept: Callable[[Sequence[Kept]], None]) -> None:
        """`on_kept` hears of every card that was written, right after it was."""
        self._store = store
        self._call_later = call_later
        self._on_kept = on_kept
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="host-store") if store.is_on_disk else None
        self._noted = _Noted()
        self._running: asyncio.Task[None] | None = None
        self._on_its_way: asyncio.Future[None] | None = None
        self._next: asyncio.Future[None] | None = None
        self._is_booked = False
        self._is_closed = False

    def note(self, card: HostCard, part: Part) -> None:
        """This part of the card has changed."""
        if not card.is_gone:
            card.unkept |= part
            self._noted.cards[card] = None

    def note_report(self, card: HostCard) -> None:
        """The host said something; that may wait a little for its turn."""
        self.note(card, Part.REPORT)
        self._book(KEEP_REPORTS_SECONDS)

    def note_gone(self, card: HostCard) -> None:
        """The host is none any more."""
        card.is_gone = True
        self._noted.cards.pop(card, None)
        self._noted.gone[card.uid] = None

    def note_token(self, token: KeptToken) -> None:
        """The token is new, or was used."""
        self._noted.tokens[token.id] = token

    def note_spent(self, token_ids: Iterable[str]) -> None:
        """The tokens are good for nothing any more."""
        self._noted.tokens.update(dict.fromkeys(token_ids))

    def note_settings(self, settings: KeptSettings) -> None:
        """The settings of an extension have changed."""
        self._noted.settings[settings.scale_set, settings.extension] = settings

    async def kept(self) -> None:
        """Return once everything noted before is in the store.

        Raises:
            HostsNotKept: it is not, and is tried again later.
        """
        waiting = self._next_group() if self._noted else self._on_its_way
        if waiting is not None:
            await asyncio.shield(waiting)

    async def close(self) -> None:
        """Write what is noted, where that can be done, and let go of the store."""
        self._is_closed = True
        if self._running is not None:
            await asyncio.wait((self._running,))
        if self._noted:
            try:
                await self._save(self._changes(self._noted))
            except HostsNotKept as broken:
                log.error("hosts_not_kept", because=str(broken))
        if self._thread is not None:
            self._thread.shutdown(wait=False)
        self._store.close()

    def _next_group(self) -> asyncio.Future[None]:
        """The group that everything noted so far is in: done once it is written."""
        if self._next is None:
            self._next = _promised()
        if self._running is None:
            self._running = asyncio.ensure_future(self._run())
        return self._next

    def _book(self, after_seconds: float) -> None:
        if not self._is_booked and not self._is_closed:
            self._is_booked = True
            self._call_later(after_seconds, self._booked)

    def _booked(self) -> None:
        self._is_booked = False
        if not self._is_closed and self._noted and self._running is None:
            self._running = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        """Write group after group, until nothing is noted that somebody waits for."""
        try:
            # Whoever else notes something in this turn of the loop shares the transaction.
            await asyncio.sleep(0)
            while self._noted:
                await self._write_group()
                if self._next is None:
                    break
        finally:
            self._running = None
            if self._next is not None and not self._is_closed:
                self._running = asyncio.ensure_future(self._run())
            elif self._noted:
                self._book(KEEP_REPORTS_SECONDS)

    async def _write_group(self) -> None:
        noted, self._noted = self._noted, _Noted()
        waiting, self._next = self._next or _promised(), None
        self._on_its_way = waiting
        changes = self._changes(noted)
        parts = {card: card.unkept for card in noted.cards}
        kept = [
            Kept(card=card, goal_incarnation=card.goal_incarnation, answer_count=len(card.answers))
            for card in noted.cards
        ]
        for card in noted.cards:
            card.unkept = Part.NONE
        try:
            await self._save(changes)
        except HostsNotKept as broken:
            log.error("hosts_not_kept", because=str(broken))
            self._note_again(noted, parts)
            self._book(KEEP_AGAIN_SECONDS)
            waiting.set_exception(HostsNotKept(*broken.args))
            return
        except Exception as mistake:
            self._note_again(noted, parts)
            waiting.set_exception(mistake)
            raise
        finally:
            self._on_its_way = None
        try:
            if not self._is_closed:
                self._on_kept(kept)
        finally:
            waiting.set_result(None)

    def _note_again(self, noted: _Noted, parts: dict[HostCard, Part]) -> None:
        """What was noted meanwhile is newer, and stands."""
        for card, part in parts.items():
            self.note(card, part)
        self._noted.gone = noted.gone | self._noted.gone
        self._noted.tokens = noted.tokens | self._noted.tokens
        self._noted.settings = noted.settings | self._noted.settings

    def _changes(self, noted: _Noted) -> Changes:
        cards = noted.cards
        return Changes(
            hosts=[
                (card.uid, card.identity.credential_digest, encode_identity(card))
                for card in cards
                if Part.IDENTITY in card.unkept
            ],
            works=[(card.uid, encode_work(card)) for card in cards if Part.WORK in card.unkept],
            reports=[(card.uid, encode_report(card)) for card in cards if Part.REPORT in card.unkept],
            gone=tuple(noted.gone),
            tokens=[token for token in noted.tokens.values() if token is not None],
            spent=[token_id for token_id, token in noted.tokens.items() if token is None],
            settings=tuple(noted.settings.values()),
        )

    async def _save(self, changes: Changes) -> None:
        if self._thread is None:
            self._store.save(changes)
        else:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._store.save, changes)


def _promised() -> asyncio.Future[None]:
    promised: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    promised.add_done_callback(_look_at)
    return promised


def _look_at(waiting: asyncio.Future[None]) -> None:
    """A failure that nobody waits for any more is not reported as forgotten: it was logged."""
    if not waiting.cancelled():
        waiting.exception()
