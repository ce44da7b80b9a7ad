"""Starting: from a request to an upgrade that is in the journal and driven.

Law: one start at a time for each scale set. A request id that started something before gives that, whatever else has
become of the scale set since. What the journal holds as active is driven, even where its answer to the start was lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from tidegate.domain.refusal import JournalUnavailable, TooManyUpgrades, UpgradeInProgress
from tidegate.domain.resource_id import ScaleSetId, UpgradeName
from tidegate.executor.admission import Admitted, admit
from tidegate.executor.backoff import Backoff
from tidegate.executor.commands import name_of
from tidegate.executor.considering import Wish
from tidegate.executor.driver import Surroundings
from tidegate.executor.driving import Driving
from tidegate.executor.errands import Errands
from tidegate.executor.facts import Survey, survey
from tidegate.executor.known_upgrades import KnownUpgrades
from tidegate.executor.policy_keeper import PolicyKeeper
from tidegate.executor.replay import Step, replay
from tidegate.executor.start_request import StartRequest
from tidegate.executor.turns import Turns
from tidegate.journal.promise import Entry, UpgradeQuery
from tidegate.journal.register import Register
from tidegate.policy.problem import PolicyRefused
from tidegate.upgrade.events import UpgradeStarted
from tidegate.upgrade.evolve import evolve
from tidegate.upgrade.state import Upgrade

log = structlog.stdlib.get_logger(__name__)

REMEMBERED_REQUESTS = 200
"""Among so many newest upgrades of a scale set a request id is found before anything else is looked at."""


class Starting:
    """Starts upgrades and takes them up again."""

    def __init__(
        self,
        *,
        surroundings: Surroundings,
        register: Register,
        policies: PolicyKeeper,
        known: KnownUpgrades,
        driving: Driving,
        turns: Turns,
        errands: Errands,
        new_id: Callable[[], str],
    ) -> None:
        self._around = surroundings
        self._register = register
        self._policies = policies
        self._known = known
        self._driving = driving
        self._turns = turns
        self._errands = errands
        self._new_id = new_id
        self._starting_count = 0

    async def survey(self, scale_set: ScaleSetId) -> Survey:
        """All that is known of the scale set now; raises as `tidegate.executor.facts.survey` does."""
        async with self._turns.of(scale_set.key):
            return await self._survey(scale_set)

    async def admit(self, scale_set: ScaleSetId, wish: Wish) -> Admitted:
        """What a start would do now; raises as `survey` and as `tidegate.executor.admission.admit` do."""
        return admit(await self.survey(scale_set), wish, self._policies)

    async def _survey(self, scale_set: ScaleSetId) -> Survey:
        at_ms = max(self._around.clock.now_ms(), await self._after_latest_ms(scale_set))
        return await survey(self._register, self._around.fleet, scale_set, at_ms)

    async def _admit(self, request: StartRequest) -> Admitted:
        return admit(await self._survey(request.scale_set), request.wish, self._policies)

    async def _after_latest_ms(self, scale_set: ScaleSetId) -> int:
        """The moment after the start of the scale set's latest upgrade: two of them never start in the same one, and
        a wall clock that was put back between two lives of the server does not change their order."""
        latest = self._known.peek_latest(scale_set.key)
        if latest is not None:
            return latest.started.at_ms + 1
        row = await self._around.journal.latest(scale_set)
        return 0 if row is None else row.started_at_ms + 1

    async def start(self, request: StartRequest, *, only_if_needed: bool = False) -> Upgrade | None:
        """Start it, or give what the same request started before; raises as the conductor's `start` says.

        `only_if_needed` starts nothing, and gives None, where no instance needs it; and it gives the active upgrade
        where that does all that is needed already.
        """
        async with self._turns.of(request.scale_set.key):
            earlier = await self._earlier(request)
            if earlier is not None:
                request.check_same(earlier)
                return earlier
            active = self._known.active(request.scale_set)
            if active is not None:
                if only_if_needed and (await self._admit(request)).is_done_by(active):
                    return active
                raise UpgradeInProgress(name_of(active))
            if self._known.active_count + self._starting_count >= self._around.limits.max_active:
                raise TooManyUpgrades(self._around.limits.max_active)
            self._starting_count += 1
            try:
                admitted = await self._admit(request)
                if only_if_needed and not admitted.planned.plan.order:
                    admitted.check_age()
                    return None
                return await self._start(request, admitted)
            finally:
                self._starting_count -= 1

    async def take_up(self, upgrade_id: str) -> None:
        """Drive an upgrade that the journal holds as active from where it stands there.

        Raises:
            UpgradeNotFound: the journal does not know it.
            JournalUnavailable: it cannot be read just now.
        """
        try:
            upgrade = await replay(self._around.journal, upgrade_id)
        except PolicyRefused as refused:
            log.error("not_taken_up", upgrade_id=upgrade_id, because=str(refused))
            return
        if not upgrade.is_ended and self._known.peek(upgrade_id) is None:
            self._known.put(upgrade)
            self._driving.drive(upgrade)
            log.info("taken_up", upgrade=name_of(upgrade), sequence=upgrade.sequence, phase=upgrade.phase.value)

    async def _start(self, request: StartRequest, admitted: Admitted) -> Upgrade:
        if request.validate_only:
            return evolve(None, admitted.started("", request.request_id))
        started = admitted.started(self._new_id(), request.request_id)
        earlier_id = await self._journal_start(started)
        if earlier_id is not None:
            earlier = await self._known.by_id(earlier_id)
            request.check_same(earlier)
            return earlier
        upgrade = evolve(None, started)
        first: Sequence[Step] = [Step(upgrade, Entry(sequence=upgrade.sequence, event=started))]
        self._around.told(first)
        self._driving.drive(upgrade)
        if not started.plan.order:
            await self._driving.ended(started.upgrade_id, self._around.limits.fleet_call_seconds)
        return self._known.peek(started.upgrade_id) or upgrade

    async def _journal_start(self, started: UpgradeStarted) -> str | None:
        """Make it durable; the id of the earlier upgrade where the request id turns out to have one."""
        try:
            row = await self._around.journal.start(started)
        except UpgradeInProgress as other:
            active_id = UpgradeName.parse(other.resource).upgrade_id
            if self._known.peek(active_id) is None:
                await self.take_up(active_id)
            raise
        except JournalUnavailable:
            self._errands.run(self._resolve_doubt(started.upgrade_id))
            raise
        return None if row.upgrade_id == started.upgrade_id else row.upgrade_id

    async def _earlier(self, request: StartRequest) -> Upgrade | None:
        """The upgrade that this request id started, if it is among the newest; the journal itself knows all of them."""
        if not request.request_id:
            return None
        active = self._known.active(request.scale_set)
        if active is not None and active.started.request_id == request.request_id:
            return active
        query = UpgradeQuery(scale_set=request.scale_set)
        for row in await self._around.journal.list_upgrades(query, None, REMEMBERED_REQUESTS):
            if row.request_id == request.request_id:
                return await self._known.by_id(row.upgrade_id)
        return None

    async def _resolve_doubt(self, upgrade_id: str) -> None:
        """The journal failed while it began an upgrade: find out whether it did, and if so drive it."""
        limits, clock = self._around.limits, self._around.clock
        backoff = Backoff(first_ms=limits.retry_first_ms, longest_ms=limits.retry_longest_ms)
        while True:
            await clock.sleep_until(clock.now_ms() + backoff.next_ms())
            try:
                if await self._around.journal.row(upgrade_id) is not None:
                    await self.take_up(upgrade_id)
            except JournalUnavailable:
                continue
            return
