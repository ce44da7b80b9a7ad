"""The watch hub."""

import asyncio

from tests.executor.world import World, scale_set_id, virtual
from tidegate.executor import watch
from tidegate.executor.watch import Happened, plain_token
from tidegate.journal.promise import Entry
from tidegate.upgrade.events import WaveBegan
from tidegate.upgrade.state import Upgrade


@virtual
async def test_a_thousand_watchers_get_the_same_rendered_events() -> None:
    rendered = 0

    async with World() as world:
        inner = world.hub._render

        def count(upgrade: Upgrade, entry: Entry) -> str:
            nonlocal rendered
            rendered += 1
            return inner(upgrade, entry)

        world.hub._render = count
        await world.put()
        await world.publish("1.1")
        upgrade = await world.start()

        async def follow() -> list[int]:
            return [id(item) for item in [item async for item in world.hub.watch(upgrade.upgrade_id, 1)]]

        stories = await asyncio.gather(*(follow() for _ in range(1_000)))
        ended = await world.ended()
        assert len(stories[0]) == rendered == ended.sequence - 1
        assert all(story == stories[0] for story in stories)


@virtual
async def test_an_upgrade_that_nobody_watches_is_not_kept() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        upgrade = await world.start()
        await world.pass_seconds(600)
        assert world.hub.watched_count == 0
        assert world.hub._rings == {}
        assert (await world.conductor.latest(scale_set_id("web"))).is_ended
        assert upgrade.upgrade_id not in world.hub._rings


@virtual
async def test_rings_that_were_watched_are_kept_for_a_while_and_not_for_ever() -> None:
    async with World() as world:
        await world.publish("1.1")
        for number in range(watch.UNWATCHED_RINGS + 10):
            await world.put(f"s{number}", capacity=1)
            upgrade = await world.start(f"s{number}")
            with world.hub.watch(upgrade.upgrade_id) as watcher:
                await watcher.read()
                assert world.hub.watched_count == 1
            await world.ended(f"s{number}")
        assert world.hub.watched_count == 0
        assert len(world.hub._rings) <= watch.UNWATCHED_RINGS


@virtual
async def test_who_comes_back_soon_is_served_from_the_ring() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        upgrade = await world.start()
        with world.hub.watch(upgrade.upgrade_id) as watcher:
            await watcher.read()
        ring = world.hub._rings[upgrade.upgrade_id]
        await world.until(WaveBegan, count=2)
        with world.hub.watch(upgrade.upgrade_id, 1) as watcher:
            found = await watcher.read()
            assert isinstance(found[0], Happened)
            assert found[0].sequence == 2
        assert world.hub._rings[upgrade.upgrade_id] is ring


def test_a_plain_token_names_the_upgrade_and_the_number() -> None:
    assert plain_token("u", 7) == "u/7"
