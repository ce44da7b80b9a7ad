"""A publication becomes upgrades."""

import asyncio
import dataclasses

import pytest

from tests.executor.world import (
    AGENT,
    EPOCH_MS,
    SHIELD,
    SUBSCRIPTION,
    World,
    extension,
    name_of,
    resource,
    scale_set_id,
    shipped,
    virtual,
)
from tidegate.domain.extension import Publication
from tidegate.domain.refusal import NoUpgradeEver
from tidegate.domain.version import Version
from tidegate.executor.autopilot_tasks import request_id_of
from tidegate.executor.conductor import StartRequest
from tidegate.executor.limits import Limits
from tidegate.fleets.faults import InstallFails, Where
from tidegate.journal.promise import UpgradeQuery
from tidegate.policy.source import PolicySource
from tidegate.upgrade.plan import Trigger
from tidegate.upgrade.state import StatusCode, Upgrade

DAY_SECONDS = 86_400


def autopilot(**how: object) -> World:
    """A world whose autopilot flies."""
    return World(with_autopilot=True, **how)  # type: ignore[arg-type]  # handed on as it came


async def upgrades(world: World, name: str = "web") -> list[Upgrade]:
    """All upgrades of the scale set, the oldest first."""
    query = UpgradeQuery(scale_set=scale_set_id(name), newest_first=False)
    return list(await world.conductor.list_upgrades(query, None, 100))


@virtual
async def test_a_publication_upgrades_every_enrolled_scale_set_that_has_the_extension() -> None:
    async with autopilot() as world:
        await world.put("one")
        await world.put("two")
        await world.put("none", extensions=[extension(SHIELD)])
        await world.publish("1.1")
        await world.pass_seconds(600)
        for name in ("one", "two"):
            (upgrade,) = await upgrades(world, name)
            assert (upgrade.started.trigger, upgrade.status) == (Trigger.AUTOMATIC, StatusCode.COMPLETED)
            assert await world.versions(name) == ["1.1"] * 10
        assert await upgrades(world, "none") == []


@virtual
async def test_publishing_again_starts_nothing_again() -> None:
    async with autopilot() as world:
        await world.put()
        for _ in range(3):
            await world.publish("1.1")
            await world.pass_seconds(600)
        assert len(await upgrades(world)) == 1


@virtual
async def test_no_scale_set_crosses_a_major_version_or_goes_down() -> None:
    async with autopilot() as world:
        await world.put()
        for version in ("2.0", "0.9", "1.0"):
            await world.publish(version)
        await world.pass_seconds(600)
        with pytest.raises(NoUpgradeEver):
            await world.conductor.latest(scale_set_id("web"))


@virtual
async def test_a_scale_set_that_does_not_take_part_is_left_alone_until_it_does() -> None:
    async with autopilot() as world:
        await world.resources.put_scale_set(scale_set_id("web"), resource(5))
        await world.publish("1.1")
        await world.pass_seconds(600)
        assert await upgrades(world) == []
        await world.resources.enroll(SUBSCRIPTION)
        await world.pass_seconds(600)
        assert await world.versions() == ["1.1"] * 5


@virtual
async def test_a_scale_set_that_is_put_later_is_brought_to_the_newest_version() -> None:
    async with autopilot() as world:
        await world.resources.enroll(SUBSCRIPTION)
        await world.publish("1.1")
        await world.put(capacity=5)
        await world.pass_seconds(600)
        assert await world.versions() == ["1.1"] * 5


@virtual
async def test_a_publication_while_no_server_ran_is_found_when_one_opens() -> None:
    async with World() as closed:
        await closed.put(capacity=5)
        missed = Publication(extension_type=AGENT, version=Version("1.1"), published_at_ms=EPOCH_MS)
        await closed.store.register.publish(missed)
    async with autopilot(memory=closed.memory, fleet=closed.fleet) as world:
        await world.pass_seconds(600)
        assert await world.versions() == ["1.1"] * 5
    async with autopilot(memory=closed.memory, fleet=closed.fleet, ids="later") as world:
        await world.pass_seconds(600)
        assert len(await upgrades(world)) == 1


@virtual
async def test_a_busy_scale_set_has_its_turn_as_soon_as_it_is_free() -> None:
    async with autopilot() as world:
        await world.put()
        await world.publish("1.1")
        await world.pass_seconds(1)
        (first,) = await upgrades(world)
        await world.publish("1.2")
        await world.pass_seconds(600)
        first, second = await upgrades(world)
        assert first.ended_at_ms is not None
        assert 0 <= second.started.at_ms - first.ended_at_ms < 1_000
        assert await world.versions() == ["1.2"] * 10


@virtual
async def test_no_more_automatic_upgrades_than_the_limit_run_at_once() -> None:
    async with autopilot(limits=Limits(max_automatic=2)) as world:
        for number in range(6):
            await world.put(f"s{number}", capacity=5)
        await world.publish("1.1")
        most = 0
        for _ in range(600):
            most = max(most, len(world.conductor.active_upgrades()))
            await world.pass_seconds(1)
        assert most == 2
        assert [len(await upgrades(world, f"s{number}")) for number in range(6)] == [1] * 6


