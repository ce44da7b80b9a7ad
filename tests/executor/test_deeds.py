"""What is owed, carried out."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.executor.test_fleet_calls import Deaf
from tests.executor.world import EPOCH_MS, scale_set_id, virtual
from tidegate.domain.health import HealthObservation, ProbeState
from tidegate.domain.order import InstanceAnswer, InstanceOrder
from tidegate.domain.resource_id import ScaleSetId
from tidegate.executor.clock import LoopClock
from tidegate.executor.deeds import Deeds
from tidegate.executor.fleet_calls import FleetCalls
from tidegate.executor.inbox import Inbox
from tidegate.executor.limits import Limits
from tidegate.fleets.promise import Reply
from tidegate.journal.promise import Overtaken
from tidegate.upgrade.effects import Dispatch, Observe, Owed
from tidegate.upgrade.reports import AlarmRang, OrderAnswered, ScaleSetObserved


class Watched(Deaf):
    """A fleet that writes down what it is asked, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        super().__init__()
        self.failures = failures
        self.asked: list[tuple[float, str]] = []

    async def observe(self, scale_set: ScaleSetId) -> HealthObservation:
        self._ask("observe")
        return HealthObservation(total_count=5)

    async def begin(self, orders: Sequence[InstanceOrder], reply: Reply) -> None:
        self._ask(" ".join(order.operation_id for order in orders))
        for order in orders:
            reply(
                InstanceAnswer(
                    operation_id=order.operation_id,
                    instance_id=order.instance_id,
                    failures=(),
                    probe=ProbeState.HEALTHY,
                )
            )

    def _ask(self, what: str) -> None:
        self.asked.append((asyncio.get_running_loop().time(), what))
        if self.failures:
            self.failures -= 1
            raise ConnectionError("connection refused")


class Slow(Watched):
    """One that takes a second to take orders."""

    async def begin(self, orders: Sequence[InstanceOrder], reply: Reply) -> None:
        await super().begin(orders, reply)
        await asyncio.sleep(1)


class Stage:
    """Deeds with everything they need, looked at from outside."""

    def __init__(self, fleet: Watched) -> None:
        self.fleet = fleet
        self.inbox = Inbox(100)
        self.clock = LoopClock(EPOCH_MS)
        self.holds = True
        self.deeds = Deeds(
            scale_set_id("web"),
            fleet=FleetCalls(fleet, 30),
            clock=self.clock,
            inbox=self.inbox,
            limits=Limits(),
            check_hold=self._check_hold,
        )

    def _check_hold(self) -> None:
        if not self.holds:
            raise Overtaken("u", 1)


def dispatch(number: int, *ids: str) -> Dispatch:
    orders = [
        InstanceOrder(operation_id=f"u/{each}/upgrade", scale_set=scale_set_id("web"), instance_id=each, moves=())
        for each in ids
    ]
    return Dispatch(number=number, orders=lambda: orders)


@virtual
async def test_orders_are_given_once_although_they_stay_owed() -> None:
    stage = Stage(Watched())
    owed = Owed(dispatches=(dispatch(1, "0", "1"),))
    for _ in range(3):
        stage.deeds.carry_out(owed)
        await asyncio.sleep(1)
    assert [what for _, what in stage.fleet.asked] == ["u/0/upgrade u/1/upgrade"]
    assert [type(item) for item in stage.inbox.take_all()] == [OrderAnswered, OrderAnswered]
    stage.deeds.hand_out_again()
    stage.deeds.carry_out(owed)
    await asyncio.sleep(1)
    assert len(stage.fleet.asked) == 2


@virtual
async def test_orders_that_are_being_given_when_answers_are_dropped_are_given_again_too() -> None:
    stage = Stage(Slow())
    stage.deeds.carry_out(Owed(dispatches=(dispatch(1, "0"), dispatch(2, "1"))))
    await asyncio.sleep(1.5)
    stage.deeds.hand_out_again()
    await asyncio.sleep(60)
    assert [what for _, what in stage.fleet.asked] == ["u/0/upgrade", "u/1/upgrade"] * 2


