"""From a request to an upgrade that is driven."""

import asyncio

import pytest

from tests.executor.world import AGENT, EPOCH_MS, World, name_of, scale_set_id, virtual
from tidegate.domain.refusal import (
    FleetUnavailable,
    JournalUnavailable,
    NotEligible,
    NoUpgradeEver,
    TooManyUpgrades,
    UpgradeInProgress,
)
from tidegate.domain.scale_set import ScaleSet
from tidegate.domain.version import Version
from tidegate.executor.conductor import StartRequest
from tidegate.executor.limits import Limits
from tidegate.journal.promise import UpgradeRow
from tidegate.upgrade.events import UpgradeStarted, WaveBegan
from tidegate.upgrade.plan import UpgradeKind
from tidegate.upgrade.state import StatusCode


@virtual
async def test_what_the_journal_began_although_it_failed_is_driven_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        inner = world.store.journal.start

        async def lose(started: UpgradeStarted) -> UpgradeRow:
            await inner(started)
            raise JournalUnavailable("input/output error")

        monkeypatch.setattr(world.store.journal, "start", lose)
        with pytest.raises(JournalUnavailable):
            await world.start(request_id="r")
        monkeypatch.undo()
        await world.pass_seconds(1)
        upgrade = await world.start(request_id="r")
        assert upgrade.upgrade_id == "upgrade-2"
        assert (await world.ended()).progress.successful_count == 10


@virtual
async def test_a_scale_set_that_its_fleet_was_not_told_of_is_placed_when_it_is_asked_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fail(_: ScaleSet) -> None:
        raise ConnectionError("connection refused")

    async with World(with_autopilot=True) as world:
        monkeypatch.setattr(world.fleet, "place", fail)
        with pytest.raises(FleetUnavailable):
            await world.put()
        await world.publish("1.1")
        await world.pass_seconds(60)
        with pytest.raises(FleetUnavailable, match="connection refused"):
            await world.conductor.plan(scale_set_id("web"), UpgradeKind.EXTENSION)
        monkeypatch.undo()
        assert len((await world.conductor.plan(scale_set_id("web"), UpgradeKind.EXTENSION)).plan.order) == 10
        await world.pass_seconds(3_600)
        assert await world.versions() == ["1.1"] * 10


@virtual
async def test_an_active_upgrade_that_nobody_drives_is_driven_as_soon_as_it_stands_in_the_way() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        async with World(memory=world.memory, fleet=world.fleet, ids="other") as other:
            upgrade = await other.start()
            await other.until(WaveBegan)
        with pytest.raises(UpgradeInProgress) as refused:
            await world.start()
        assert refused.value.resource == str(name_of(upgrade))
        assert (await world.ended()).progress.successful_count == 10


@virtual
async def test_a_start_that_the_journal_never_began_leaves_nothing_behind() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        world.memory.unavailable_because = "the disk is full"
        with pytest.raises(JournalUnavailable):
            await world.start()
        world.memory.unavailable_because = ""
        await world.pass_seconds(120)
        with pytest.raises(NoUpgradeEver):
            await world.conductor.latest(scale_set_id("web"))


@virtual
async def test_a_fleet_that_hangs_does_not_keep_others_from_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    async with World() as world:
        await world.put("deaf")
        await world.put("web")
        await world.publish("1.1")
        inner = world.fleet.instances

        async def hang(scale_set: object) -> object:
            if scale_set == scale_set_id("deaf"):
                await asyncio.sleep(10**6)
            return await inner(scale_set_id("web"))

        monkeypatch.setattr(world.fleet, "instances", hang)
        deaf = asyncio.ensure_future(world.start("deaf"))
        await world.start("web")
        assert world.clock.now_ms() == EPOCH_MS
        with pytest.raises(FleetUnavailable):
            await deaf


@virtual
async def test_starts_under_way_count_against_the_limit() -> None:
    async with World(limits=Limits(max_active=3)) as world:
        await world.publish("1.1")
        for number in range(6):
            await world.put(f"s{number}")
        starts = await asyncio.gather(*(world.start(f"s{number}") for number in range(6)), return_exceptions=True)
        assert sum(isinstance(each, TooManyUpgrades) for each in starts) == 3


@virtual
async def test_two_upgrades_of_a_scale_set_never_start_in_the_same_moment() -> None:
    async with World() as world:
        await world.put()
        started = [(await world.start()).started.at_ms for _ in range(3)]
        assert started == [EPOCH_MS, EPOCH_MS + 1, EPOCH_MS + 2]


@virtual
async def test_a_start_that_is_only_for_need_starts_nothing_where_there_is_none() -> None:
    async with World() as world:
        await world.put()
        await world.put("old", tags={"tidegate-policy": "cautious"})
        request = StartRequest(scale_set=scale_set_id("web"), kind=UpgradeKind.EXTENSION)
        assert await world.conductor.start_if_needed(request) is None
        await world.publish("1.1")
        with pytest.raises(NotEligible):
            await world.conductor.start_if_needed(StartRequest(scale_set=scale_set_id("old"), kind=request.kind))
        started = await world.conductor.start_if_needed(request)
        assert started is not None
        assert started.status is StatusCode.ROLLING_FORWARD


@virtual
async def test_a_request_id_is_known_however_many_upgrades_came_since(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidegate.executor.starting.REMEMBERED_REQUESTS", 2)
    async with World() as world:
        await world.put()
        first = await world.start(request_id="first")
        for number in range(5):
            await world.start(request_id=f"later {number}")
        await world.resources.publish(AGENT, Version("1.1"))
        assert await world.start(request_id="first") == first
