"""Stories of whole upgrades: started, found, steered, and brought to whatever end."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from tests.executor.world import (
    EPOCH_MS,
    SHIELD,
    SUBSCRIPTION,
    World,
    extension,
    name_of,
    scale_set_id,
    virtual,
)
from tidegate.domain.refusal import (
    FleetUnavailable,
    MalformedRequest,
    NotEligible,
    NoUpgradeEver,
    NoUpgradeInProgress,
    RequestIdReused,
    ScaleSetNotFound,
    ShuttingDown,
    TooManyUpgrades,
    UpgradeInProgress,
    UpgradeNotFound,
    UpgradeNotPaused,
)
from tidegate.domain.resource_id import UpgradeName
from tidegate.domain.scale_set import ScaleSet
from tidegate.domain.version import Version
from tidegate.executor.limits import Limits
from tidegate.fleets.faults import AnswersTwice, Fault, InstallFails, NeverAnswers, Offline, ProbeTurns, Where
from tidegate.journal.promise import UpgradeQuery
from tidegate.upgrade.events import BatchStarted, Event, WaveBegan
from tidegate.upgrade.plan import SkipReason, UpgradeKind
from tidegate.upgrade.state import InstanceStatus, Phase, StatusCode

BAD = Where(extension="agent", version=Version("1.1"))


@virtual
async def test_every_instance_is_brought_to_the_newest_version_in_batches_of_a_fifth() -> None:
    async with World() as world:
        await world.put(capacity=10)
        await world.publish("1.1")
        started = await world.start()
        ended = await world.ended()
        assert (started.status, started.phase) == (StatusCode.ROLLING_FORWARD, Phase.CHECKING)
        assert (ended.status, ended.progress.successful_count) == (StatusCode.COMPLETED, 10)
        assert await world.versions() == ["1.1"] * 10
        assert [event.size for event in await world.events(ended) if isinstance(event, BatchStarted)] == [2] * 5


@pytest.mark.parametrize("capacity", [1, 2, 3, 7, 1000])
@virtual
async def test_a_scale_set_of_any_size_comes_to_its_end(capacity: int) -> None:
    async with World() as world:
        await world.put(capacity=capacity)
        await world.publish("1.1")
        await world.start()
        ended = await world.ended()
        sizes = [event.size for event in await world.events(ended) if isinstance(event, BatchStarted)]
        assert (ended.status, ended.progress.successful_count) == (StatusCode.COMPLETED, capacity)
        assert max(sizes) == max(1, capacity // 5)


@virtual
async def test_an_upgrade_with_nothing_to_do_completes_at_once() -> None:
    async with World() as world:
        await world.put(capacity=3)
        upgrade = await world.start()
        assert (upgrade.status, upgrade.ended_at_ms) == (StatusCode.COMPLETED, EPOCH_MS)
        await world.put("empty", capacity=0)
        assert (await world.start("empty")).status is StatusCode.COMPLETED


@virtual
async def test_a_scale_set_that_is_too_unwell_is_not_touched() -> None:
    async with World(faults=[ProbeTurns(where=Where(instance_ids=frozenset("012")))]) as world:
        await world.put(capacity=10)
        await world.publish("1.1")
        await world.start()
        ended = await world.ended()
        assert ended.status is StatusCode.FAULTED
        assert ended.halt is not None
        assert ended.halt.code == "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade"
        assert await world.versions() == ["1.0"] * 10


@pytest.mark.parametrize("fault", [InstallFails(where=BAD), ProbeTurns(where=BAD)], ids=["extension", "probe"])
@virtual
async def test_a_bad_version_is_stopped_after_its_first_batch(fault: InstallFails | ProbeTurns) -> None:
    async with World(faults=[fault]) as world:
        await world.put(capacity=10)
        await world.publish("1.1")
        await world.start()
        ended = await world.ended()
        assert ended.halt is not None
        assert ended.halt.code == "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
        assert (ended.status, ended.progress.failed_count, ended.batch_number) == (StatusCode.FAULTED, 2, 1)
        assert ended.progress.pending_count == 8


@virtual
async def test_a_forced_upgrade_goes_on_over_failures_and_counts_them() -> None:
    async with World(faults=[InstallFails(where=Where(share=0.5))]) as world:
        await world.put(capacity=10)
        await world.publish("1.1")
        await world.start(force=True)
        ended = await world.ended()
        assert (ended.status, ended.progress.failed_count) == (StatusCode.COMPLETED, 5)
        assert Counter(await world.versions()) == {"1.0": 5, "1.1": 5}


@virtual
async def test_failed_instances_go_back_on_a_breach_where_the_scale_set_wants_it() -> None:
    async with World(faults=[ProbeTurns(where=BAD)]) as world:
        await world.put(capacity=10, rolling={"rollbackFailedInstancesOnPolicyBreach": True})
        await world.publish("1.1")
        await world.start()
        ended = await world.ended()
        assert (ended.status, ended.progress.restored_count) == (StatusCode.FAULTED, 2)
        assert await world.versions() == ["1.0"] * 10


@virtual
async def test_instances_that_never_answer_or_are_offline_fail_in_time_and_the_rest_goes_on() -> None:
    faults: list[Fault] = [
        NeverAnswers(where=Where(instance_ids=frozenset("3"))),
        Offline(where=Where(instance_ids=frozenset("7"))),
    ]
    async with World(faults=faults) as world:
        await world.put(capacity=10, rolling={"maxUnhealthyUpgradedInstancePercent": 50})
        await world.publish("1.1")
        await world.start()
        ended = await world.ended()
        assert (ended.status, ended.progress.failed_count) == (StatusCode.COMPLETED, 2)
        failed = {key for key, record in ended.records.items() if record.status is InstanceStatus.FAILED}
        assert failed == {"3", "7"}


@virtual
async def test_answers_that_come_twice_count_once() -> None:
    async with World(faults=[AnswersTwice()]) as world:
        await world.put(capacity=10)
        await world.publish("1.1")
        await world.start()
        assert (await world.ended()).progress.successful_count == 10


@virtual
async def test_two_extensions_move_together_and_one_that_is_pinned_is_left_out() -> None:
    async with World() as world:
        await world.put(extensions=[extension(), extension(SHIELD, "2.0")])
        await world.put("pinned", extensions=[extension(), extension(SHIELD, "2.0", minor=False)])
        await world.publish("1.1")
        await world.publish("2.5", SHIELD)
        await world.publish("3.0", SHIELD)
        await world.start()
        await world.start("pinned")
        assert (await world.ended()).status is StatusCode.COMPLETED
        assert (await world.ended("pinned")).status is StatusCode.COMPLETED
        assert await world.versions(extension_name="shield") == ["2.5"] * 10
        assert await world.versions("pinned", "shield") == ["2.0"] * 10
        assert await world.versions("pinned") == ["1.1"] * 10


@virtual
async def test_an_image_upgrade_moves_the_image_and_does_not_look_at_extensions() -> None:
    async with World(faults=[InstallFails(where=Where(extension="agent"))]) as world:
        await world.put(capacity=5, image_version="22.04.1")
        with pytest.raises(NoUpgradeEver):
            await world.conductor.latest(scale_set_id("web"))
        await world.start(kind=UpgradeKind.OS_IMAGE, image_version="22.04.202410010")
        ended = await world.ended()
        instances = await world.fleet.instances(scale_set_id("web"))
        assert (ended.status, ended.progress.successful_count) == (StatusCode.COMPLETED, 5)
        assert {instance.image_version for instance in instances} == {"22.04.202410010"}


@virtual
async def test_an_image_upgrade_needs_an_exact_version() -> None:
    async with World() as world:
        await world.put(image_version="latest")
        with pytest.raises(MalformedRequest, match="an exact version") as refused:
            await world.start(kind=UpgradeKind.OS_IMAGE)
        assert [wrong.field for wrong in refused.value.violations] == ["image_version"]


@virtual
async def test_a_cancel_lets_the_batch_finish_and_begins_nothing_new() -> None:
    async with World() as world:
        await world.put(capacity=10)
        await world.publish("1.1")
        await world.start()
        await world.until(WaveBegan, count=2)
        await world.conductor.cancel(scale_set_id("web"))
        ended = await world.ended()
        assert (ended.status, ended.progress.successful_count) == (StatusCode.CANCELLED, 4)
        assert Counter(await world.versions()) == {"1.1": 4, "1.0": 6}


@virtual
async def test_cancelling_twice_is_cancelling_once() -> None:
    async with World() as world:
        await world.put(capacity=10)
        await world.publish("1.1")
        upgrade = await world.start()
        await world.until(WaveBegan)
        once = await world.conductor.cancel(name_of(upgrade))
        assert await world.conductor.cancel(scale_set_id("WEB")) is once
        await world.ended()
        with pytest.raises(NoUpgradeInProgress, match="to cancel"):
            await world.conductor.cancel(name_of(upgrade))


@virtual
async def test_a_paused_upgrade_waits_until_it_is_resumed() -> None:
    async with World() as world:
        await world.put(capacity=10)
        await world.publish("1.1")
        await world.start()
        await world.until(BatchStarted)
        await world.conductor.pause(scale_set_id("web"))
        await world.pass_seconds(3600)
        paused = await world.conductor.latest(scale_set_id("web"))
        assert (paused.phase, paused.progress.successful_count) == (Phase.PAUSED, 2)
        assert await world.conductor.pause(scale_set_id("web")) is paused
        resumed = await world.conductor.resume(scale_set_id("web"))
        assert not resumed.is_held
        assert (await world.ended()).progress.successful_count == 10


@virtual
async def test_what_is_not_paused_cannot_be_resumed() -> None:
    async with World() as world:
        await world.put(capacity=10)
        await world.publish("1.1")
        await world.start()
        with pytest.raises(UpgradeNotPaused):
            await world.conductor.resume(scale_set_id("web"))
        await world.ended()
        with pytest.raises(NoUpgradeInProgress, match="to resume"):
            await world.conductor.resume(scale_set_id("web"))


@virtual
async def test_a_second_start_is_refused_with_the_active_name() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        upgrade = await world.start()
        with pytest.raises(UpgradeInProgress) as refused:
            await world.start(kind=UpgradeKind.OS_IMAGE, image_version="1.0")
        assert refused.value.resource == str(name_of(upgrade))


@virtual
async def test_many_starts_at_once_start_one_upgrade() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        starts = await asyncio.gather(*(world.start() for _ in range(20)), return_exceptions=True)
        assert sum(not isinstance(each, BaseException) for each in starts) == 1
        assert all(isinstance(each, UpgradeInProgress) for each in starts if isinstance(each, BaseException))


@virtual
async def test_the_same_request_id_gives_the_same_upgrade_even_after_its_end() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        first = await world.start(request_id="monday")
        assert (await world.start(request_id="monday")).upgrade_id == first.upgrade_id
        ended = await world.ended()
        await world.resources.withdraw(SUBSCRIPTION)
        assert await world.start(request_id="monday") is ended
        with pytest.raises(RequestIdReused):
            await world.start(request_id="monday", force=True)
        with pytest.raises(RequestIdReused):
            await world.start(request_id="monday", kind=UpgradeKind.OS_IMAGE, image_version="1.0")


@virtual
async def test_no_more_upgrades_than_the_limit_run_at_once() -> None:
    async with World(limits=Limits(max_active=2)) as world:
        await world.publish("1.1")
        for name in ("a", "b", "c"):
            await world.put(name)
        await asyncio.gather(world.start("a"), world.start("b"))
        with pytest.raises(TooManyUpgrades):
            await world.start("c")
        await world.ended("a")
        await world.ended("b")
        assert (await world.start("c")).status is StatusCode.ROLLING_FORWARD


@virtual
async def test_a_start_that_is_only_validated_starts_nothing() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        upgrade = await world.start(validate_only=True)
        assert (upgrade.upgrade_id, len(upgrade.started.plan.order)) == ("", 10)
        with pytest.raises(NoUpgradeEver):
            await world.conductor.latest(scale_set_id("web"))


@virtual
async def test_a_plan_is_what_a_start_would_do() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        result = await world.conductor.plan(scale_set_id("web"), UpgradeKind.EXTENSION)
        upgrade = await world.start()
        assert result.plan == upgrade.started.plan
        assert (result.policy_name, result.policy_digest) == ("azure-default", upgrade.started.policy_digest)
        assert result.eligibility == upgrade.started.eligibility


@virtual
async def test_a_caller_who_hangs_up_has_started_it_all_the_same() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        call = asyncio.ensure_future(world.start(request_id="gone"))
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait([call])
        assert (await world.start(request_id="gone")).upgrade_id == "upgrade-2"


@virtual
async def test_upgrades_are_found_by_name_and_listed_in_order() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        await world.start()
        first = await world.ended()
        await world.publish("1.2")
        second = await world.start()
        assert await world.conductor.upgrade(name_of(first)) is first
        listed = await world.conductor.list_upgrades(UpgradeQuery(scale_set=scale_set_id("web")), None, 10)
        assert [each.upgrade_id for each in listed] == [second.upgrade_id, first.upgrade_id]
        with pytest.raises(UpgradeNotFound, match="nobody"):
            await world.conductor.upgrade(UpgradeName(scale_set=scale_set_id("web"), upgrade_id="nobody"))
        with pytest.raises(UpgradeNotFound, match="other"):
            await world.conductor.upgrade(UpgradeName(scale_set=scale_set_id("other"), upgrade_id=first.upgrade_id))


@virtual
async def test_the_latest_upgrade_in_memory_is_the_same_object_while_nothing_happens() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        assert world.conductor.peek_latest(scale_set_id("web").key) is None
        await world.start()
        await world.until(WaveBegan)
        looked = world.conductor.peek_latest(scale_set_id("web").key)
        assert world.conductor.peek_latest(scale_set_id("web").key) is looked
        ended = await world.ended()
        assert world.conductor.peek_latest(scale_set_id("web").key) is ended is not looked


@virtual
async def test_nobody_finds_anything_of_a_scale_set_that_was_never_put() -> None:
    async with World() as world:
        for call in (
            world.start(),
            world.conductor.latest(scale_set_id("web")),
            world.conductor.cancel(scale_set_id("web")),
            world.conductor.plan(scale_set_id("web"), UpgradeKind.EXTENSION),
            world.conductor.explain(scale_set_id("web"), "0"),
        ):
            with pytest.raises(ScaleSetNotFound):
                await call


@virtual
async def test_an_instance_is_explained_with_and_without_an_upgrade() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        before = await world.conductor.explain(scale_set_id("web"), "9")
        assert (before.upgrade, before.standing.status) == (None, InstanceStatus.WAITING)
        await world.start()
        ended = await world.ended()
        after = await world.conductor.explain(scale_set_id("web"), "9", name_of(ended))
        assert after.upgrade is ended
        assert "upgraded in batch 5" in after.explanation


@virtual
async def test_a_denied_scale_set_hears_every_reason_at_once() -> None:
    async with World() as world:
        await world.put(extensions=[extension(minor=False)])
        await world.resources.withdraw(SUBSCRIPTION)
        with pytest.raises(NotEligible) as refused:
            await world.start()
        assert [denial.rule for denial in refused.value.denials] == [
            "enrolled-subscriptions-only",
            "minor-upgrades-wanted",
        ]
        explained = await world.conductor.explain(scale_set_id("web"), "0")
        assert explained.standing.status is SkipReason.DENIED


@virtual
async def test_a_server_that_closes_starts_nothing_more_and_leaves_its_upgrades_to_the_next() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        upgrade = await world.start()
        await world.until(WaveBegan)
    with pytest.raises(ShuttingDown):
        await world.start()
    assert not (await world.conductor.latest(scale_set_id("web"))).is_ended
    async with World(memory=world.memory, fleet=world.fleet) as successor:
        ended = await successor.ended()
        assert (ended.upgrade_id, ended.progress.successful_count) == (upgrade.upgrade_id, 10)


@pytest.mark.parametrize("waves", [1, 2, 5])
@virtual
async def test_a_server_that_dies_after_it_has_written_and_before_it_acts_leaves_nothing_undone(
    waves: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = World()
    await dead.conductor.open()
    await dead.put()
    await dead.publish("1.1")
    inner, seen, death = dead.store.journal.append, list[Event](), asyncio.Event()

    async def die(upgrade_id: str, expected: int, events: Sequence[Event]) -> int:
        number = await inner(upgrade_id, expected, events)
        seen.extend(event for event in events if isinstance(event, WaveBegan))
        if len(seen) == waves:
            death.set()
            await asyncio.Event().wait()
        return number

    monkeypatch.setattr(dead.store.journal, "append", die)
    upgrade = await dead.start()
    await death.wait()
    async with World(memory=dead.memory, fleet=dead.fleet, ids="successor") as world:
        ended = await world.ended()
        assert (ended.upgrade_id, ended.progress.successful_count) == (upgrade.upgrade_id, 10)
        assert sum(isinstance(event, WaveBegan) for event in await world.events(ended)) == 5


@virtual
async def test_a_scale_set_that_the_fleet_could_not_be_told_of_is_placed_later(monkeypatch: pytest.MonkeyPatch) -> None:
    async with World() as before:
        await before.put()
    world = World(memory=before.memory)
    inner, tries = world.fleet.place, list[ScaleSet]()

    async def fail(scale_set: ScaleSet) -> None:
        tries.append(scale_set)
        if len(tries) < 5:
            raise ConnectionRefusedError("connection refused")
        await inner(scale_set)

    monkeypatch.setattr(world.fleet, "place", fail)
    async with world:
        await world.publish("1.1")
        with pytest.raises(FleetUnavailable):
            await world.start()
        await world.pass_seconds(60)
        await world.start()
        assert (await world.ended()).progress.successful_count == 10


@virtual
async def test_a_fleet_that_hangs_holds_an_opening_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with World() as before:
        for number in range(20):
            await before.put(f"s{number}")
    world = World(memory=before.memory)

    async def hang(_: ScaleSet) -> None:
        await asyncio.sleep(10**6)

    monkeypatch.setattr(world.fleet, "place", hang)
    async with world:
        assert world.clock.now_ms() - EPOCH_MS == 30_000
        monkeypatch.undo()
        await world.pass_seconds(120)
        for number in range(20):
            assert len(await world.resources.instances(scale_set_id(f"s{number}"))) == 10


@virtual
async def test_an_upgrade_with_nothing_to_do_does_not_wait_for_ever_for_a_deaf_fleet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with World() as world:
        await world.put()

        async def hang(_scale_set: object) -> None:
            await asyncio.sleep(10**6)

        monkeypatch.setattr(world.fleet, "observe", hang)
        began_ms = world.clock.now_ms()
        assert not (await world.start()).is_ended
        assert world.clock.now_ms() - began_ms == 30_000
