"""The drivers of a server."""

import asyncio
from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from tests.executor.world import World, scale_set_id, virtual
from tidegate.domain.refusal import NoUpgradeInProgress
from tidegate.executor.commands import Verb
from tidegate.upgrade.events import Event, InstanceUpgraded, WaveBegan
from tidegate.upgrade.state import StatusCode


@virtual
async def test_a_driver_that_breaks_is_told_of_and_its_upgrade_is_driven_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        inner, broken = world.store.journal.append, list[int]()

        async def breaks(upgrade_id: str, expected: int, events: Sequence[Event]) -> int:
            number = await inner(upgrade_id, expected, events)
            if len(broken) < 4:
                broken.append(number)
                raise ZeroDivisionError
            return number

        monkeypatch.setattr(world.store.journal, "append", breaks)
        with capture_logs() as lines:
            upgrade = await world.start()
            items = [item async for item in world.hub.watch(upgrade.upgrade_id, 0)]
        ended = await world.conductor.latest(scale_set_id("web"))
        assert [line["event"] for line in lines].count("driver_broke") == 4
        assert (ended.status, len(items)) == (StatusCode.COMPLETED, ended.sequence)
        assert sum(isinstance(event, InstanceUpgraded) for event in await world.events(ended)) == 10


@virtual
async def test_a_driver_that_breaks_while_the_disk_is_full_waits_for_the_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")

        async def breaks(upgrade_id: str, expected: int, events: Sequence[Event]) -> int:
            monkeypatch.undo()
            world.memory.unavailable_because = "the disk is full"
            raise ZeroDivisionError

        monkeypatch.setattr(world.store.journal, "append", breaks)
        with capture_logs():
            await world.start()
            await world.pass_seconds(100)
            world.memory.unavailable_because = ""
            assert (await world.ended()).status is StatusCode.COMPLETED


@virtual
async def test_an_upgrade_is_driven_once_however_often_it_is_taken_up() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        upgrade = await world.start()
        driving = world.conductor._driving
        driving.drive(upgrade)
        driving.drive(upgrade)
        ended = await world.ended()
        kept = await world.events(ended)
        assert sum(isinstance(event, WaveBegan) for event in kept) == 5
        await driving.ended(upgrade.upgrade_id, 60)
        with pytest.raises(NoUpgradeInProgress):
            await driving.command(upgrade, Verb.CANCEL)


@virtual
async def test_closing_does_not_wait_for_a_disk_to_have_space_again() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        await world.start()
        await world.until(WaveBegan)
        world.memory.unavailable_because = "the disk is full"
        await world.pass_seconds(500)
        began = asyncio.get_running_loop().time()
        await world.conductor.close()
        assert asyncio.get_running_loop().time() - began < 1
        world.memory.unavailable_because = ""
