"""One watcher of one upgrade."""

import asyncio

import pytest

from tests.executor.world import World, render_name, scale_set_id, virtual
from tidegate.domain.refusal import ResumeTokenMismatch, UpgradeNotFound, WatchTooSlow
from tidegate.executor.watch import Happened, Snapshot, Watcher, WatchHub
from tidegate.upgrade.events import BatchStarted, UpgradeCompleted, WaveBegan
from tidegate.upgrade.state import Upgrade


async def started(world: World) -> Upgrade:
    await world.put()
    await world.publish("1.1")
    return await world.start()


async def rest(watcher: Watcher[str]) -> list[int]:
    """The numbers of everything that it gives from now on; 0 for a snapshot."""
    return [item.sequence if isinstance(item, Happened) else 0 async for item in watcher]


@virtual
async def test_a_watch_is_a_snapshot_and_then_every_event_to_the_end() -> None:
    async with World() as world:
        upgrade = await started(world)
        await world.until(BatchStarted, count=2)
        items = [item async for item in world.hub.watch(upgrade.upgrade_id)]
        ended = await world.conductor.latest(scale_set_id("web"))
        assert isinstance(items[0], Snapshot)
        numbers = [item.sequence for item in items[1:] if isinstance(item, Happened)]
        assert numbers == list(range(items[0].upgrade.sequence + 1, ended.sequence + 1))
        assert isinstance(items[-1], Happened)
        assert items[-1].value == UpgradeCompleted.__name__


@pytest.mark.parametrize("after", [0, 1, 9, 20])
@virtual
async def test_a_watch_goes_on_right_after_a_number_also_when_it_is_all_over(after: int) -> None:
    async with World() as world:
        upgrade = await started(world)
        live = asyncio.ensure_future(rest(world.hub.watch(upgrade.upgrade_id, min(after, 1))))
        ended = await world.ended()
        assert await live == list(range(min(after, 1) + 1, ended.sequence + 1))
        assert await rest(world.hub.watch(upgrade.upgrade_id, after)) == list(range(after + 1, ended.sequence + 1))


@virtual
async def test_a_watch_of_what_has_ended_and_was_all_seen_is_over_at_once() -> None:
    async with World() as world:
        upgrade = await started(world)
        ended = await world.ended()
        watcher = world.hub.watch(upgrade.upgrade_id, ended.sequence)
        assert await watcher.read() == ()
        assert watcher.is_over


@virtual
async def test_nothing_for_a_while_is_an_empty_reading_and_nothing_is_lost_by_it() -> None:
    async with World(upgrade_seconds=300) as world:
        upgrade = await started(world)
        with world.hub.watch(upgrade.upgrade_id) as watcher:
            assert isinstance((await watcher.read())[0], Snapshot)
            numbers: list[int] = []
            empty = 0
            while not watcher.is_over:
                found = await watcher.read(15.0)
                empty += not found
                numbers += [item.sequence for item in found if isinstance(item, Happened)]
        assert numbers == list(range(2, (await world.ended()).sequence + 1))
        assert empty > 50


@virtual
async def test_what_the_ring_has_no_more_is_read_from_the_journal() -> None:
    async with World() as world:
        upgrade = await started(world)
        ended = await world.ended()
        small = WatchHub[str](render_name, capacity=3)
        small.connect(world.store.journal, world.conductor._known)
        assert await rest(small.watch(upgrade.upgrade_id, 0)) == list(range(1, ended.sequence + 1))
        assert await rest(small.watch(upgrade.upgrade_id, 5)) == list(range(6, ended.sequence + 1))


@virtual
async def test_a_live_reader_that_falls_behind_is_let_go_and_loses_nothing() -> None:
    async with World() as world:
        world.hub._capacity = 5
        upgrade = await started(world)
        slow = world.hub.watch(upgrade.upgrade_id, resume_token=lambda upgrade_id, number: f"{upgrade_id}@{number}")
        assert isinstance((await slow.read())[0], Snapshot)
        ended = await world.ended()
        with slow, pytest.raises(WatchTooSlow) as refused:
            await slow.read()
        assert refused.value.resume_token == f"{upgrade.upgrade_id}@1"
        assert await rest(world.hub.watch(upgrade.upgrade_id, 1)) == list(range(2, ended.sequence + 1))


@virtual
async def test_a_number_that_the_upgrade_has_not_come_to_is_refused() -> None:
    async with World() as world:
        upgrade = await started(world)
        ended = await world.ended()
        for number in (-1, ended.sequence + 1):
            with pytest.raises(ResumeTokenMismatch):
                await world.hub.watch(upgrade.upgrade_id, number).read()
        with pytest.raises(UpgradeNotFound):
            await world.hub.watch("nobody").read()


@virtual
async def test_a_closed_watcher_gives_nothing_and_is_over() -> None:
    async with World() as world:
        upgrade = await started(world)
        await world.until(WaveBegan)
        with world.hub.watch(upgrade.upgrade_id) as watcher:
            await watcher.read()
        assert watcher.is_over
        assert await watcher.read() == ()
