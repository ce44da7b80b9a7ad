"""Errands."""

import asyncio

import pytest
from structlog.testing import capture_logs

from tests.executor.world import virtual
from tidegate.domain.refusal import ShuttingDown
from tidegate.executor.errands import Errands


@virtual
async def test_an_errand_gives_its_result_to_whoever_waits() -> None:
    async def fetch() -> str:
        return "milk"

    assert await Errands().run(fetch()) == "milk"


@virtual
async def test_an_errand_that_breaks_is_told_of_and_one_that_is_refused_is_not() -> None:
    async def break_something() -> None:
        raise ZeroDivisionError

    async def be_refused() -> None:
        raise ShuttingDown

    errands = Errands()
    with capture_logs() as lines:
        broken, refused = errands.run(break_something()), errands.run(be_refused())
        await asyncio.wait([broken, refused])
        await asyncio.sleep(0)
    assert [line["event"] for line in lines] == ["errand_broke"]
    with pytest.raises(ShuttingDown):
        refused.result()


@virtual
async def test_closing_is_patient_for_a_while_and_then_stops_what_still_runs() -> None:
    done: list[str] = []

    async def take(seconds: float) -> None:
        await asyncio.sleep(seconds)
        done.append(f"{seconds:g}")

    errands = Errands()
    errands.run(take(1))
    late = errands.run(take(100))
    await errands.close(patience_seconds=5)
    assert done == ["1"]
    assert late.cancelled()
