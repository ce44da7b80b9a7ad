"""One life of a server, and what may befall it: it dies between two steps, its disk fills, its fleet does not answer.

A dead server is simply never answered again: whatever it calls waits for ever, so nothing of it tidies up.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from tests.seeds.witness import Witness
from tidegate.domain.order import InstanceAnswer, InstanceOrder
from tidegate.domain.refusal import JournalUnavailable
from tidegate.executor.clock import Clock
from tidegate.fleets.promise import Fleet, Reply
from tidegate.journal.promise import Journal, UpgradeRow
from tidegate.journal.register import Register
from tidegate.upgrade.events import Event, UpgradeStarted

Answer = TypeVar("Answer")


@dataclass(kw_only=True)
class Trouble:
    """How much may still go wrong; every kind is bounded, so that a story comes to its end."""

    random: Random
    crashes: int = 0
    lost_writes: int = 0
    """Appends that fail although nothing is written."""
    lost_answers: int = 0
    """Appends that fail although everything is written."""
    deaf_fleet: int = 0
    """Calls to the fleet that fail, taken or not."""

    def strikes(self, kind: str, chance: float) -> bool:
        """Whether this kind of trouble comes now."""
        left: int = getattr(self, kind)
        if left <= 0 or self.random.random() >= chance:
            return False
        setattr(self, kind, left - 1)
        return True


@dataclass(kw_only=True)
class Life:
    """One run of a server, from its opening to its crash."""

    trouble: Trouble
    witness: Witness
    is_dead: bool = False
    death: asyncio.Event = field(default_factory=asyncio.Event)
    limbo: list[asyncio.Future[None]] = field(default_factory=list)

    def die(self) -> None:
        """From now on nothing that this server calls comes back."""
        self.is_dead = True
        self.death.set()

    async def pass_on(self, call: Awaitable[Answer]) -> Answer:
        """The answer, if the server lives to see it."""
        await self.breathe(call)
        answer = await call
        await self.breathe()
        return answer

    async def breathe(self, call: Awaitable[Any] | None = None) -> None:
        """Go on living, or wait for ever."""
        if self.is_dead:
            if asyncio.iscoroutine(call):
                call.close()
            await self.wait_for_ever()

    async def wait_for_ever(self) -> None:
        """What nobody will ever answer; kept, so that it is not tidied up as rubbish."""
        limbo = asyncio.get_running_loop().create_future()
        self.limbo.append(limbo)
        await limbo


class MortalClock:
    """A clock that stands still for the dead."""

    def __init__(self, clock: Clock, life: Life) -> None:
        self._clock = clock
        self._life = life

    def now_ms(self) -> int:
        return self._clock.now_ms()

    async def sleep_until(self, at_ms: int) -> None:
        await self._life.pass_on(self._clock.sleep_until(at_ms))


class MortalStore:
    """A register, or all of a journal but its writing, that answers only the living. (`Any`: whatever it is asked.)"""

    def __init__(self, store: Register | Journal, life: Life) -> None:
        self._store = store
        self._life = life

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        call = getattr(self._store, name)
        return lambda *arguments: self._life.pass_on(call(*arguments))


class MortalJournal(MortalStore):
    """A journal that loses writes, loses answers, and at whose writing the server dies."""

    def __init__(self, journal: Journal, life: Life) -> None:
        super().__init__(journal, life)
        self._journal = journal

    async def start(self, started: UpgradeStarted) -> UpgradeRow:
        await self._before()
        row = await self._journal.start(started)
        if row.upgrade_id == started.upgrade_id:
            self._life.witness.started(started)
        await self._after()
        return row

    async def append(self, upgrade_id: str, expected_sequence: int, events: Sequence[Event]) -> int:
        await self._before()
        sequence = await self._journal.append(upgrade_id, expected_sequence, events)
        self._life.witness.appended(upgrade_id, expected_sequence, events)
        await self._after()
        return sequence

    async def _before(self) -> None:
        life = self._life
        await life.breathe()
        if life.trouble.strikes("crashes", 0.01):
            life.witness.trouble("the server dies before it writes")
            life.die()
        await life.breathe()
        if life.trouble.strikes("lost_writes", 0.03):
            life.witness.trouble("the disk is full")
            raise JournalUnavailable("the disk is full")

    async def _after(self) -> None:
        life = self._life
        if life.trouble.strikes("crashes", 0.01):
            life.witness.trouble("the server dies after it has written, before it acts")
            life.die()
        await life.breathe()
        if life.trouble.strikes("lost_answers", 0.02):
            life.witness.trouble("the disk wrote and said it did not")
            raise JournalUnavailable("input/output error")


class MortalFleet:
    """A fleet that answers only the living, and not always them."""

    def __init__(self, fleet: Fleet, life: Life) -> None:
        self._fleet = fleet
        self._life = life

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        call = getattr(self._fleet, name)
        return lambda *arguments: self._answer(call, arguments)

    async def begin(self, orders: Sequence[InstanceOrder], reply: Reply) -> None:
        life = self._life
        await life.breathe()
        life.witness.ordered(orders)

        def reply_to_the_living(answer: InstanceAnswer) -> None:
            life.witness.answered(answer)
            if not life.is_dead:
                reply(answer)

        async def take() -> None:
            life.witness.taken(orders)
            await self._fleet.begin(orders, reply_to_the_living)

        await self._answer(take, ())

    async def _answer(self, call: Callable[..., Awaitable[Answer]], arguments: tuple[Any, ...]) -> Answer:
        life = self._life
        await life.breathe()
        if life.trouble.strikes("deaf_fleet", 0.03):
            life.witness.trouble("the fleet cannot be reached")
            raise ConnectionError("connection refused")
        answer = await life.pass_on(call(*arguments))
        if life.trouble.strikes("deaf_fleet", 0.02):
            life.witness.trouble("the fleet did as told, but does not answer")
            await life.wait_for_ever()
        return answer
