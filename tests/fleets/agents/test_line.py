"""A line gives the newest goal state alone, acknowledges what is kept, and holds a host back that takes nothing."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.fleets.agents.cards import card
from tidegate.domain.host import GoalState, GoalStateResult, HandlerReport
from tidegate.domain.host_refusal import StreamReplaced
from tidegate.domain.refusal import FleetUnavailable
from tidegate.fleets.agents.host_card import HostCard
from tidegate.fleets.agents.line import MOST_ACKNOWLEDGEMENTS, Line
from tidegate.fleets.agents.promise import Acknowledged, Welcome

WELCOME = Welcome(heartbeat_seconds=15.0, silence_seconds=60.0, at_ms=1)


class Ears:
    """Hears what comes up."""

    def __init__(self) -> None:
        self.said: list[object] = []
        self.is_full = False

    def heard(self, card: HostCard, at_ms: int | None) -> None:
        self.said.append(at_ms)

    def reported(self, card: HostCard, handlers: Sequence[HandlerReport]) -> None:
        self.said.append(tuple(handlers))

    async def finished(self, card: HostCard, result: GoalStateResult) -> None:
        if self.is_full:
            raise FleetUnavailable("keep the hosts", "full")
        self.said.append(result)

    def hung_up(self, card: HostCard, line: Line) -> None:
        self.said.append("hung up")


class Bench:
    """A line of a host that is at goal state 0."""

    def __init__(self) -> None:
        self.card = card()
        self.ears = Ears()
        self.made = 0
        self.may_make = asyncio.Event()
        self.may_make.set()
        self.line = Line(self.card, WELCOME, self.ears, self.make)

    async def make(self, host: HostCard) -> GoalState:
        self.made += 1
        incarnation = host.goal_incarnation
        await self.may_make.wait()
        return GoalState(incarnation=incarnation, operation_id="", handlers=())

    def want(self, incarnation: int, *, is_kept: bool = True) -> None:
        """The host has a new goal state."""
        self.card.goal_incarnation = incarnation
        if is_kept:
            self.card.kept_incarnation = incarnation
            self.line.wake()


def result(incarnation: int = 1) -> GoalStateResult:
    return GoalStateResult(incarnation=incarnation, operation_id="", failures=(), handlers=())


async def next_of(line: Line) -> list[int]:
    """The incarnations of what goes down next; those of acknowledgements negative."""
    async with asyncio.timeout(10):
        down = await line.next()
    return [-each.incarnation if isinstance(each, Acknowledged) else each.incarnation for each in down]


async def test_a_goal_state_is_told_once() -> None:
    bench = Bench()
    bench.want(1)
    assert await next_of(bench.line) == [1]
    waiting = asyncio.ensure_future(bench.line.next())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    bench.want(2)
    assert [each.incarnation for each in await waiting] == [2]


async def test_of_several_the_newest_is_told() -> None:
    bench = Bench()
    for incarnation in (1, 2, 3):
        bench.want(incarnation)
    assert await next_of(bench.line) == [3]


async def test_what_the_host_reached_before_is_not_told() -> None:
    bench = Bench()
    bench.card.reached_incarnation = 3
    line = Line(bench.card, WELCOME, bench.ears, bench.make)
    bench.want(3)
    waiting = asyncio.ensure_future(line.next())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    waiting.cancel()


async def test_what_is_not_kept_is_not_told_until_it_is() -> None:
    bench = Bench()
    bench.want(1, is_kept=False)
    waiting = asyncio.ensure_future(bench.line.next())
    bench.line.wake()
    await asyncio.sleep(0.01)
    assert not waiting.done()
    bench.want(1)
    assert [each.incarnation for each in await waiting] == [1]


async def test_a_goal_state_that_became_another_while_it_was_made_is_made_anew() -> None:
    bench = Bench()
    bench.may_make.clear()
    bench.want(1)
    waiting = asyncio.ensure_future(bench.line.next())
    await asyncio.sleep(0.01)
    bench.want(2)
    bench.may_make.set()
    assert [each.incarnation for each in await waiting] == [2]
    assert bench.made == 2


async def test_results_are_acknowledged_once_they_are_kept() -> None:
    bench = Bench()
    await bench.line.finished(result(1))
    await bench.line.finished(result(2))
    assert await next_of(bench.line) == [-1, -2]


async def test_a_result_that_cannot_be_kept_is_not_acknowledged() -> None:
    bench = Bench()
    bench.ears.is_full = True
    with pytest.raises(FleetUnavailable):
        await bench.line.finished(result())
    bench.want(1)
    assert await next_of(bench.line) == [1]


async def test_a_host_that_takes_no_acknowledgements_is_not_heard_further() -> None:
    bench = Bench()
    for number in range(MOST_ACKNOWLEDGEMENTS):
        await bench.line.finished(result(number + 1))
    stuck = asyncio.ensure_future(bench.line.finished(result(1_000)))
    await asyncio.sleep(0.01)
    assert not stuck.done()
    assert len(await next_of(bench.line)) == MOST_ACKNOWLEDGEMENTS
    await stuck
    assert await next_of(bench.line) == [-1_000]


async def test_a_line_that_was_ended_says_why_and_hears_nothing_more() -> None:
    bench = Bench()
    waiting = asyncio.ensure_future(bench.line.next())
    await asyncio.sleep(0)
    bench.line.end(StreamReplaced("a"))
    bench.line.end(FleetUnavailable("x", "later reasons do not count"))
    with pytest.raises(StreamReplaced):
        await waiting
    bench.line.heard(1)
    bench.line.reported(())
    await bench.line.finished(result())
    assert bench.ears.said == []


async def test_closing_is_heard_of_once() -> None:
    bench = Bench()
    bench.line.heard(5)
    bench.line.close()
    bench.line.close()
    bench.line.heard(6)
    assert bench.ears.said == [5, "hung up"]
    assert bench.line.welcome is WELCOME
