"""The promise of the register, sentence by sentence, asked of every register there is."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.journal.samples import scale_set, scale_set_id
from tests.journal.stores import KINDS, Place
from tidegate.domain.extension import ExtensionType, Publication
from tidegate.domain.refusal import EtagMismatch
from tidegate.domain.version import Version
from tidegate.journal.register import AutopilotTask, Enrolment, PoliciesActedUpon, Register

MONITOR = ExtensionType(publisher="Contoso.Agents", type="Monitor")
BACKUP = ExtensionType(publisher="Contoso.Agents", type="Backup")


@pytest.fixture(params=KINDS)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    place = Place(request.param, tmp_path)
    yield place
    await place.close()


@pytest.fixture
async def register(place: Place) -> Register:
    return (await place.open()).register


def published(version: str, at_ms: int = 1, extension_type: ExtensionType = MONITOR) -> Publication:
    return Publication(extension_type=extension_type, version=Version(version), published_at_ms=at_ms)


def task(name: str = "web", cause: str = "contoso.agents/monitor/1.10", due_at_ms: int = 100) -> AutopilotTask:
    return AutopilotTask(scale_set=scale_set_id(name), cause=cause, due_at_ms=due_at_ms, attempt=1)


# --- scale sets ------------------------------------------------------------------------------------------------------


async def test_a_scale_set_is_given_back_as_it_was_put(register: Register) -> None:
    put = scale_set()
    assert await register.put_scale_set(put, None) is True
    kept = await register.scale_set(scale_set_id("WEB"))
    assert kept == put
    assert repr(kept) == repr(put)


async def test_putting_again_replaces_the_definition_and_is_not_new(register: Register) -> None:
    await register.put_scale_set(scale_set(etag="1"), None)
    respelled = replace(scale_set_id(), name="WEB", subscription="S1")
    changed = replace(scale_set(etag="2", capacity=7), scale_set_id=respelled)
    assert await register.put_scale_set(changed, None) is False
    assert repr(await register.scale_set(scale_set_id())) == repr(changed)
    assert len(await register.scale_sets("s1", "", 10)) == 1


async def test_an_unknown_scale_set_is_none(register: Register) -> None:
    assert await register.scale_set(scale_set_id()) is None


async def test_a_put_on_what_somebody_else_changed_is_refused(register: Register) -> None:
    await register.put_scale_set(scale_set(etag="1"), "")
    assert await register.put_scale_set(scale_set(etag="2"), "1") is False
    for expected in ("1", ""):
        with pytest.raises(EtagMismatch) as refused:
            await register.put_scale_set(scale_set(etag="3"), expected)
        assert refused.value.resource == str(scale_set_id())
    assert await register.scale_set(scale_set_id()) == scale_set(etag="2")


async def test_an_etag_of_what_is_not_there_is_refused(register: Register) -> None:
    with pytest.raises(EtagMismatch):
        await register.put_scale_set(scale_set(), "1")
    with pytest.raises(EtagMismatch):
        await register.delete_scale_set(scale_set_id(), "1")
    assert await register.scale_set(scale_set_id()) is None


async def test_of_concurrent_puts_on_one_etag_exactly_one_wins(place: Place) -> None:
    registers = [(await place.open()).register for _ in range(2)]
    await registers[0].put_scale_set(scale_set(etag="0"), "")
    puts = [registers[n % 2].put_scale_set(scale_set(etag=str(n)), "0") for n in range(1, 40)]
    outcomes = await asyncio.gather(*puts, return_exceptions=True)
    assert outcomes.count(False) == 1
    kept = await registers[0].scale_set(scale_set_id())
    assert kept is not None
    assert kept.etag == str(1 + outcomes.index(False))


async def test_scale_sets_are_listed_by_key_page_by_page(register: Register) -> None:
    for name in ("b", "D", "a", "c"):
        await register.put_scale_set(scale_set(name), None)
    first = await register.scale_sets("", "", 3)
    assert [each.scale_set_id.name for each in first] == ["a", "b", "c"]
    rest = await register.scale_sets("", first[-1].scale_set_id.key, 3)
    assert [each.scale_set_id.name for each in rest] == ["D"]
    assert await register.scale_sets("", rest[-1].scale_set_id.key, 3) == []


async def test_scale_sets_of_one_subscription_are_listed_whatever_its_case(register: Register) -> None:
    await register.put_scale_set(scale_set("a", "S1"), None)
    await register.put_scale_set(scale_set("b", "s1"), None)
    await register.put_scale_set(scale_set("c", "s2"), None)
    assert [each.scale_set_id.name for each in await register.scale_sets("S1", "", 9)] == ["a", "b"]
    assert [each.scale_set_id.name for each in await register.scale_sets("s2", "", 9)] == ["c"]
    assert await register.scale_sets("s", "", 9) == []


async def test_a_deleted_scale_set_is_gone_and_may_come_back(register: Register) -> None:
    await register.put_scale_set(scale_set(etag="1"), None)
    with pytest.raises(EtagMismatch):
        await register.delete_scale_set(scale_set_id(), "2")
    assert await register.delete_scale_set(scale_set_id(), "1") is True
    assert await register.delete_scale_set(scale_set_id(), None) is False
    assert await register.delete_scale_set(scale_set_id(), "") is False
    assert await register.scale_set(scale_set_id()) is None
    assert await register.put_scale_set(scale_set(etag="3"), "") is True


# --- enrolments ------------------------------------------------------------------------------------------------------


async def test_an_enrolment_is_kept_and_may_be_withdrawn(register: Register) -> None:
    assert await register.enrolment("s1") is None
    enrolled = Enrolment(subscription="s1", is_enrolled=True, changed_at_ms=5)
    await register.set_enrolment(enrolled)
    assert await register.enrolment("S1") == enrolled
    withdrawn = replace(enrolled, is_enrolled=False, changed_at_ms=6)
    await register.set_enrolment(withdrawn)
    kept = await register.enrolment("s1")
    assert repr(kept) == repr(withdrawn)


async def test_enrolments_are_listed_in_order_page_by_page(register: Register) -> None:
    for subscription in ("c", "a", "b"):
        await register.set_enrolment(Enrolment(subscription=subscription, is_enrolled=True, changed_at_ms=1))
    assert [each.subscription for each in await register.enrolments("", 2)] == ["a", "b"]
    assert [each.subscription for each in await register.enrolments("b", 2)] == ["c"]
    assert await register.enrolments("c", 2) == []


# --- publications ----------------------------------------------------------------------------------------------------


async def test_publications_are_ordered_as_numbers_oldest_version_first(register: Register) -> None:
    for version in ("1.10", "1.9", "2.0", "1.9.1"):
        assert await register.publish(published(version)) is True
    assert [each.version.text for each in await register.publications(MONITOR)] == ["1.9", "1.9.1", "1.10", "2.0"]


async def test_publishing_the_same_version_again_changes_nothing(register: Register) -> None:
    first = published("1.9", at_ms=1)
    await register.publish(first)
    assert await register.publish(first) is False
    assert await register.publish(published("1.9.0.0", at_ms=2)) is False
    shouting = ExtensionType(publisher="CONTOSO.AGENTS", type="MONITOR")
    assert await register.publish(published("1.9", at_ms=3, extension_type=shouting)) is False
    assert repr(await register.publications(shouting)) == repr([first])


async def test_a_withdrawn_version_is_gone_and_may_be_published_again(register: Register) -> None:
    await register.publish(published("1.9"))
    await register.publish(published("1.10"))
    assert await register.withdraw(MONITOR, Version("1.9.0")) is True
    assert await register.withdraw(MONITOR, Version("1.9")) is False
    assert await register.withdraw(BACKUP, Version("1.10")) is False
    assert [each.version.text for each in await register.publications(MONITOR)] == ["1.10"]
    assert await register.publish(published("1.9")) is True


async def test_a_type_without_publications_has_none(register: Register) -> None:
    assert await register.publications(MONITOR) == []


async def test_types_are_listed_by_key_while_they_have_a_version(register: Register) -> None:
    await register.publish(published("1.0"))
    await register.publish(published("0.9", extension_type=ExtensionType(publisher="contoso.agents", type="MONITOR")))
    await register.publish(published("1.0", extension_type=BACKUP))
    assert repr(await register.extension_types("", 9)) == repr([BACKUP, MONITOR])
    assert await register.extension_types("", 1) == [BACKUP]
    assert await register.extension_types(BACKUP.key, 9) == [MONITOR]
    await register.withdraw(BACKUP, Version("1.0"))
    assert await register.extension_types("", 9) == [MONITOR]


# --- tasks -----------------------------------------------------------------------------------------------------------


async def test_due_tasks_come_oldest_due_first(register: Register) -> None:
    tasks = [task("a", due_at_ms=30), task("b", due_at_ms=10), task("c", due_at_ms=20), task("d", due_at_ms=31)]
    await register.add_tasks(tasks)
    assert repr(await register.due_tasks(30, 9)) == repr([tasks[1], tasks[2], tasks[0]])
    assert await register.due_tasks(30, 2) == [tasks[1], tasks[2]]
    assert await register.due_tasks(9, 9) == []
    assert await register.next_due_ms() == 10


async def test_without_tasks_nothing_is_due(register: Register) -> None:
    await register.add_tasks([])
    assert await register.next_due_ms() is None
    assert await register.due_tasks(10**15, 9) == []


async def test_a_task_that_is_there_already_is_not_added(register: Register) -> None:
    await register.add_tasks([task("web", due_at_ms=50)])
    await register.add_tasks([task("WEB", due_at_ms=10), task("api", due_at_ms=60), task("api", due_at_ms=5)])
    assert [(each.scale_set.name, each.due_at_ms) for each in await register.due_tasks(99, 9)] == [
        ("web", 50),
        ("api", 60),
    ]
    await register.add_tasks([task("web", cause="retry/u1", due_at_ms=70)])
    assert len(await register.due_tasks(99, 9)) == 3


async def test_a_finished_task_never_comes_back(place: Place) -> None:
    store = await place.open()
    await store.register.add_tasks([task()])
    await store.register.finish_task(task())
    await store.register.finish_task(task())
    await store.register.add_tasks([task()])
    await store.register.postpone_task(task(), 10)
    await store.close()
    register = (await place.open()).register
    await register.add_tasks([task()])
    assert await register.due_tasks(1_000, 9) == []
    assert await register.next_due_ms() is None


async def test_a_task_finished_before_it_was_added_is_not_added(register: Register) -> None:
    await register.finish_task(task())
    await register.add_tasks([task()])
    assert await register.next_due_ms() is None


async def test_a_postponed_task_is_due_later_with_the_attempt_it_was_given(register: Register) -> None:
    await register.add_tasks([task(due_at_ms=10), task("api", due_at_ms=30)])
    await register.postpone_task(replace(task(), attempt=2), 40)
    assert await register.due_tasks(39, 9) == [task("api", due_at_ms=30)]
    assert await register.due_tasks(40, 9) == [task("api", due_at_ms=30), replace(task(due_at_ms=40), attempt=2)]
    assert await register.next_due_ms() == 30


async def test_postponing_what_was_never_added_adds_nothing(register: Register) -> None:
    await register.postpone_task(task(), 40)
    assert await register.next_due_ms() is None


async def test_tasks_by_the_thousand_are_added_at_once(register: Register) -> None:
    tasks = [task(f"web{n}", due_at_ms=n) for n in range(3_000)]
    await register.add_tasks(tasks)
    assert await register.due_tasks(10_000, 5_000) == tasks


# --- policies --------------------------------------------------------------------------------------------------------


async def test_the_policies_acted_upon_are_those_of_the_greatest_number(register: Register) -> None:
    assert await register.policies_acted_upon() is None
    for number in (1, 2, 2, 1):
        acted_upon = PoliciesActedUpon(digest=f"d{number}", number=number)
        await register.add_policies_acted_upon(acted_upon)
    assert await register.policies_acted_upon() == PoliciesActedUpon(digest="d2", number=2)


async def test_what_was_registered_is_there_when_the_place_is_opened_again(place: Place) -> None:
    first = await place.open()
    enrolment = Enrolment(subscription="s1", is_enrolled=True, changed_at_ms=5)
    await first.register.put_scale_set(scale_set(), None)
    await first.register.set_enrolment(enrolment)
    await first.register.publish(published("1.9"))
    await first.register.add_tasks([task()])
    await first.register.add_policies_acted_upon(PoliciesActedUpon(digest="d1", number=1))
    await first.close()
    register = (await place.open()).register
    assert await register.scale_set(scale_set_id()) == scale_set()
    assert await register.enrolment("s1") == enrolment
    assert await register.publications(MONITOR) == [published("1.9")]
    assert await register.due_tasks(100, 9) == [task()]
    assert await register.policies_acted_upon() == PoliciesActedUpon(digest="d1", number=1)
