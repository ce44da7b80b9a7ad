"""Which scale sets are to be looked at, and because of what."""

from collections.abc import Sequence

import pytest

from tests.executor.world import AGENT, EPOCH_MS, SUBSCRIPTION, World, extension, resource, scale_set_id, virtual
from tidegate.domain.refusal import JournalUnavailable
from tidegate.domain.version import Version
from tidegate.executor.autopilot_tasks import AutopilotTasks, attempt_of, request_id_of
from tidegate.journal.register import AutopilotTask
from tidegate.upgrade.plan import Trigger


def tasks_of(world: World) -> AutopilotTasks:
    return AutopilotTasks(world.store.register, world.store.journal, world.conductor, world.clock)


async def causes(world: World, name: str = "web") -> list[str]:
    """The causes of what is to be done about the scale set."""
    due = await world.store.register.due_tasks(world.clock.now_ms() + 10**12, 1_000)
    return sorted(task.cause for task in due if task.scale_set == scale_set_id(name))


async def finish_all(world: World) -> None:
    for task in await world.store.register.due_tasks(world.clock.now_ms() + 10**12, 1_000):
        await world.store.register.finish_task(task)


@virtual
async def test_a_put_an_enrolment_and_a_publication_are_causes() -> None:
    async with World() as world:
        scale_set = await world.put()
        await world.publish("1.1")
        assert await causes(world) == ["contoso.monitor/agent/1.1", f"enrolled/{EPOCH_MS}", f"put/{scale_set.etag}"]
        await finish_all(world)
        await world.resources.withdraw(SUBSCRIPTION)
        await world.pass_seconds(5)
        await world.resources.enroll(SUBSCRIPTION)
        assert await causes(world) == [f"enrolled/{EPOCH_MS + 5_000}"]


@virtual
async def test_reconciling_finds_what_was_lost_and_adds_nothing_that_was_acted_upon() -> None:
    async with World() as world:
        scale_set = await world.put(extensions=[extension(), extension(AGENT, "2.0", name="next")])
        for version in ("1.1", "1.2", "2.5", "3.0"):
            await world.publish(version)
        await finish_all(world)
        world.memory.register.finished.clear()
        await tasks_of(world).reconcile()
        assert await causes(world) == [
            "contoso.monitor/agent/1.2",
            "contoso.monitor/agent/2.5",
            f"enrolled/{EPOCH_MS}",
            f"put/{scale_set.etag}",
        ]
        await finish_all(world)
        await tasks_of(world).reconcile()
        assert await causes(world) == []


@virtual
async def test_other_policies_are_a_cause_and_so_are_those_that_come_back() -> None:
    async with World() as world:
        await world.put()
        for number, digest in enumerate(("d", "e", "d"), start=1):
            await finish_all(world)
            for _ in range(2):
                await tasks_of(world).add_for_policies(digest)
                assert await causes(world) == [f"policy/{digest}/{number}"]
            await finish_all(world)
            await tasks_of(world).add_for_policies(digest)
            assert await causes(world) == []


@virtual
async def test_a_crash_before_policies_are_known_to_be_acted_upon_adds_nothing_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with World() as world:
        await world.put("one")
        await world.put("two")
        await finish_all(world)
        monkeypatch.setattr("tidegate.executor.autopilot_tasks.PAGE", 1)
        add_tasks = world.store.register.add_tasks

        async def crashing(tasks: Sequence[AutopilotTask]) -> None:
            if tasks[0].scale_set == scale_set_id("two"):
                raise JournalUnavailable("the power went")
            await add_tasks(tasks)

        with monkeypatch.context() as crash:
            crash.setattr(world.store.register, "add_tasks", crashing)
            with pytest.raises(JournalUnavailable):
                await tasks_of(world).add_for_policies("d")
        assert (await causes(world, "one"), await causes(world, "two")) == (["policy/d/1"], [])
        await finish_all(world)
        await tasks_of(world).add_for_policies("d")
        assert (await causes(world, "one"), await causes(world, "two")) == ([], ["policy/d/1"])


@virtual
async def test_a_scale_set_that_does_not_take_part_is_no_task() -> None:
    async with World() as world:
        await world.resources.put_scale_set(scale_set_id("web"), resource(3))
        await world.publish("1.1")
        await tasks_of(world).reconcile()
        await tasks_of(world).add_for_policies("d")
        assert await causes(world) == []


@virtual
async def test_a_task_is_wanted_while_its_scale_set_is_there_and_takes_part() -> None:
    async with World() as world:
        await world.put()
        task, *_ = await world.store.register.due_tasks(world.clock.now_ms(), 10)
        assert await tasks_of(world).is_wanted(task)
        await world.resources.withdraw(SUBSCRIPTION)
        assert not await tasks_of(world).is_wanted(task)
        await world.resources.enroll(SUBSCRIPTION)
        await world.resources.delete_scale_set(scale_set_id("web"))
        assert not await tasks_of(world).is_wanted(task)


@virtual
async def test_a_manual_upgrade_is_never_tried_again() -> None:
    async with World() as world:
        await world.put()
        await world.resources.publish(AGENT, Version("1.1"))
        await world.start()
        ended = await world.ended()
        assert ended.started.trigger is Trigger.MANUAL
        await finish_all(world)
        await tasks_of(world).add_retry(ended)
        assert await causes(world) == []


def test_a_request_id_tells_its_attempt_and_differs_once_a_task_was_postponed() -> None:
    task = AutopilotTask(scale_set=scale_set_id("web"), cause="retry/u/1", due_at_ms=5, attempt=2)
    later = AutopilotTask(scale_set=scale_set_id("web"), cause="retry/u/1", due_at_ms=6, attempt=2)
    assert attempt_of(request_id_of(task)) == 2
    assert request_id_of(task) == request_id_of(task) != request_id_of(later)


@pytest.mark.parametrize("request_id", ["", "mine", "autopilot", "autopilot/x/1/a", "mine/3/4/a"])
def test_what_is_not_the_autopilots_is_a_first_attempt(request_id: str) -> None:
    assert attempt_of(request_id) == 0


@virtual
async def test_a_joining_is_a_cause_once_where_the_scale_set_takes_part() -> None:
    async with World() as world:
        await world.put()
        await finish_all(world)
        tasks = tasks_of(world)
        for _ in range(2):
            await tasks.add_for_joining(scale_set_id("web"), "4f2a")
        await tasks.add_for_joining(scale_set_id("nowhere"), "4f2b")
        assert await causes(world) == ["joined/4f2a"]
        await finish_all(world)
        await tasks.add_for_joining(scale_set_id("web"), "4f2a")
        assert await causes(world) == []
        await world.resources.withdraw(SUBSCRIPTION)
        await tasks.add_for_joining(scale_set_id("web"), "4f2c")
        assert await causes(world) == []