@virtual
async def test_a_scale_set_that_is_not_eligible_is_left_alone_and_it_is_known_why() -> None:
    async with autopilot() as world:
        scale_set = await world.put(extensions=[extension(minor=False)])
        await world.publish("1.1")
        await world.pass_seconds(DAY_SECONDS)
        assert await upgrades(world) == []
        told = world.autopilot.refusal(scale_set.scale_set_id.key)
        assert told is not None
        assert "minor-upgrades-wanted" in told
        await world.put(extensions=[extension()])
        await world.pass_seconds(600)
        assert await world.versions() == ["1.1"] * 10
        assert world.autopilot.refusal(scale_set.scale_set_id.key) is None


@virtual
async def test_a_version_that_is_too_young_is_taken_when_it_has_aged() -> None:
    async with autopilot() as world:
        await world.put(capacity=3, tags={"tidegate-policy": "cautious"})
        await world.publish("1.1")
        await world.pass_seconds(DAY_SECONDS - 600)
        assert await upgrades(world) == []
        await world.pass_seconds(3 * 3_600)
        assert await world.versions() == ["1.1"] * 3


@virtual
async def test_failed_instances_go_back_and_are_tried_again_as_often_as_the_policy_says() -> None:
    fault = InstallFails(where=Where(instance_ids=frozenset("0"), version=Version("1.1"), times=2))
    async with autopilot(policies=shipped("azure-default"), faults=[fault]) as world:
        await world.put(capacity=10, rolling={"maxUnhealthyUpgradedInstancePercent": 100})
        await world.publish("1.1")
        await world.pass_seconds(3_600)
        (first,) = await upgrades(world)
        assert (first.failed_count, first.restored_count) == (1, 1)
        await world.pass_seconds(10 * DAY_SECONDS)
        assert [upgrade.failed_count for upgrade in await upgrades(world)] == [1, 1, 0]
        assert await world.versions() == ["1.1"] * 10


@virtual
async def test_it_is_not_tried_for_ever() -> None:
    fault = InstallFails(where=Where(instance_ids=frozenset("0"), version=Version("1.1")))
    async with autopilot(faults=[fault]) as world:
        await world.put(capacity=10, rolling={"maxUnhealthyUpgradedInstancePercent": 100})
        await world.publish("1.1")
        await world.pass_seconds(30 * DAY_SECONDS)
        attempts = await upgrades(world)
        assert [upgrade.failed_count for upgrade in attempts] == [1, 1, 1, 1]


@virtual
async def test_what_somebody_cancelled_is_not_tried_again() -> None:
    fault = InstallFails(where=Where(instance_ids=frozenset("0"), version=Version("1.1")))
    async with autopilot(faults=[fault]) as world:
        await world.put(capacity=10, rolling={"maxUnhealthyUpgradedInstancePercent": 100})
        await world.publish("1.1")
        await world.pass_seconds(25)
        (upgrade,) = await upgrades(world)
        await world.conductor.cancel(name_of(upgrade))
        await world.pass_seconds(30 * DAY_SECONDS)
        (cancelled,) = await upgrades(world)
        assert (cancelled.status, cancelled.failed_count) == (StatusCode.CANCELLED, 1)


@virtual
async def test_what_somebody_cancelled_does_not_begin_again_because_a_server_opens() -> None:
    async with autopilot() as world:
        await world.put()
        await world.publish("1.1")
        await world.pass_seconds(5)
        (upgrade,) = await upgrades(world)
        await world.conductor.cancel(name_of(upgrade))
        await world.pass_seconds(600)
    async with autopilot(memory=world.memory, fleet=world.fleet, ids="later") as again:
        await again.pass_seconds(DAY_SECONDS)
        (only,) = await upgrades(again)
        assert only.status is StatusCode.CANCELLED


@virtual
async def test_a_full_disk_delays_the_autopilot_and_loses_nothing() -> None:
    async with autopilot() as world:
        await world.put(capacity=5)
        await world.publish("1.1")
        world.memory.unavailable_because = "the disk is full"
        await world.pass_seconds(3_600)
        world.memory.unavailable_because = ""
        await world.pass_seconds(600)
        assert await world.versions() == ["1.1"] * 5
        assert len(await upgrades(world)) == 1


@virtual
async def test_hundreds_of_scale_sets_are_all_looked_at() -> None:
    async with autopilot(upgrade_seconds=1) as world:
        await asyncio.gather(*(world.put(f"s{number}", capacity=1) for number in range(300)))
        await world.publish("1.1")
        await world.pass_seconds(600)
        assert [await world.versions(f"s{number}") for number in range(300)] == [["1.1"]] * 300


@virtual
async def test_an_upgrade_under_way_that_does_it_already_answers_for_the_publication() -> None:
    async with autopilot() as world:
        await world.put()
        await world.store.register.publish(
            Publication(extension_type=AGENT, version=Version("1.1"), published_at_ms=EPOCH_MS)
        )
        manual = await world.start()
        await world.publish("1.1")
        await world.pass_seconds(5)
        assert await world.store.register.next_due_ms() is None
        await world.pass_seconds(600)
        assert [upgrade.upgrade_id for upgrade in await upgrades(world)] == [manual.upgrade_id]


