"""The driver: one loop for each upgrade under way, that turns reports into events and what is owed into deeds.

Law: durable, then done. Reports that came meanwhile are decided together and appended together, at the sequence number
the driver knows; only then is anybody told, and only then does a deed begin. Whoever loses the append is overtaken and
stops. A journal that cannot be written costs time, never a report: what was decided is forgotten, what came is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import structlog

from tidegate.domain.refusal import JournalUnavailable, NoUpgradeInProgress, Refusal, ShuttingDown
from tidegate.executor.backoff import Backoff
from tidegate.executor.clock import Clock
from tidegate.executor.commands import Command, Verb, name_of, refusal_of
from tidegate.executor.deeds import Deeds
from tidegate.executor.drivers import Drivership
from tidegate.executor.fleet_calls import FleetCalls
from tidegate.executor.inbox import Inbox, Item
from tidegate.executor.limits import Limits
from tidegate.executor.replay import Replay, Step
from tidegate.journal.promise import Entry, Journal, Overtaken
from tidegate.upgrade.decide import unfold
from tidegate.upgrade.owed import owed
from tidegate.upgrade.reports import Report, ScaleSetObserved
from tidegate.upgrade.state import Upgrade

log = structlog.stdlib.get_logger(__name__)

Told = Callable[[Sequence[Step]], None]
"""Is told of steps, at least one, right after they became durable; never waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every driver of a server works with."""

    journal: Journal
    fleet: FleetCalls
    clock: Clock
    drivership: Drivership
    limits: Limits
    told: Told


class Stopped(Exception):
    """The driver was asked to stop while the journal could not be written."""


class Driver:
    """Drives one upgrade from where it stands to its end, or until it is stopped or overtaken."""

    def __init__(self, upgrade: Upgrade, surroundings: Surroundings) -> None:
        self._upgrade = upgrade
        self._name = name_of(upgrade)
        self._around = surroundings
        self._inbox = Inbox(surroundings.limits.inbox_capacity)
        self._is_stopping = False
        self._is_over = False
        self._down: JournalUnavailable | None = None

    @property
    def upgrade(self) -> Upgrade:
        """Where it stands, as far as everybody was told."""
        return self._upgrade

    @property
    def is_waiting_for_journal(self) -> bool:
        """The journal cannot be written, and the driver waits to try again."""
        return self._down is not None

    async def command(self, verb: Verb) -> Upgrade:
        """Where the upgrade stands once the wish is durable.

        Raises:
            NoUpgradeInProgress: it has ended.
            UpgradeNotPaused: it cannot be resumed, because it is not paused.
            JournalUnavailable: the journal cannot be written just now; the wish is forgotten.
            ShuttingDown: the driver stopped before it came to it.
        """
        if self._is_over:
            raise self._last_word(verb)
        if self._down is not None:
            raise JournalUnavailable(self._down.why)
        command = Command.of(verb, self._around.clock.now_ms())
        self._inbox.put(command)
        return await command.outcome

    def stop(self) -> None:
        """Stop at the next event border."""
        self._is_stopping = True
        self._inbox.wake()

    async def run(self) -> None:
        """Drive; returns when the upgrade has ended, the driver was stopped, or another driver has it."""
        around = self._around
        deeds = Deeds(
            self._upgrade.scale_set,
            fleet=around.fleet,
            clock=around.clock,
            inbox=self._inbox,
            limits=around.limits,
            check_hold=self._check_hold,
        )
        try:
            while not self._upgrade.is_ended and not self._is_stopping:
                deeds.carry_out(owed(self._upgrade))
                await self._inbox.wait()
                if not self._is_stopping:
                    await self._turn(self._inbox.take(around.limits.reports_at_once), deeds)
        except Overtaken as overtaken:
            log.warning("driver_overtaken", upgrade=self._name, sequence=overtaken.expected)
        except Stopped:
            log.warning("driver_stopped", upgrade=self._name, because="the journal cannot be written")
        finally:
            self._is_over = True
            self._refuse_waiting()
            await deeds.close()

    async def _turn(self, items: Sequence[Item], deeds: Deeds) -> None:
        before = self._upgrade.sequence
        outcomes = await self._decide_durably(items)
        for command, refusal in outcomes:
            if refusal is None:
                command.fulfil(self._upgrade)
            else:
                command.refuse(refusal)
        deeds.taken(items, has_followed=self._upgrade.sequence != before)
        if self._inbox.has_dropped:
            self._inbox.has_dropped = False
            deeds.hand_out_again()

    async def _decide_durably(self, items: Sequence[Item]) -> Sequence[tuple[Command, Refusal | None]]:
        """What follows from the items is in the journal, and everybody was told; the outcomes of the commands."""
        limits = self._around.limits
        backoff = Backoff(first_ms=limits.retry_first_ms, longest_ms=limits.retry_longest_ms)
        while True:
            try:
                if self._down is not None:
                    await self._catch_up()
                steps, outcomes = _decide_all(self._upgrade, items)
                if steps:
                    events = [step.entry.event for step in steps]
                    await self._around.journal.append(self._upgrade.upgrade_id, self._upgrade.sequence, events)
            except JournalUnavailable as down:
                items = self._without_commands(items, down)
                await self._wait_for_journal(down, backoff)
            else:
                self._down = None
                if steps:
                    self._advance(steps)
                return outcomes

    async def _catch_up(self) -> None:
        """An append that failed may have been written all the same: the journal knows."""
        pages = Replay(self._around.journal, self._upgrade.upgrade_id, self._upgrade)
        while steps := await pages.page():
            self._advance(steps)

    def _advance(self, steps: Sequence[Step]) -> None:
        self._upgrade = steps[-1].upgrade
        self._around.told(steps)

    def _without_commands(self, items: Sequence[Item], down: JournalUnavailable) -> Sequence[Item]:
        """Commands are refused, because their callers may come again; reports are kept, because nobody repeats them."""
        for item in items:
            if isinstance(item, Command):
                item.refuse(JournalUnavailable(down.why))
        return [item for item in items if not isinstance(item, Command)]

    async def _wait_for_journal(self, down: JournalUnavailable, backoff: Backoff) -> None:
        self._down = down
        wait_ms = backoff.next_ms()
        log.error("journal_unavailable", upgrade=self._name, because=down.why, again_in_ms=wait_ms)
        if not self._is_stopping:
            await self._around.clock.sleep_until(self._around.clock.now_ms() + wait_ms)
        if self._is_stopping:
            raise Stopped

    def _check_hold(self) -> None:
        upgrade_id = self._upgrade.upgrade_id
        if not self._around.drivership.holds(upgrade_id, self._around.clock.now_ms()):
            raise Overtaken(upgrade_id, self._upgrade.sequence)

    def _refuse_waiting(self) -> None:
        for item in self._inbox.take_all():
            if isinstance(item, Command):
                item.refuse(self._last_word(item.verb))

    def _last_word(self, verb: Verb) -> Refusal:
        if self._upgrade.is_ended:
            return NoUpgradeInProgress(str(self._upgrade.scale_set), verb.value)
        return ShuttingDown()


def _decide_all(upgrade: Upgrade, items: Sequence[Item]) -> tuple[list[Step], Sequence[tuple[Command, Refusal | None]]]:
    """The steps that follow from the items one after the other, and what becomes of the commands among them."""
    steps: list[Step] = []
    outcomes: list[tuple[Command, Refusal | None]] = []
    for item in items:
        if isinstance(item, Command):
            refusal = refusal_of(item.verb, upgrade)
            outcomes.append((item, refusal))
            if refusal is not None:
                continue
        for step in _following(upgrade, item.report if isinstance(item, Command) else item):
            steps.append(step)
            upgrade = step.upgrade
    return steps, outcomes


def _following(upgrade: Upgrade, report: Report) -> Iterator[Step]:
    """The steps that follow from one report.

    An observation answers every look that is owed in its own moment: looking again would see the same. So the one that
    a batch is judged by begins the next batch too where nothing rests between them, and both are one append.
    """
    is_answered = True
    while is_answered:
        before = upgrade
        unfolding = unfold(before, report)
        for event, upgrade in unfolding.steps:
            yield Step(upgrade, Entry(sequence=upgrade.sequence, event=event))
        # Phases only ever lead on to orders, a rest or the end, so this comes to an end.
        is_answered = upgrade.phase is not before.phase and _is_answered_by(upgrade, report)


def _is_answered_by(upgrade: Upgrade, report: Report) -> bool:
    """The upgrade is owed a look, and the report is one of that moment."""
    if not isinstance(report, ScaleSetObserved):
        return False
    wanted = owed(upgrade).observe
    return wanted is not None and wanted.not_before_ms <= report.at_ms
