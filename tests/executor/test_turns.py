"""One at a time for each scale set."""

import asyncio

from tests.executor.world import virtual
from tidegate.executor.turns import Turns


@virtual
async def test_turns_of_one_scale_set_follow_each_other_and_those_of_others_do_not_wait() -> None:
    turns, story = Turns(), list[str]()

    async def take(key: str, name: str) -> None:
        async with turns.of(key):
            story.append(f"{name} begins")
            await asyncio.sleep(1)
            story.append(f"{name} ends")

    await asyncio.gather(take("a", "first"), take("a", "second"), take("b", "other"))
    assert story == ["first begins", "other begins", "first ends", "other ends", "second begins", "second ends"]


@virtual
async def test_whoever_gives_up_waiting_does_not_keep_the_next_from_his_turn() -> None:
    turns = Turns()

    async def take() -> None:
        async with turns.of("a"):
            await asyncio.sleep(1)

    tasks = [asyncio.ensure_future(take()) for _ in range(3)]
    await asyncio.sleep(0.5)
    tasks[1].cancel()
    await asyncio.wait(tasks)
    assert not tasks[2].cancelled()
    async with asyncio.timeout(0.1), turns.of("a"):
        pass
