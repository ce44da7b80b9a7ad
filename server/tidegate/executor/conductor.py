"""The conductor: starts, takes up again, finds, steers and explains rolling upgrades.

Law: what it started is in the journal before it says so, and what the journal holds as active is driven. Whoever asked
for a start and hung up has started it all the same, and finds it under his request id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog

from tidegate.domain.refusal import (
    JournalUnavailable,
    NoUpgradeEver,
    NoUpgradeInProgress,
    ScaleSetNotFound,
    ShuttingDown,
)
from tidegate.domain.resource_id import ScaleSetId, UpgradeName
from tidegate.domain.scale_set import ScaleSet
from tidegate.executor.backoff import Backoff
from tidegate.executor.clock import Clock
from tidegate.executor.commands import Verb, name_of
from tidegate.executor.considering import Wish
from tidegate.executor.driver import Surroundings
from tidegate.executor.drivers import Drivership, OnlyProcess
from tidegate.executor.driving import Driving
from tidegate.executor.errands import Errands
from tidegate.executor.explaining import Explained, explain_now, explain_upgrade
from tidegate.executor.fleet_calls import FleetCalls, FleetUnavailable
from tidegate.executor.known_upgrades import KnownUpgrades
from tidegate.executor.limits import Limits
from tidegate.executor.policy_keeper import PolicyKeeper
from tidegate.executor.replay import Step
from tidegate.executor.start_request import StartRequest
from tidegate.executor.starting import Starting
from tidegate.executor.story import tell
from tidegate.executor.turns import Turns
from tidegate.executor.watch import WatchHub
from tidegate.fleets.promise import Fleet
from tidegate.journal.promise import Journal, UpgradeQuery
from tidegate.journal.register import Register
from tidegate.policy.decision import Decision
from tidegate.upgrade.plan import Plan, UpgradeKind
from tidegate.upgrade.state import Upgrade

__all__ = ["Conductor", "Explained", "PlanResult", "StartRequest", "UpgradeQuery"]

log = structlog.stdlib.get_logger(__name__)

PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """What a start would do now."""

    plan: Plan
    eligibility: tuple[Decision, ...]
    policy_name: str
    policy_digest: str


class Conductor:
    """The rolling upgrades of one server. `hub` may render whatever its watchers want (hence `Any`)."""

    def __init__(
        self,
        journal: Journal,
        register: Register,
        fleet: Fleet,
        policies: PolicyKeeper,
        clock: Clock,
        hub: WatchHub[Any],
        limits: Limits,
        new_id: Callable[[], str],
        drivership: Drivership | None = None,
        turns: Turns | None = None,
    ) -> None:
        """`turns` are shared with whoever else must not change a scale set while an upgrade of it begins."""
        self._journal = journal
        self._register = register
        self._fleet = FleetCalls(fleet, limits.fleet_call_seconds)
        self._policies = policies
        self._clock = clock
        self._limits = limits
        self._hub = hub
        self._is_closed = False
        self._when_ended: list[Callable[[Upgrade], None]] = []
        self._errands = Errands()
        self._turns = Turns() if turns is None else turns
        self._known = KnownUpgrades(journal, limits.kept_instances)
        surroundings = Surroundings(
            journal=journal,
            fleet=self._fleet,
            clock=clock,
            drivership=OnlyProcess() if drivership is None else drivership,
            limits=limits,
            told=self._told,
        )
        self._driving = Driving(surroundings)
        self._starting = Starting(
            surroundings=surroundings,
            register=register,
            policies=policies,
            known=self._known,
            driving=self._driving,
            turns=self._turns,
            errands=self._errands,
            new_id=new_id,
        )
        hub.connect(journal, self._known)

    async def open(self) -> None:
        """Place all scale sets in the fleet and take up every upgrade that has not ended.

        Raises:
            JournalUnavailable: the journal cannot be read.
        """
        after_key, count, is_reachable = "", 0, True
        while scale_sets := await self._register.scale_sets("", after_key, PAGE):
            for scale_set in scale_sets:
                # One call that fails is waited for, and not one for each of a thousand scale sets.
                is_reachable = is_reachable and await self._is_placed(scale_set)
                if not is_reachable:
                    self._errands.run(self._place_later(scale_set))
            after_key = scale_sets[-1].scale_set_id.key
            count += len(scale_sets)
        for row in await self._journal.active():
            await self._starting.take_up(row.upgrade_id)
        log.info("opened", scale_sets=count, active_upgrades=self._known.active_count)

    async def close(self) -> None:
        """Stop every driver at an event border; the next server goes on from there."""
        self._is_closed = True
        await self._driving.close()
        await self._errands.close()
        log.info("closed", active_upgrades=self._known.active_count)

    def when_ended(self, listener: Callable[[Upgrade], None]) -> None:
        """Tell this listener of every upgrade that ends from now on; it must not wait."""
        self._when_ended.append(listener)

    async def start(self, request: StartRequest) -> Upgrade:
        """Start an upgrade; or give the one that the same request started before.

        Raises:
            ScaleSetNotFound, MalformedRequest, NoPolicyApplies, NotEligible: it cannot begin.
            UpgradeInProgress: another upgrade of the scale set is active.
            RequestIdReused: the request id started an upgrade with other parameters.
            TooManyUpgrades: the server takes no more just now.
            JournalUnavailable: it may have been started, or may not; the same request id tells.
            FleetUnavailable: the fleet cannot be asked just now.
            ShuttingDown: the server is closing.
        """
        upgrade = await self._start(request, only_if_needed=False)
        assert upgrade is not None, "a start that is not conditional starts"
        return upgrade

    async def start_if_needed(self, request: StartRequest) -> Upgrade | None:
        """As `start`; but where no instance needs the upgrade, nothing is started and None comes back, and where the
        active upgrade does all that is needed already, that one does."""
        return await self._start(request, only_if_needed=True)

    def active_upgrades(self) -> tuple[Upgrade, ...]:
        """Every upgrade under way."""
        return self._known.all_active()

    async def plan(self, scale_set: ScaleSetId, kind: UpgradeKind, image_version: str = "") -> PlanResult:
        """What a manual start would do now; an active upgrade does not stand in the way.

        Raises:
            ScaleSetNotFound, MalformedRequest, NoPolicyApplies, NotEligible, JournalUnavailable, FleetUnavailable.
        """
        admitted = await self._starting.admit(scale_set, Wish(kind=kind, image_version=image_version))
        policy = admitted.considered.policy
        return PlanResult(
            plan=admitted.planned.plan,
            eligibility=admitted.considered.decisions,
            policy_name=policy.name,
            policy_digest=policy.digest,
        )

    async def latest(self, scale_set: ScaleSetId) -> Upgrade:
        """The most recently started upgrade of the scale set, of either kind.

        Raises:
            NoUpgradeEver: none was ever started.
            ScaleSetNotFound: nor was the scale set ever put.
        """
        upgrade = await self._known.latest(scale_set)
        if upgrade is not None:
            return upgrade
        await self._check_scale_set(scale_set)
        raise NoUpgradeEver(str(scale_set))

    def peek_latest(self, scale_set_key: str) -> Upgrade | None:
        """The latest upgrade of the scale set with that key, if it is in memory.

        As long as it is the same object, nothing has happened.
        """
        return self._known.peek_latest(scale_set_key)

    async def upgrade(self, name: UpgradeName) -> Upgrade:
        """The upgrade of that name, or raises UpgradeNotFound."""
        return await self._known.named(name)

    async def list_upgrades(self, query: UpgradeQuery, after: tuple[int, str] | None, limit: int) -> Sequence[Upgrade]:
        """Up to `limit` upgrades that fit, beginning after the one whose (start in milliseconds, id) is `after`."""
        rows = await self._journal.list_upgrades(query, after, limit)
        return [await self._known.by_id(row.upgrade_id) for row in rows]

    async def cancel(self, target: ScaleSetId | UpgradeName) -> Upgrade:
        """Begin nothing new, let what was begun finish, then end it as cancelled.

        Raises:
            NoUpgradeInProgress, UpgradeNotFound, ScaleSetNotFound, JournalUnavailable, ShuttingDown.
        """
        return await self._command(target, Verb.CANCEL)

    async def pause(self, target: ScaleSetId | UpgradeName) -> Upgrade:
        """Begin nothing new until it is resumed; raises as `cancel` does."""
        return await self._command(target, Verb.PAUSE)

    async def resume(self, target: ScaleSetId | UpgradeName) -> Upgrade:
        """Go on with a paused upgrade; raises as `cancel` does, and UpgradeNotPaused."""
        return await self._command(target, Verb.RESUME)

    async def explain(self, scale_set: ScaleSetId, instance_id: str, upgrade: UpgradeName | None = None) -> Explained:
        """Why the instance stands where it stands in that upgrade; by default in the latest, and where none ever ran,
        what a start would do with it now.

        Raises:
            ScaleSetNotFound, UpgradeNotFound, InstanceNotFound, NoPolicyApplies, JournalUnavailable, FleetUnavailable.
        """
        found = await (self._known.latest(scale_set) if upgrade is None else self._known.named(upgrade))
        if found is not None:
            return await explain_upgrade(found, instance_id, self._journal)
        return explain_now(await self._starting.survey(scale_set), instance_id, self._policies)

    async def _is_placed(self, scale_set: ScaleSet) -> bool:
        try:
            await self._fleet.place(scale_set)
        except FleetUnavailable as unavailable:
            log.warning("not_placed", scale_set=str(scale_set.scale_set_id), because=unavailable.why)
            return False
        return True

    async def _place_later(self, scale_set: ScaleSet) -> None:
        """The fleet could not be told of the scale set: tell it as soon as it can be."""
        backoff = Backoff(first_ms=self._limits.retry_first_ms, longest_ms=self._limits.retry_longest_ms)
        is_settled = False
        while not is_settled:
            await self._clock.sleep_until(self._clock.now_ms() + backoff.next_ms())
            # In its turn, so that a delete in the meantime does not find its machines back again.
            with suppress(JournalUnavailable):
                async with self._turns.of(scale_set.scale_set_id.key):
                    current = await self._register.scale_set(scale_set.scale_set_id)
                    is_settled = current is None or await self._is_placed(current)

    async def _start(self, request: StartRequest, *, only_if_needed: bool) -> Upgrade | None:
        if self._is_closed:
            raise ShuttingDown()
        # In a task of its own, so that a caller who hangs up leaves nothing half done.
        starting = self._starting.start(request, only_if_needed=only_if_needed)
        return await asyncio.shield(self._errands.run(starting))

    async def _command(self, target: ScaleSetId | UpgradeName, verb: Verb) -> Upgrade:
        if isinstance(target, UpgradeName):
            upgrade: Upgrade | None = await self._known.named(target)
        else:
            upgrade = self._known.active(target)
            if upgrade is None:
                await self._check_scale_set(target)
        if upgrade is None or upgrade.is_ended:
            raise NoUpgradeInProgress(str(target), verb.value)
        stands = await self._driving.command(upgrade, verb)
        log.info("commanded", upgrade=name_of(stands), verb=verb.value, phase=stands.phase.value)
        return stands

    async def _check_scale_set(self, scale_set: ScaleSetId) -> None:
        if await self._register.scale_set(scale_set) is None:
            raise ScaleSetNotFound(str(scale_set))

    def _told(self, steps: Sequence[Step]) -> None:
        upgrade = steps[-1].upgrade
        self._known.put(upgrade)
        self._hub.publish(steps)
        tell(steps)
        if upgrade.is_ended:
            for listener in self._when_ended:
                listener(upgrade)
