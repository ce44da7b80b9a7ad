"""Virtual time: hours pass at once, in order, and a program that waits for nothing is told so."""

import asyncio
import threading

import pytest

from tidegate.executor import virtual_time
from tidegate.executor.virtual_time import VirtualDeadlock, run_virtual


def test_a_year_of_sleep_takes_no_time_and_is_seen_on_the_loop() -> None:
    async def program() -> float:
        await asyncio.sleep(31_536_000)
        return asyncio.get_running_loop().time()

    assert run_virtual(program()) == pytest.approx(31_536_000)


def test_timers_ring_in_the_order_of_their_due_times() -> None:
    async def program() -> list[tuple[str, float]]:
        loop = asyncio.get_running_loop()
        rung: list[tuple[str, float]] = []

        def ring(name: str) -> None:
            rung.append((name, loop.time()))

        for name, seconds in (("late", 90_000.0), ("early", 1.5), ("middle", 3600.0)):
            loop.call_later(seconds, ring, name)
        await asyncio.sleep(100_000)
        return rung

    assert run_virtual(program()) == [("early", 1.5), ("middle", 3600.0), ("late", 90_000.0)]


def test_timers_far_in_the_future_ring_although_small_differences_are_lost_in_rounding() -> None:
    async def program() -> float:
        for _ in range(100):
            await asyncio.sleep(86_400.1)
            await asyncio.sleep(0.001)
        return asyncio.get_running_loop().time()

    assert run_virtual(program()) == pytest.approx(100 * 86_400.101)


def test_what_is_ready_runs_before_time_moves() -> None:
    async def program() -> float:
        for _ in range(1000):
            await asyncio.sleep(0)
        return asyncio.get_running_loop().time()

    assert run_virtual(program()) == 0.0


def test_a_timeout_cancels_at_its_moment() -> None:
    async def program() -> float:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), timeout=300)
        return asyncio.get_running_loop().time()

    assert run_virtual(program()) == pytest.approx(300)


def test_time_stands_still_while_a_thread_works() -> None:
    async def program() -> list[str]:
        loop = asyncio.get_running_loop()
        order: list[str] = []
        may_end = threading.Event()
        job = asyncio.ensure_future(asyncio.to_thread(may_end.wait, 5))
        await asyncio.sleep(0)
        loop.call_later(1, order.append, "timer")
        threading.Timer(0.05, may_end.set).start()
        assert await job
        order.append("thread")
        await asyncio.sleep(2)
        return order

    assert run_virtual(program()) == ["thread", "timer"]


def test_waiting_for_nothing_is_a_deadlock_that_names_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual_time, "STRANGER_SECONDS", 0.0)

    async def waits_for_ever() -> None:
        await asyncio.Event().wait()

    with pytest.raises(VirtualDeadlock, match="waits_for_ever"):
        run_virtual(waits_for_ever())


def test_a_thread_that_never_ends_is_a_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual_time, "THREAD_SECONDS", 0.01)
    may_end = threading.Event()

    async def program() -> None:
        job = asyncio.get_running_loop().run_in_executor(None, may_end.wait, 5)
        try:
            await job
        finally:
            may_end.set()

    with pytest.raises(VirtualDeadlock, match="thread"):
        run_virtual(program())


def test_a_stranger_that_wakes_the_loop_is_no_deadlock() -> None:
    async def program() -> str:
        loop = asyncio.get_running_loop()
        woken = loop.create_future()
        threading.Timer(0.02, lambda: loop.call_soon_threadsafe(woken.set_result, "woken")).start()
        return str(await woken)

    assert run_virtual(program()) == "woken"


def test_an_error_of_the_program_comes_through() -> None:
    async def program() -> None:
        await asyncio.sleep(5)
        raise ValueError("its own")

    with pytest.raises(ValueError, match="its own"):
        run_virtual(program())


def test_an_error_in_a_callback_is_not_passed_over() -> None:
    def fail() -> None:
        raise ValueError("in a callback")

    async def program() -> None:
        asyncio.get_running_loop().call_later(5, fail)
        await asyncio.sleep(10)

    with pytest.raises(ValueError, match="in a callback"):
        run_virtual(program())


def test_an_error_in_a_task_that_nobody_waits_for_is_not_passed_over() -> None:
    async def fail() -> None:
        raise ValueError("in a task")

    async def program() -> None:
        task = asyncio.ensure_future(fail())
        await asyncio.sleep(10)
        del task

    with pytest.raises(ValueError, match="in a task"):
        run_virtual(program())
