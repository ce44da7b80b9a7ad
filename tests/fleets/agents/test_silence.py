"""Whoever is not heard of is told of once, in time, by one timer for all."""

import asyncio
from collections.abc import Callable

from tests.executor.world import virtual
from tidegate.executor.clock import LoopClock
from tidegate.fleets.agents.silence import Silence


class Ears:
    """Who fell silent, and when."""

    def __init__(self, seconds: float = 60.0) -> None:
        loop = asyncio.get_running_loop()
        self.timers = 0
        self.told: list[tuple[str, float]] = []
        self._began_seconds = loop.time()

        def call_later(delay_seconds: float, happen: Callable[[], None]) -> object:
            self.timers += 1
            return loop.call_later(delay_seconds, happen)

        self.silence: Silence[str] = Silence(seconds, LoopClock().now_ms, call_later, self.tell)

    def tell(self, who: str) -> None:
        self.told.append((who, round(asyncio.get_running_loop().time() - self._began_seconds, 1)))


@virtual
async def test_a_host_falls_silent_once_after_the_timeout() -> None:
    ears = Ears()
    ears.silence.heard("a")
    await asyncio.sleep(59.9)
    assert ears.told == []
    await asyncio.sleep(300)
    assert ears.told == [("a", 60.0)]


@virtual
async def test_hearing_of_it_puts_it_off() -> None:
    ears = Ears()
    for _ in range(10):
        ears.silence.heard("a")
        await asyncio.sleep(50)
    assert ears.told == []
    await asyncio.sleep(20)
    assert ears.told == [("a", 510.0)]


@virtual
async def test_it_is_told_of_again_after_it_was_heard_of() -> None:
    ears = Ears()
    for _ in range(2):
        ears.silence.heard("a")
        await asyncio.sleep(100)
    assert ears.told == [("a", 60.0), ("a", 160.0)]


@virtual
async def test_a_thousand_hosts_need_one_timer() -> None:
    ears = Ears()
    for number in range(1_000):
        ears.silence.heard(f"host-{number}")
    assert ears.timers == 1
    await asyncio.sleep(30)
    for number in range(500):
        ears.silence.heard(f"host-{number}")
    await asyncio.sleep(31)
    assert len(ears.told) == 500
    assert ears.timers == 2


@virtual
async def test_who_is_forgotten_is_not_told_of_and_after_the_end_nobody_is() -> None:
    ears = Ears()
    for name in "ab":
        ears.silence.heard(name)
    ears.silence.forget("a")
    ears.silence.forget("nobody")
    await asyncio.sleep(100)
    assert [who for who, _ in ears.told] == ["b"]
    ears.silence.heard("c")
    ears.silence.stop()
    ears.silence.heard("d")
    await asyncio.sleep(100)
    assert len(ears.told) == 1