@virtual
async def test_a_fleet_that_fails_is_asked_again_after_growing_waits_and_in_the_order_of_the_waves() -> None:
    stage = Stage(Watched(failures=3))
    stage.deeds.carry_out(Owed(dispatches=(dispatch(1, "0"), dispatch(2, "1"))))
    await asyncio.sleep(10)
    times, whats = zip(*stage.fleet.asked, strict=True)
    assert list(whats) == ["u/0/upgrade"] * 4 + ["u/1/upgrade"]
    assert times == pytest.approx((0, 0.1, 0.3, 0.7, 0.7))


@virtual
async def test_orders_that_are_owed_no_more_are_not_given_any_more() -> None:
    stage = Stage(Watched(failures=100))
    stage.deeds.carry_out(Owed(dispatches=(dispatch(1, "0"),)))
    await asyncio.sleep(5)
    tried = len(stage.fleet.asked)
    stage.deeds.carry_out(Owed())
    await asyncio.sleep(100)
    assert 1 < tried <= len(stage.fleet.asked) <= tried + 1


@virtual
async def test_an_observation_waits_for_its_moment_and_is_made_once() -> None:
    stage = Stage(Watched())
    owed = Owed(observe=Observe(not_before_ms=EPOCH_MS + 5_000))
    for _ in range(10):
        stage.deeds.carry_out(owed)
        await asyncio.sleep(1)
    assert stage.fleet.asked == [(5.0, "observe")]
    (seen,) = stage.inbox.take_all()
    assert isinstance(seen, ScaleSetObserved)
    assert seen.at_ms == EPOCH_MS + 5_000


@virtual
async def test_an_observation_from_which_nothing_followed_is_not_repeated_at_once() -> None:
    stage = Stage(Watched())
    owed = Owed(observe=Observe(not_before_ms=0))
    for _ in range(3):
        stage.deeds.carry_out(owed)
        await stage.inbox.wait()
        stage.deeds.taken(stage.inbox.take_all(), has_followed=False)
    assert [time for time, _ in stage.fleet.asked] == pytest.approx([0, 1, 2])
    stage.deeds.carry_out(owed)
    await stage.inbox.wait()
    stage.deeds.taken(stage.inbox.take_all(), has_followed=True)
    stage.deeds.carry_out(owed)
    await stage.inbox.wait()
    assert [time for time, _ in stage.fleet.asked] == pytest.approx([0, 1, 2, 3, 3])


@virtual
async def test_an_observation_that_is_wanted_anew_is_made_anew() -> None:
    stage = Stage(Watched())
    stage.deeds.carry_out(Owed(observe=Observe(not_before_ms=EPOCH_MS + 50_000)))
    await asyncio.sleep(1)
    stage.deeds.carry_out(Owed(observe=Observe(not_before_ms=EPOCH_MS + 2_000)))
    await asyncio.sleep(100)
    assert stage.fleet.asked == [(2.0, "observe")]


@virtual
async def test_an_alarm_rings_at_its_moment_and_not_when_it_is_called_off() -> None:
    stage = Stage(Watched())
    stage.deeds.carry_out(Owed(alarm_ms=EPOCH_MS + 3_000))
    stage.deeds.carry_out(Owed(alarm_ms=EPOCH_MS + 9_000))
    await asyncio.sleep(5)
    assert stage.inbox.take_all() == []
    await asyncio.sleep(5)
    assert stage.inbox.take_all() == [AlarmRang(at_ms=EPOCH_MS + 9_000)]
    stage.deeds.carry_out(Owed(alarm_ms=EPOCH_MS + 20_000))
    stage.deeds.carry_out(Owed())
    await asyncio.sleep(50)
    assert stage.inbox.take_all() == []


@virtual
async def test_nothing_is_done_for_an_upgrade_that_is_held_no_more() -> None:
    stage = Stage(Watched())
    stage.holds = False
    stage.deeds.carry_out(Owed(dispatches=(dispatch(1, "0"),)))
    with pytest.raises(Overtaken):
        await stage.inbox.wait()
    assert stage.fleet.asked == []


@virtual
async def test_closing_stops_everything_that_is_under_way() -> None:
    stage = Stage(Watched())
    stage.deeds.carry_out(Owed(observe=Observe(not_before_ms=EPOCH_MS + 9_000), alarm_ms=EPOCH_MS + 9_000))
    await stage.deeds.close()
    await asyncio.sleep(60)
    assert stage.fleet.asked == []
    assert stage.inbox.take_all() == []
