"""Work in a thread that nobody's leaving disturbs."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tidegate.packages.undisturbed import undisturbed


def fail() -> None:
    raise ValueError("it failed")


async def test_it_gives_what_the_work_gives() -> None:
    assert await undisturbed(divmod, 7, 2) == (3, 1)
    with pytest.raises(ValueError, match="it failed"):
        await undisturbed(fail)


async def test_who_is_cancelled_waits_until_the_work_has_ended() -> None:
    began, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        assert may_end.wait(5)
        ended.set()

    waiting = asyncio.create_task(undisturbed(work))
    assert await asyncio.to_thread(began.wait, 5)
    for _ in range(3):
        waiting.cancel()
        await asyncio.sleep(0)
    assert not waiting.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ended.is_set()


async def test_a_failure_that_nobody_waits_for_is_not_told_twice() -> None:
    began, may_end = threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        assert may_end.wait(5)
        fail()

    waiting = asyncio.create_task(undisturbed(work))
    assert await asyncio.to_thread(began.wait, 5)
    waiting.cancel()
    await asyncio.sleep(0)
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
