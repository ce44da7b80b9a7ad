"""The ring of one watched upgrade."""

import asyncio

from tests.executor.world import World, render_name, virtual
from tidegate.executor.replay import Replay, Step
from tidegate.executor.ring import Ring
from tidegate.journal.promise import Entry
from tidegate.upgrade.state import Upgrade


async def story(world: World) -> list[Step]:
    """All steps of an upgrade of ten instances."""
    await world.put()
    await world.publish("1.1")
    upgrade = await world.start()
    await world.ended()
    return list(await Replay(world.store.journal, upgrade.upgrade_id).page())


@virtual
async def test_a_ring_gives_what_came_since_it_was_made() -> None:
    async with World() as world:
        steps = await story(world)
        ring = Ring(steps[2].upgrade, 100, render_name)
        ring.extend(steps[3:6])
        assert ring.first == 4
        assert [item.sequence for item in ring.after(4, 10) or ()] == [5, 6]
        assert [item.sequence for item in ring.after(3, 2) or ()] == [4, 5]
        assert ring.after(6, 10) == []
        assert ring.after(2, 10) is None


@virtual
async def test_every_event_is_rendered_once_whoever_reads_and_not_at_all_where_nobody_does() -> None:
    rendered: list[int] = []

    def render(_upgrade: Upgrade, entry: Entry) -> int:
        rendered.append(entry.sequence)
        return entry.sequence

    async with World() as world:
        steps = await story(world)
        ring = Ring(steps[0].upgrade, 100, render)
        ring.extend(steps[1:5])
        assert rendered == []
        assert ring.after(1, 10) == ring.after(1, 10)
        assert rendered == [2, 3, 4, 5]


@virtual
async def test_a_full_ring_lets_the_oldest_go() -> None:
    async with World() as world:
        steps = await story(world)
        ring = Ring(steps[0].upgrade, 3, render_name)
        for step in steps[1:]:
            ring.extend([step])
        assert ring.is_over
        assert len(steps) - 6 < ring.first <= len(steps) - 2
        assert ring.after(ring.first - 1, 100) is not None


@virtual
async def test_all_who_wait_are_woken_once_for_a_batch_of_events() -> None:
    async with World() as world:
        steps = await story(world)
        ring = Ring(steps[0].upgrade, 100, render_name)
        waiting = [asyncio.ensure_future(ring.news(None)) for _ in range(10)]
        await asyncio.sleep(0)
        ring.extend(steps[1:9])
        assert await asyncio.gather(*waiting) == [True] * 10
        assert not await ring.news(5.0)


@virtual
async def test_a_ring_is_filled_with_what_lies_before_it_as_far_as_there_is_room() -> None:
    async with World() as world:
        steps = await story(world)
        for capacity in (1, 4, 100):
            for position in (0, 1, 3, 7, len(steps) - 1):
                ring = Ring(steps[position].upgrade, capacity, render_name)
                filling = asyncio.ensure_future(ring.fill(world.store.journal))
                await asyncio.sleep(0)
                if position + 2 < len(steps):
                    ring.extend(steps[position + 1 : position + 3])
                await filling
                held = ring.after(ring.first - 1, 1_000)
                assert held is not None
                assert [item.sequence for item in held] == list(range(ring.first, ring.sequence + 1))
                assert capacity < 100 or ring.first == 1
