"""The driver: durable, then done, whatever the journal does."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.executor.world import World, scale_set_id, virtual
from tidegate.domain.refusal import JournalUnavailable, ShuttingDown
from tidegate.executor.commands import Verb
from tidegate.executor.driver import Driver, Surroundings
from tidegate.executor.drivers import OnlyProcess
from tidegate.executor.fleet_calls import FleetCalls
from tidegate.executor.limits import Limits
from tidegate.executor.replay import Step
from tidegate.fleets.faults import AnswersTwice
from tidegate.upgrade.events import BatchJudged, BatchStarted, Event, HealthObserved, InstanceUpgraded, WaveBegan
from tidegate.upgrade.state import StatusCode, Upgrade


class Stage:
    """One driver, driven by hand, over a world whose own drivers have gone."""

    def __init__(self, world: World, limits: Limits | None = None) -> None:
        self.steps: list[Step] = []
        self.drivership = OnlyProcess()
        self.surroundings = Surroundings(
            journal=world.store.journal,
            fleet=FleetCalls(world.fleet, 30),
            clock=world.clock,
            drivership=self.drivership,
            limits=limits or Limits(),
            told=self._told,
        )

    async def driver(self, upgrade: Upgrade) -> Driver:
        """A driver of the upgrade that holds it."""
        await self.drivership.claim(upgrade.upgrade_id)
        return Driver(upgrade, self.surroundings)

    def _told(self, steps: Sequence[Step]) -> None:
        self.steps += steps


async def left_alone(world: World, capacity: int = 10) -> Upgrade:
    """An upgrade that has just begun and that nobody drives."""
    await world.put(capacity=capacity)
    await world.publish("1.1")
    upgrade = await world.start()
    await world.conductor.close()
    return upgrade


@virtual
async def test_everybody_is_told_of_every_step_after_it_is_durable() -> None:
    async with World() as world:
        upgrade = await left_alone(world)
        stage = Stage(world)
        await (await stage.driver(upgrade)).run()
        kept = await world.store.journal.read(upgrade.upgrade_id, upgrade.sequence)
        assert [step.entry for step in stage.steps] == list(kept)
        assert stage.steps[-1].upgrade.status is StatusCode.COMPLETED


@virtual
async def test_answers_that_come_together_are_appended_together(monkeypatch: pytest.MonkeyPatch) -> None:
    async with World(upgrade_seconds=0) as world:
        upgrade = await left_alone(world, capacity=100)
        stage, appended = Stage(world), list[int]()
        inner = world.store.journal.append

        async def count(upgrade_id: str, expected: int, events: Sequence[Event]) -> int:
            appended.append(len(events))
            return await inner(upgrade_id, expected, events)

        monkeypatch.setattr(world.store.journal, "append", count)
        await (await stage.driver(upgrade)).run()
        assert max(appended) >= 20
        assert len(appended) < 20


@virtual
async def test_one_look_judges_a_batch_and_begins_the_next_in_one_append(monkeypatch: pytest.MonkeyPatch) -> None:
    async with World(upgrade_seconds=0) as world:
        upgrade = await left_alone(world)
        appended: list[list[type[Event]]] = []
        inner = world.store.journal.append

        async def note(upgrade_id: str, expected: int, events: Sequence[Event]) -> int:
            appended.append([type(event) for event in events])
            return await inner(upgrade_id, expected, events)

        monkeypatch.setattr(world.store.journal, "append", note)
        await (await Stage(world).driver(upgrade)).run()
        between = [kinds for kinds in appended if BatchJudged in kinds][:-1]
        assert between == [[HealthObserved, BatchJudged, HealthObserved, BatchStarted, WaveBegan]] * 4


@virtual
async def test_a_full_disk_costs_time_and_no_report() -> None:
    async with World() as world:
        upgrade = await left_alone(world)
        stage = Stage(world)
        driver = await stage.driver(upgrade)
        running = asyncio.ensure_future(driver.run())
        await world.pass_seconds(5)
        world.memory.unavailable_because = "the disk is full"
        await world.pass_seconds(300)
        assert driver.is_waiting_for_journal
        assert not running.done()
        with pytest.raises(JournalUnavailable, match="the disk is full"):
            await driver.command(Verb.CANCEL)
        world.memory.unavailable_because = ""
        await running
        assert not driver.is_waiting_for_journal
        assert driver.upgrade.progress.successful_count == 10
        kept = [type(entry.event) for entry in await world.store.journal.read(upgrade.upgrade_id)]
        assert kept.count(InstanceUpgraded) == 10


@virtual
async def test_a_command_that_finds_the_disk_full_is_refused_and_forgotten() -> None:
    async with World() as world:
        upgrade = await left_alone(world)
        driver = await Stage(world).driver(upgrade)
        running = asyncio.ensure_future(driver.run())
        await world.pass_seconds(5)
        world.memory.unavailable_because = "the disk is full"
        with pytest.raises(JournalUnavailable):
            await driver.command(Verb.CANCEL)
        world.memory.unavailable_because = ""
        await running
        assert driver.upgrade.status is StatusCode.COMPLETED


@virtual
async def test_an_append_whose_answer_was_lost_is_not_made_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    async with World() as world:
        upgrade = await left_alone(world)
        stage = Stage(world)
        inner, lost = world.store.journal.append, list[int]()

        async def lose(upgrade_id: str, expected: int, events: Sequence[Event]) -> int:
            number = await inner(upgrade_id, expected, events)
            if len(lost) < 5:
                lost.append(number)
                raise JournalUnavailable("input/output error")
            return number

        monkeypatch.setattr(world.store.journal, "append", lose)
        await (await stage.driver(upgrade)).run()
        kept = await world.store.journal.read(upgrade.upgrade_id, upgrade.sequence)
        assert len(lost) == 5
        assert [step.entry for step in stage.steps] == list(kept)
        assert stage.steps[-1].upgrade.progress.successful_count == 10


@virtual
async def test_of_two_drivers_one_is_overtaken_and_the_upgrade_is_whole() -> None:
    async with World() as world:
        upgrade = await left_alone(world)
        one, other = Stage(world), Stage(world)
        await asyncio.gather((await one.driver(upgrade)).run(), (await other.driver(upgrade)).run())
        kept = await world.store.journal.read(upgrade.upgrade_id)
        assert [entry.sequence for entry in kept] == list(range(1, len(kept) + 1))
        assert sum(isinstance(entry.event, InstanceUpgraded) for entry in kept) == 10
        assert {bool(stage.steps and stage.steps[-1].upgrade.is_ended) for stage in (one, other)} == {True, False}


@virtual
async def test_a_driver_that_holds_its_upgrade_no_more_does_nothing_more() -> None:
    async with World() as world:
        upgrade = await left_alone(world)
        stage = Stage(world)
        driver = await stage.driver(upgrade)
        await stage.drivership.release(upgrade.upgrade_id)
        await driver.run()
        assert stage.steps == []


@virtual
async def test_a_stopped_driver_leaves_its_upgrade_at_an_event_border_and_refuses_commands() -> None:
    async with World() as world:
        upgrade = await left_alone(world)
        stage = Stage(world)
        driver = await stage.driver(upgrade)
        running = asyncio.ensure_future(driver.run())
        await world.pass_seconds(15)
        driver.stop()
        await running
        with pytest.raises(ShuttingDown):
            await driver.command(Verb.PAUSE)
        successor = Stage(world)
        await (await successor.driver(stage.steps[-1].upgrade)).run()
        assert successor.steps[-1].upgrade.progress.successful_count == 10


@virtual
async def test_a_driver_that_waits_for_its_journal_can_be_stopped() -> None:
    async with World() as world:
        upgrade = await left_alone(world)
        driver = await Stage(world).driver(upgrade)
        world.memory.unavailable_because = "the disk is full"
        running = asyncio.ensure_future(driver.run())
        await world.pass_seconds(60)
        driver.stop()
        await running
        assert driver.upgrade == upgrade


@virtual
async def test_answers_that_found_no_room_are_asked_for_again() -> None:
    async with World(upgrade_seconds=0, faults=[AnswersTwice()]) as world:
        upgrade = await left_alone(world, capacity=100)
        stage = Stage(world, Limits(inbox_capacity=3, reports_at_once=2))
        await (await stage.driver(upgrade)).run()
        assert stage.steps[-1].upgrade.progress.successful_count == 100


@virtual
async def test_a_cancel_while_the_journal_is_busy_is_decided_with_what_came_before_it() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        await world.start()
        await world.until(WaveBegan, count=3)
        cancelled = await world.conductor.cancel(scale_set_id("web"))
        ended = await world.ended()
        assert cancelled.is_cancelled
        batches = [event for event in await world.events(ended) if isinstance(event, BatchStarted)]
        assert len(batches) == 3
