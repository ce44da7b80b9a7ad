"""The autopilot: turns a publication, or rules that changed, into upgrades of every scale set that takes part.

Law: a task is durable and is acted upon once; crashes and repetitions start no second upgrade, because an automatic
upgrade's request id is made of its task. Whether an upgrade may begin, and whether any instance needs it, the start
itself decides. At most so many automatic upgrades run at once; a busy scale set has its turn when it is free. One that
cannot be handled is a mistake of ours, is logged as one and looked at again later: the others must not wait for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

import structlog

from tidegate.domain.extension import ExtensionType
from tidegate.domain.refusal import (
    JournalUnavailable,
    NoPolicyApplies,
    NotEligible,
    RequestIdReused,
    ScaleSetNotFound,
    ShuttingDown,
    TooManyUpgrades,
    UpgradeInProgress,
)
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet
from tidegate.domain.version import Version
from tidegate.executor.autopilot_tasks import AutopilotTasks, request_id_of
from tidegate.executor.backoff import Backoff, doubled_ms
from tidegate.executor.clock import Clock
from tidegate.executor.conductor import Conductor, StartRequest
from tidegate.executor.considering import NotEligibleYet, is_denied_for_age
from tidegate.executor.errands import Errands
from tidegate.executor.fleet_calls import FleetUnavailable
from tidegate.executor.limits import Limits
from tidegate.executor.policy_keeper import PolicyKeeper
from tidegate.journal.promise import Journal
from tidegate.journal.register import AutopilotTask, Enrolment, Register
from tidegate.upgrade.plan import Trigger, UpgradeKind
from tidegate.upgrade.state import Upgrade

log = structlog.stdlib.get_logger(__name__)

AT_ONCE = 1_000
"""Due tasks that are read at once."""


class Autopilot:
    """Starts automatic upgrades, now and when the server opens again."""

    def __init__(
        self,
        conductor: Conductor,
        register: Register,
        journal: Journal,
        policies: PolicyKeeper,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._conductor = conductor
        self._register = register
        self._policies = policies
        self._clock = clock
        self._limits = limits
        self._tasks = AutopilotTasks(register, journal, conductor, clock)
        self._errands = Errands()
        self._bell = asyncio.Event()
        self._running: set[str] = set()
        self._ended: deque[Upgrade] = deque()
        self._waiting: dict[str, dict[str, AutopilotTask]] = {}
        self._postponed: dict[tuple[str, str], int] = {}
        self._refusals: dict[str, str] = {}
        conductor.when_ended(self._note_end)
        policies.when_replaced(self._bell.set)

    async def open(self) -> None:
        """Find out what was missed, then go on; the conductor is open already.

        Raises:
            JournalUnavailable: the register cannot be read.
        """
        self._running |= {
            upgrade.upgrade_id
            for upgrade in self._conductor.active_upgrades()
            if upgrade.started.trigger is Trigger.AUTOMATIC
        }
        await self._tasks.reconcile()
        self._errands.run(self._run())

    async def close(self) -> None:
        """Start nothing more."""
        await self._errands.close()

    def refusal(self, scale_set_key: str) -> str | None:
        """Why the last automatic upgrade of the scale set could not begin; None where it could, or none was wanted."""
        return self._refusals.get(scale_set_key)

    async def published(self, extension_type: ExtensionType, version: Version) -> None:
        """A version is published: every scale set that takes part and has the extension is to be looked at."""
        await self._tasks.add_for_publication(extension_type, version)
        self._bell.set()

    async def enrolled(self, enrolment: Enrolment) -> None:
        """A subscription takes part: all its scale sets are to be looked at."""
        await self._tasks.add_for_enrolment(enrolment)
        self._bell.set()

    async def placed(self, scale_set: ScaleSet) -> None:
        """A scale set is new or has changed: it is to be looked at, where it takes part."""
        await self._tasks.add_for_scale_set(scale_set)
        self._bell.set()

    async def joined(self, scale_set: ScaleSetId, joining: str) -> None:
        """A host is new in the scale set, which is to be looked at where it takes part, so that the newcomer comes to
        the versions of the others. `joining` names this joining among all; told again it changes nothing."""
        await self._tasks.add_for_joining(scale_set, joining)
        self._bell.set()

    def _note_end(self, upgrade: Upgrade) -> None:
        self._running.discard(upgrade.upgrade_id)
        self._ended.append(upgrade)
        self._bell.set()

    async def _run(self) -> None:
        backoff = Backoff(first_ms=self._limits.retry_first_ms, longest_ms=self._limits.retry_longest_ms)
        while True:
            self._bell.clear()
            try:
                await self._follow_up_ended()
                await self._tasks.add_for_policies(self._policies.digest())
                await self._take_due()
                due_ms = await self._register.next_due_ms() if self._room else None
            except JournalUnavailable as down:
                due_ms = self._clock.now_ms() + backoff.next_ms()
                log.error("autopilot_waits", because=down.why)
            else:
                backoff.reset()
            await self._wait(due_ms)

    @property
    def _room(self) -> int:
        """Automatic upgrades that may begin now."""
        return max(0, self._limits.max_automatic - len(self._running))

    async def _wait(self, due_ms: int | None) -> None:
        alarm = None if due_ms is None else self._errands.run(self._ring(due_ms))
        await self._bell.wait()
        if alarm is not None:
            alarm.cancel()

    async def _ring(self, at_ms: int) -> None:
        await self._clock.sleep_until(at_ms)
        self._bell.set()

    async def _follow_up_ended(self) -> None:
        """Upgrades have ended: their scale sets are free, and what failed may be tried again later."""
        while self._ended:
            upgrade = self._ended[0]
            await self._tasks.add_retry(upgrade)
            waiting = self._waiting.get(upgrade.scale_set.key, {})
            for task in list(waiting.values()):
                await self._register.postpone_task(task, self._clock.now_ms())
                del waiting[task.cause]
            self._waiting.pop(upgrade.scale_set.key, None)
            self._ended.popleft()

    async def _take_due(self) -> None:
        """Act upon what is due. All that is due for one scale set is one matter: one look at it answers all of it."""
        while self._room:
            due = await self._register.due_tasks(self._clock.now_ms(), AT_ONCE)
            if not due:
                return
            by_scale_set: dict[str, list[AutopilotTask]] = {}
            for task in due:
                by_scale_set.setdefault(task.scale_set.key, []).append(task)
            for tasks in by_scale_set.values():
                if self._room:
                    await self._take(sorted(tasks, key=lambda task: (task.attempt, task.due_at_ms, task.cause)))

    async def _take(self, tasks: Sequence[AutopilotTask]) -> None:
        """Act upon the tasks of one scale set: afterwards they are finished or postponed."""
        first = tasks[0]
        key = first.scale_set.key
        if not await self._tasks.is_wanted(first):
            await self._finish(tasks, "it takes part no longer")
            return
        try:
            upgrade = await self._conductor.start_if_needed(
                StartRequest(
                    scale_set=first.scale_set,
                    kind=UpgradeKind.EXTENSION,
                    trigger=Trigger.AUTOMATIC,
                    request_id=request_id_of(first),
                )
            )
        except UpgradeInProgress as busy:
            self._waiting.setdefault(key, {}).update({task.cause: task for task in tasks})
            await self._postpone(tasks, busy.message)
        except (TooManyUpgrades, FleetUnavailable, RequestIdReused) as later:
            # A request id that somebody else used is not used again: it is another one after each wait.
            await self._postpone(tasks, later.message)
        except NotEligibleYet as young:
            self._refusals[key] = young.message
            await self._postpone(tasks, young.message)
        except (NotEligible, NoPolicyApplies, ScaleSetNotFound) as refusal:
            self._refusals[key] = refusal.message
            await self._finish(tasks, refusal.message)
        except (JournalUnavailable, ShuttingDown):
            raise
        except Exception:
            log.exception("task_broke", scale_set=str(first.scale_set), cause=first.cause)
            await self._postpone(tasks, "a mistake of ours")
        else:
            self._refusals.pop(key, None)
            await self._follow_up_start(tasks, upgrade)

    async def _follow_up_start(self, tasks: Sequence[AutopilotTask], upgrade: Upgrade | None) -> None:
        if upgrade is None:
            await self._finish(tasks, "nothing to do")
            return
        if not upgrade.is_ended and upgrade.started.trigger is Trigger.AUTOMATIC:
            self._running.add(upgrade.upgrade_id)
        if is_denied_for_age(upgrade.started.eligibility):
            await self._postpone(tasks, f"{upgrade.upgrade_id} leaves out a version that is too young")
        else:
            await self._finish(tasks, f"{upgrade.upgrade_id} does it")

    async def _finish(self, tasks: Sequence[AutopilotTask], because: str) -> None:
        # The first one last: its request id finds the upgrade again, should the server go down in between.
        for task in reversed(tasks):
            self._postponed.pop((task.scale_set.key, task.cause), None)
            await self._register.finish_task(task)
            log.info("task_finished", scale_set=str(task.scale_set), cause=task.cause, because=because)

    async def _postpone(self, tasks: Sequence[AutopilotTask], because: str) -> None:
        for task in reversed(tasks):
            place = (task.scale_set.key, task.cause)
            times = self._postponed.get(place, 0)
            self._postponed[place] = times + 1
            wait_ms = doubled_ms(self._limits.postpone_first_ms, times, self._limits.postpone_longest_ms)
            await self._register.postpone_task(task, self._clock.now_ms() + wait_ms)
            told = {"scale_set": str(task.scale_set), "cause": task.cause, "because": because}
            log.info("task_postponed", **told, again_in_ms=wait_ms)
