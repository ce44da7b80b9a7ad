"""Which upgrades are in memory."""

import asyncio

import pytest

from tests.executor.world import World, name_of, scale_set_id, virtual
from tidegate.domain.refusal import UpgradeNotFound
from tidegate.domain.resource_id import UpgradeName
from tidegate.executor.known_upgrades import KnownUpgrades
from tidegate.upgrade.state import Upgrade


async def ended_upgrades(world: World, *names: str) -> list[Upgrade]:
    await world.publish("1.1")
    for name in names:
        await world.put(name)
        await world.start(name)
    return [await world.ended(name) for name in names]


@virtual
async def test_ended_upgrades_make_room_for_newer_ones_and_come_back_from_the_journal() -> None:
    async with World() as world:
        first, second, third = await ended_upgrades(world, "a", "b", "c")
        known = KnownUpgrades(world.store.journal, kept_instances=25)
        for upgrade in (first, second, third):
            known.put(upgrade)
        assert known.peek(first.upgrade_id) is None
        assert known.peek(third.upgrade_id) is third
        again = await known.by_id(first.upgrade_id)
        assert again == first
        assert await known.by_id(first.upgrade_id) is again
        assert known.peek(second.upgrade_id) is None


@virtual
async def test_the_latest_of_a_scale_set_is_found_in_memory_or_in_the_journal() -> None:
    async with World() as world:
        (ended,) = await ended_upgrades(world, "a")
        known = KnownUpgrades(world.store.journal, kept_instances=25)
        assert known.peek_latest(ended.scale_set.key) is None
        assert await known.latest(scale_set_id("a")) == ended
        assert known.peek_latest(ended.scale_set.key) == ended
        assert await known.latest(scale_set_id("never")) is None


@virtual
async def test_many_who_ask_at_once_cost_one_replay() -> None:
    async with World() as world:
        (ended,) = await ended_upgrades(world, "a")
        known = KnownUpgrades(world.store.journal, kept_instances=25)
        found = await asyncio.gather(*(known.by_id(ended.upgrade_id) for _ in range(50)))
        assert {id(upgrade) for upgrade in found} == {id(known.peek(ended.upgrade_id))}


@virtual
async def test_an_active_upgrade_stays_whatever_room_there_is() -> None:
    async with World() as world:
        await world.put("a")
        await world.publish("1.1")
        running = await world.start("a")
        known = KnownUpgrades(world.store.journal, kept_instances=0)
        known.put(running)
        assert known.active(scale_set_id("A")) is running
        assert (known.active_count, known.all_active()) == (1, (running,))
        known.put(await world.ended("a"))
        assert (known.active_count, known.active(scale_set_id("a"))) == (0, None)


@virtual
async def test_a_name_is_of_one_scale_set() -> None:
    async with World() as world:
        (ended,) = await ended_upgrades(world, "a")
        known = KnownUpgrades(world.store.journal, kept_instances=25)
        assert await known.named(name_of(ended)) == ended
        with pytest.raises(UpgradeNotFound, match="/b/"):
            await known.named(UpgradeName(scale_set=scale_set_id("b"), upgrade_id=ended.upgrade_id))
        with pytest.raises(UpgradeNotFound, match="nobody"):
            await known.named(UpgradeName(scale_set=scale_set_id("a"), upgrade_id="nobody"))
