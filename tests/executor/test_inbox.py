"""The inbox of a driver."""

import asyncio

import pytest

from tests.executor.world import virtual
from tidegate.domain.health import ProbeState
from tidegate.domain.order import InstanceAnswer
from tidegate.executor.commands import Command, Verb
from tidegate.executor.inbox import Inbox
from tidegate.upgrade.reports import AlarmRang, OrderAnswered


def answered(number: int) -> OrderAnswered:
    answer = InstanceAnswer(operation_id=f"{number}", instance_id="0", failures=(), probe=ProbeState.NONE)
    return OrderAnswered(at_ms=number, answer=answer)


@virtual
async def test_items_are_taken_in_the_order_they_came_and_the_bell_rings_for_the_rest() -> None:
    inbox = Inbox(10)
    for number in range(5):
        inbox.put(AlarmRang(at_ms=number))
    await inbox.wait()
    assert inbox.take(3) == [AlarmRang(at_ms=0), AlarmRang(at_ms=1), AlarmRang(at_ms=2)]
    await inbox.wait()
    assert inbox.take(3) == [AlarmRang(at_ms=3), AlarmRang(at_ms=4)]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await inbox.wait()


@virtual
async def test_an_answer_that_finds_no_room_is_noted_and_everything_else_always_finds_some() -> None:
    inbox = Inbox(2)
    for number in range(3):
        inbox.put(answered(number))
    assert inbox.has_dropped
    command = Command.of(Verb.CANCEL, 9)
    inbox.put(command)
    assert inbox.take_all() == [answered(0), answered(1), command]


@virtual
async def test_what_breaks_beside_the_driver_breaks_the_driver() -> None:
    inbox = Inbox(2)
    inbox.fail(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await inbox.wait()


@virtual
async def test_a_driver_is_woken_although_nothing_came() -> None:
    inbox = Inbox(2)
    inbox.wake()
    await inbox.wait()
    assert inbox.take(5) == []
