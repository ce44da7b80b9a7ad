"""One watcher of one scale set."""

import asyncio

from tests.executor.world import World, scale_set_id, virtual
from tidegate.executor.watch import Happened, Mark, ScaleSetWatcher, Snapshot


async def read_all(watcher: ScaleSetWatcher[str], quiet_seconds: float = 3_600) -> list[tuple[str, int]]:
    """(upgrade id, sequence) of everything until nothing comes any more; a snapshot as it stands."""
    got: list[tuple[str, int]] = []
    while found := await watcher.read(quiet_seconds):
        for item in found:
            match item:
                case Snapshot(upgrade=upgrade):
                    got.append((f"snapshot of {upgrade.upgrade_id}", upgrade.sequence))
                case Happened():
                    got.append((item.upgrade_id, item.sequence))
    return got


async def run_two(world: World) -> list[tuple[str, int]]:
    """Two upgrades; everything that happens in them."""
    everything = []
    for version in ("1.1", "1.2"):
        await world.publish(version)
        await world.start()
        ended = await world.ended()
        everything += [(ended.upgrade_id, number + 1) for number in range(ended.sequence)]
    return everything


@virtual
async def test_upgrades_that_begin_later_are_followed_one_after_another() -> None:
    async with World() as world:
        await world.put()
        with world.hub.watch_scale_set(scale_set_id("web")) as watcher:
            reading = asyncio.ensure_future(read_all(watcher))
            await world.pass_seconds(60)
            assert await run_two(world) == await reading


@virtual
async def test_where_there_was_an_upgrade_the_watch_begins_with_its_snapshot() -> None:
    async with World() as world:
        await world.put()
        first = await run_two(world)
        with world.hub.watch_scale_set(scale_set_id("web")) as watcher:
            snapshot = (await watcher.read())[0]
            assert isinstance(snapshot, Snapshot)
            assert (snapshot.upgrade.upgrade_id, snapshot.upgrade.sequence) == first[-1]
            reading = asyncio.ensure_future(read_all(watcher))
            await world.publish("1.3")
            await world.start()
            ended = await world.ended()
            assert await reading == [(ended.upgrade_id, number + 1) for number in range(ended.sequence)]


@virtual
async def test_a_mark_goes_on_right_after_it_and_through_everything_since() -> None:
    async with World() as world:
        await world.put()
        everything = await run_two(world)
        for place in (0, 5, 41, 42, len(everything) - 1):
            with world.hub.watch_scale_set(scale_set_id("web"), Mark(*everything[place])) as watcher:
                assert await read_all(watcher) == everything[place + 1 :]


@virtual
async def test_a_mark_before_any_upgrade_goes_through_everything() -> None:
    async with World() as world:
        await world.put()
        everything = await run_two(world)
        with world.hub.watch_scale_set(scale_set_id("web"), Mark("", 0)) as watcher:
            assert await read_all(watcher) == everything


@virtual
async def test_upgrades_of_one_moment_are_told_in_the_order_of_their_starts() -> None:
    async with World(ids="z") as world:
        await world.put(capacity=0)
        with world.hub.watch_scale_set(scale_set_id("web")) as watcher:
            assert await watcher.read(1.0) == ()
            started = [(await world.start()).upgrade_id for _ in range(12)]
            assert [upgrade_id for upgrade_id, number in await read_all(watcher) if number == 1] == started


@virtual
async def test_a_closed_watcher_gives_nothing() -> None:
    async with World() as world:
        await world.put()
        watcher = world.hub.watch_scale_set(scale_set_id("web"))
        watcher.close()
        assert await watcher.read() == ()
