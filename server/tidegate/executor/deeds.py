"""Deeds: what an upgrade is owed, carried out, and what came of it put into its driver's inbox as reports.

Law: a deed begins only after the event that calls for it is durable, and only while this process holds the upgrade. A
fleet that fails is asked again after a growing wait, for as long as the deed is still owed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence

import structlog

from tidegate.domain.order import InstanceAnswer
from tidegate.domain.resource_id import ScaleSetId
from tidegate.executor.backoff import Backoff
from tidegate.executor.clock import Clock
from tidegate.executor.fleet_calls import FleetCalls, FleetUnavailable
from tidegate.executor.inbox import Inbox, Item
from tidegate.executor.limits import Limits
from tidegate.upgrade.effects import Dispatch, Owed
from tidegate.upgrade.reports import AlarmRang, OrderAnswered, ScaleSetObserved

log = structlog.stdlib.get_logger(__name__)


class Deeds:
    """Carries out what is owed to one upgrade: one observation, one alarm and one giving of orders at a time."""

    def __init__(
        self,
        scale_set: ScaleSetId,
        *,
        fleet: FleetCalls,
        clock: Clock,
        inbox: Inbox,
        limits: Limits,
        check_hold: Callable[[], None],
    ) -> None:
        """`check_hold` raises where this process may no longer act for the upgrade."""
        self._scale_set = scale_set
        self._fleet = fleet
        self._clock = clock
        self._inbox = inbox
        self._limits = limits
        self._check_hold = check_hold
        self._owed = Owed()
        self._handed = 0
        self._rounds = 0
        self._quiet_until_ms = 0
        self._dispatching: asyncio.Task[None] | None = None
        self._observing: asyncio.Task[None] | None = None
        self._observing_at_ms = 0
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at_ms = 0

    def carry_out(self, owed: Owed) -> None:
        """This is owed now, and nothing else: begin what has not begun, leave what is not owed any more."""
        self._owed = owed
        if self._next_dispatch() is not None and self._dispatching is None:
            self._dispatching = self._begin(self._hand_out())
        self._owe_observation()
        self._owe_alarm()

    def hand_out_again(self) -> None:
        """Answers were dropped: give all orders once more that are not answered, those too that are being given now."""
        self._handed = 0
        self._rounds += 1

    def taken(self, items: Sequence[Item], *, has_followed: bool) -> None:
        """The driver has decided these. Where it went on, what it is owed now is owed at once; where an observation or
        an alarm changed nothing, the next one has time, so that no mistake can make a driver spin."""
        has_observed = any(isinstance(item, ScaleSetObserved) for item in items)
        has_rung = any(isinstance(item, AlarmRang) for item in items)
        if has_observed and self._observing is not None and self._observing.done():
            self._observing = None
        if has_rung and self._alarm is not None and self._alarm.done():
            self._alarm = None
        if has_followed:
            self._quiet_until_ms = 0
        elif has_observed or has_rung:
            self._quiet_until_ms = self._clock.now_ms() + self._limits.observe_again_ms

    async def close(self) -> None:
        """Stop all that is under way; orders that were given stay given."""
        running = [task for task in (self._dispatching, self._observing, self._alarm) if task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _next_dispatch(self) -> Dispatch | None:
        return next((dispatch for dispatch in self._owed.dispatches if dispatch.number > self._handed), None)

    async def _hand_out(self) -> None:
        backoff = self._backoff()
        try:
            while (dispatch := self._next_dispatch()) is not None:
                self._check_hold()
                round_ = self._rounds
                try:
                    orders = dispatch.orders()
                    if orders:
                        await self._fleet.begin(orders, self._reply)
                except FleetUnavailable as unavailable:
                    await self._wait_after(unavailable, backoff)
                else:
                    if round_ == self._rounds:
                        self._handed = dispatch.number
                    backoff.reset()
        finally:
            self._dispatching = None

    def _reply(self, answer: InstanceAnswer) -> None:
        self._inbox.put(OrderAnswered(at_ms=self._clock.now_ms(), answer=answer))

    def _owe_observation(self) -> None:
        wanted = self._owed.observe
        if self._observing is not None:
            if wanted is not None and wanted.not_before_ms == self._observing_at_ms:
                return
            self._observing.cancel()
            self._observing = None
        if wanted is not None:
            self._observing_at_ms = wanted.not_before_ms
            self._observing = self._begin(self._observe(max(wanted.not_before_ms, self._quiet_until_ms)))

    async def _observe(self, at_ms: int) -> None:
        backoff = self._backoff()
        await self._clock.sleep_until(at_ms)
        while True:
            self._check_hold()
            try:
                observation = await self._fleet.observe(self._scale_set)
            except FleetUnavailable as unavailable:
                await self._wait_after(unavailable, backoff)
            else:
                self._inbox.put(ScaleSetObserved(at_ms=self._clock.now_ms(), observation=observation))
                return

    def _owe_alarm(self) -> None:
        wanted = self._owed.alarm_ms
        if self._alarm is not None:
            if wanted == self._alarm_at_ms:
                return
            self._alarm.cancel()
            self._alarm = None
        if wanted is not None:
            self._alarm_at_ms = wanted
            self._alarm = self._begin(self._ring(max(wanted, self._quiet_until_ms)))

    async def _ring(self, at_ms: int) -> None:
        await self._clock.sleep_until(at_ms)
        self._inbox.put(AlarmRang(at_ms=self._clock.now_ms()))

    async def _wait_after(self, unavailable: FleetUnavailable, backoff: Backoff) -> None:
        wait_ms = backoff.next_ms()
        log.warning(
            "fleet_unavailable",
            scale_set=str(self._scale_set),
            call=unavailable.call,
            because=unavailable.why,
            again_in_ms=wait_ms,
        )
        await self._clock.sleep_until(self._clock.now_ms() + wait_ms)

    def _backoff(self) -> Backoff:
        return Backoff(first_ms=self._limits.retry_first_ms, longest_ms=self._limits.retry_longest_ms)

    def _begin(self, deed: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(deed)
        task.add_done_callback(self._note_end)
        return task

    def _note_end(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._inbox.fail(error)
