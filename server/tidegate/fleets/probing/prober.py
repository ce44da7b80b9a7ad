"""The prober: watches any number of hosts, asks each in its own time, and tells when what its probe says has changed.

Law: at most so many hosts are asked at once, and each host is asked by at most one question at a time. Where that is
too little, hosts wait in the order in which they were due: asks come late and are never piled up or left out.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import structlog

from tidegate.domain.health import ProbeState
from tidegate.domain.probe import ProbeDefinition
from tidegate.domain.probe_address import read_probe_address
from tidegate.fleets.probing.asking import Answer, Question
from tidegate.fleets.probing.schedule import next_due_ms, place_of
from tidegate.fleets.probing.tally import UNDECIDED, Tally, counted

log = structlog.stdlib.get_logger(__name__)

CallLater = Callable[[float, Callable[[], None]], object]
"""Calls back after so many seconds, on the event loop; `asyncio`'s `call_later` is one."""
OnChange = Callable[[ProbeState], None]
"""Hears what the probe says from now on; called on the event loop, never blocks."""


class Asks(Protocol):
    """Asks one host once; `asking.Asker` is the one that does so over the network."""

    async def ask(self, question: Question) -> Answer:
        """Whether the host is well. Ends within the probe's time-out."""

    async def close(self) -> None:
        """Let go of everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbingLimits:
    """How much is asked at once."""

    most_at_once: int = 256
    """Connections that are open at one time. A host that answers at once holds one for a millisecond, one that is down
    for as long as the time-out: 256 bear 5,000 hosts every 15 seconds while fewer than 750 of them are down."""


@dataclass(slots=True, eq=False, kw_only=True)
class _Watched:
    """One host; `due` is its entry in the calendar, and None while it waits or is asked."""

    key: str
    question: Question
    on_change: OnChange
    place: int
    tally: Tally = UNDECIDED
    due: _Due | None = None
    is_waiting: bool = False
    asking: asyncio.Task[Answer] | None = None


@dataclass(slots=True, eq=False)
class _Due:
    """An entry of the calendar; without `watched` it was struck out."""

    at_ms: int
    watched: _Watched | None

    def __lt__(self, other: _Due) -> bool:
        return self.at_ms < other.at_ms


class Prober:
    """Watches hosts. Used on one event loop; close it."""

    def __init__(
        self,
        *,
        asker: Asks,
        now_ms: Callable[[], int],
        call_later: CallLater | None = None,
        limits: ProbingLimits | None = None,
    ) -> None:
        """`now_ms` tells the time; without `call_later` it is that of the loop that runs when it is needed."""
        self._asker = asker
        self._now_ms = now_ms
        self._call_later = _call_on_running_loop if call_later is None else call_later
        self._limits = ProbingLimits() if limits is None else limits
        self._watched: dict[str, _Watched] = {}
        self._calendar: list[_Due] = []
        self._struck_count = 0
        self._woken_at_ms: int | None = None
        self._waiting: deque[_Watched] = deque()
        self._asking: set[asyncio.Task[Answer]] = set()
        self._is_closed = False
        self.late_count = 0
        """Asks that had to wait because as many as may be asked at once were."""
        self.not_asked_count = 0
        """Asks that failed for want of this server's own handles, ports or memory."""

    def watch(self, key: str, definition: ProbeDefinition, address: str, on_change: OnChange) -> ProbeState:
        """Ask this host from now on, and return what its probe says already: Initializing where it is new.

        Watching again with the same question changes nothing but who hears of it; a new pace keeps what is known; and
        another place, port, protocol or path begins anew, since what was answered elsewhere says nothing of it.

        Raises:
            ProbeAddressMalformed: the address is no place that could be probed; nothing has changed.
        """
        question = Question(definition=definition, address=read_probe_address(address))
        known = self._watched.get(key)
        if known is not None and known.question == question:
            known.on_change = on_change
            return known.tally.state
        tally = UNDECIDED
        if known is not None:
            self.unwatch(key)
            tally = _kept(known, question)
        watched = _Watched(key=key, question=question, on_change=on_change, place=place_of(key), tally=tally)
        self._watched[key] = watched
        self._enter(watched, next_due_ms(watched.place, _interval_ms(question), self._now_ms()))
        return tally.state

    def unwatch(self, key: str) -> None:
        """Ask this host no more; nobody hears of it any more, not even of a question that is under way."""
        watched = self._watched.pop(key, None)
        if watched is not None:
            self._strike(watched)
            if watched.asking is not None:
                watched.asking.cancel()

    def renew(self, key: str) -> None:
        """What the host answered before counts no more, and it is asked at once: something about it has changed.

        After an upgrade a probe says for a while what was true before it, since it takes several answers to change its
        mind. Its state is Initializing until answers from after this moment decide, and `on_change` hears so. A host
        that is not watched is none of the prober's business.
        """
        watched = self._watched.get(key)
        if watched is None:
            return
        if watched.asking is not None:
            watched = self._without_its_question(watched)
        if not watched.is_waiting:
            self._strike(watched)
            self._enter(watched, self._now_ms())
        self._tell(watched, UNDECIDED)

    def state(self, key: str) -> ProbeState:
        """What the probe of this host says; None where the host is not watched."""
        watched = self._watched.get(key)
        return ProbeState.NONE if watched is None else watched.tally.state

    async def close(self) -> None:
        """Ask nobody any more and close the asker; nobody hears anything after this."""
        self._is_closed = True
        self._watched.clear()
        self._calendar.clear()
        self._waiting.clear()
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)
        await self._asker.close()

    def _without_its_question(self, old: _Watched) -> _Watched:
        """Another watched host in place of one that is just being asked: nobody waits for that answer any more."""
        self.unwatch(old.key)
        new = _Watched(key=old.key, question=old.question, on_change=old.on_change, place=old.place, tally=old.tally)
        self._watched[old.key] = new
        return new

    def _enter(self, watched: _Watched, at_ms: int) -> None:
        watched.due = _Due(at_ms, watched)
        heapq.heappush(self._calendar, watched.due)
        self._wake_in_time()

    def _strike(self, watched: _Watched) -> None:
        """Take its entry out of the calendar: it is struck out now and swept once half of all entries are."""
        if watched.due is None:
            return
        watched.due.watched = None
        watched.due = None
        self._struck_count += 1
        if self._struck_count * 2 > len(self._calendar):
            self._calendar = [due for due in self._calendar if due.watched is not None]
            heapq.heapify(self._calendar)
            self._struck_count = 0

    def _wake_in_time(self) -> None:
        """One timer is set, for the earliest entry; one that comes too early finds nothing to do."""
        if not self._calendar or self._is_closed:
            return
        at_ms = self._calendar[0].at_ms
        if self._woken_at_ms is None or at_ms < self._woken_at_ms:
            self._woken_at_ms = at_ms
            self._call_later(max(0, at_ms - self._now_ms()) / 1000, partial(self._wake, at_ms))

    def _wake(self, at_ms: int) -> None:
        """Ask everybody who is due. A timer that a later call to wake earlier has overtaken does nothing."""
        if self._is_closed or at_ms != self._woken_at_ms:
            return
        self._woken_at_ms = None
        now_ms = self._now_ms()
        while self._calendar and self._calendar[0].at_ms <= now_ms:
            due = heapq.heappop(self._calendar)
            if due.watched is None:
                self._struck_count -= 1
                continue
            due.watched.due = None
            self._admit(due.watched)
        self._wake_in_time()

    def _admit(self, watched: _Watched) -> None:
        if len(self._asking) < self._limits.most_at_once:
            self._ask(watched)
            return
        if not self.late_count:
            log.warning("probes_late", most_at_once=self._limits.most_at_once, watched=len(self._watched))
        self.late_count += 1
        watched.is_waiting = True
        self._waiting.append(watched)

    def _ask(self, watched: _Watched) -> None:
        task = asyncio.get_running_loop().create_task(self._asker.ask(watched.question))
        watched.asking = task
        self._asking.add(task)
        task.add_done_callback(partial(self._asked, watched))

    def _asked(self, watched: _Watched, task: asyncio.Task[Answer]) -> None:
        """Its place is free again, and it is due again, before anybody hears of the answer."""
        self._asking.discard(task)
        watched.asking = None
        if self._is_closed:
            return
        self._ask_waiting()
        if self._watched.get(watched.key) is not watched:
            return
        self._enter(watched, next_due_ms(watched.place, _interval_ms(watched.question), self._now_ms()))
        match task.result():
            case Answer.NOT_ASKED:
                self._count_not_asked()
            case answer:
                threshold = watched.question.definition.threshold
                self._tell(watched, counted(watched.tally, is_well=answer is Answer.WELL, threshold=threshold))

    def _ask_waiting(self) -> None:
        while self._waiting and len(self._asking) < self._limits.most_at_once:
            watched = self._waiting.popleft()
            watched.is_waiting = False
            if self._watched.get(watched.key) is watched:
                self._ask(watched)

    def _count_not_asked(self) -> None:
        if not self.not_asked_count:
            log.warning("probes_not_asked", because="this server has no file handle, port or memory left for them")
        self.not_asked_count += 1

    def _tell(self, watched: _Watched, tally: Tally) -> None:
        before, watched.tally = watched.tally.state, tally
        if tally.state is not before:
            watched.on_change(tally.state)


def _kept(known: _Watched, question: Question) -> Tally:
    """What is known stays known where the same thing is asked of the same place, only at another pace."""
    old, new = known.question, question
    is_same = (old.address, old.port, old.definition.protocol, old.definition.request_path) == (
        new.address, new.port, new.definition.protocol, new.definition.request_path,
    )  # fmt: skip
    return Tally(known.tally.state) if is_same else UNDECIDED


def _interval_ms(question: Question) -> int:
    return max(1, round(question.definition.interval_seconds * 1000))


def _call_on_running_loop(delay_seconds: float, happen: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(delay_seconds, happen)
