"""The clock."""

import asyncio
import time

from tests.executor.world import EPOCH_MS, virtual
from tidegate.executor.clock import LoopClock


@virtual
async def test_the_clock_shows_its_epoch_and_then_the_time_of_the_loop() -> None:
    clock = LoopClock(EPOCH_MS)
    assert clock.now_ms() == EPOCH_MS
    await asyncio.sleep(90.5)
    assert clock.now_ms() == EPOCH_MS + 90_500


@virtual
async def test_sleeping_ends_at_the_moment_and_not_before() -> None:
    clock = LoopClock(EPOCH_MS)
    for wait_ms in (1, 3, 7, 333, 1_001):
        due_ms = clock.now_ms() + wait_ms
        await clock.sleep_until(due_ms)
        assert clock.now_ms() == due_ms


@virtual
async def test_a_moment_that_is_past_is_waited_for_until_others_had_their_turn() -> None:
    clock = LoopClock(EPOCH_MS)
    turns: list[str] = []
    asyncio.get_running_loop().call_soon(turns.append, "another")
    await clock.sleep_until(0)
    assert turns == ["another"]
    assert clock.now_ms() == EPOCH_MS


async def test_without_an_epoch_it_begins_with_the_wall_clock() -> None:
    before_ms = time.time_ns() // 1_000_000
    shown_ms = LoopClock().now_ms()
    assert before_ms <= shown_ms <= time.time_ns() // 1_000_000