@virtual
async def test_a_scale_set_that_cannot_be_handled_does_not_ground_the_autopilot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with autopilot() as world:
        await world.put("bad", capacity=3)
        await world.put("good", capacity=3)
        await world.publish("1.1")
        start_if_needed = world.conductor.start_if_needed

        async def broken(request: StartRequest) -> Upgrade | None:
            assert request.scale_set != scale_set_id("bad"), "a mistake of ours"
            return await start_if_needed(request)

        monkeypatch.setattr(world.conductor, "start_if_needed", broken)
        await world.pass_seconds(600)
        assert await world.versions("good") == ["1.1"] * 3
        monkeypatch.undo()
        await world.pass_seconds(DAY_SECONDS)
        assert await world.versions("bad") == ["1.1"] * 3


@virtual
async def test_a_caller_who_takes_the_autopilots_request_id_does_not_ground_it() -> None:
    async with autopilot(limits=Limits(max_automatic=1)) as world:
        scale_set = await world.put("first", capacity=3)
        await world.put("second", capacity=3)
        await world.publish("1.1")
        (task, *_) = sorted(
            (
                task
                for task in await world.store.register.due_tasks(world.clock.now_ms(), 100)
                if task.scale_set == scale_set.scale_set_id
            ),
            key=lambda task: (task.attempt, task.due_at_ms, task.cause),
        )
        await world.start("first", request_id=request_id_of(task), force=True)
        await world.pass_seconds(DAY_SECONDS)
        await world.publish("1.2")
        await world.pass_seconds(DAY_SECONDS)
        for name in ("first", "second"):
            assert await world.versions(name) == ["1.2"] * 3


def frozen() -> list[PolicySource]:
    """The default policy, with a rule that keeps every scale set from being touched."""
    (default,) = shipped("azure-default")
    rule = "eligibility:\n  - name: nothing-moves\n    deny: Nothing moves now.\n"
    return [PolicySource(file=default.file, text=default.text.replace("eligibility:\n", rule, 1))]


@virtual
async def test_rules_that_allow_again_what_they_allowed_before_they_were_tightened_start_it() -> None:
    allowing = shipped("azure-default")
    async with autopilot(policies=allowing) as world:
        for number, version in enumerate(("1.1", "1.2")):
            assert world.keeper.replace(frozen())
            await world.put(capacity=3)
            await world.publish(version)
            await world.pass_seconds(DAY_SECONDS)
            assert len(await upgrades(world)) == number
            assert world.keeper.replace(allowing)
            await world.pass_seconds(600)
            assert await world.versions() == [version] * 3


@virtual
async def test_rules_that_changed_while_no_server_ran_are_found_when_one_opens() -> None:
    async with World() as closed:
        await closed.put(capacity=3)
        await closed.publish("1.1")
    for _ in range(2):
        async with autopilot(memory=closed.memory, fleet=closed.fleet, policies=frozen()) as refusing:
            await refusing.pass_seconds(600)
            assert await upgrades(refusing) == []
            assert await refusing.store.register.next_due_ms() is None
    async with autopilot(memory=closed.memory, fleet=closed.fleet, policies=shipped("azure-default")) as world:
        await world.pass_seconds(600)
        assert await world.versions() == ["1.1"] * 3


@virtual
async def test_rules_that_say_the_same_start_nothing() -> None:
    (default,) = shipped("azure-default")
    async with autopilot(policies=[default]) as world:
        await world.put()
        await world.publish("1.1")
        await world.pass_seconds(25)
        await world.conductor.cancel(name_of((await upgrades(world))[0]))
        await world.pass_seconds(600)
        assert world.keeper.replace([PolicySource(file="renamed.yaml", text=f"# A remark.\n{default.text}")])
        await world.pass_seconds(600)
        assert len(await upgrades(world)) == 1
        assert await world.store.register.next_due_ms() is None


@virtual
async def test_changed_rules_wait_for_a_full_disk_too() -> None:
    async with autopilot(policies=frozen()) as world:
        await world.put(capacity=3)
        await world.publish("1.1")
        await world.pass_seconds(600)
        world.memory.unavailable_because = "the disk is full"
        world.keeper.replace(shipped("azure-default"))
        await world.pass_seconds(3_600)
        world.memory.unavailable_because = ""
        await world.pass_seconds(600)
        assert await world.versions() == ["1.1"] * 3


@virtual
async def test_a_host_that_joined_is_brought_to_the_version_of_the_others() -> None:
    async with autopilot() as world:
        put = await world.put()
        await world.publish("1.1")
        await world.pass_seconds(600)
        # The fleet alone has one more, as it has when a host joins.
        await world.fleet.place(dataclasses.replace(put, capacity=put.capacity + 1))
        assert (await world.versions("web"))[-1] != "1.1"
        for _ in range(2):
            await world.autopilot.joined(scale_set_id("web"), "4f2a")
            await world.pass_seconds(600)
        assert await world.versions("web") == ["1.1"] * 11
        assert len(await upgrades(world)) == 2
