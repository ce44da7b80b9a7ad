"""The memory outlives whoever has it open; what is on order, a copy or a failure, comes as ordered."""

import asyncio

import pytest

from tests.journal.samples import STARTED, events_of, scale_set, scale_set_id, started, upgraded
from tidegate.domain.refusal import JournalUnavailable
from tidegate.journal.memory import Memory, MemoryStore
from tidegate.upgrade.events import UpgradeCompleted


async def test_a_crashed_server_leaves_its_memory_to_the_next() -> None:
    memory = Memory()
    await MemoryStore(memory).journal.start(STARTED)
    successor = MemoryStore(memory)
    assert events_of(await successor.journal.read("u1")) == [STARTED]


async def test_stores_without_a_memory_share_nothing() -> None:
    await MemoryStore().journal.start(STARTED)
    assert await MemoryStore().journal.active() == []


async def test_a_copy_goes_its_own_way() -> None:
    memory = Memory()
    store = MemoryStore(memory)
    await store.journal.start(STARTED)
    twin = MemoryStore(memory.copy())
    await store.journal.append("u1", 1, upgraded(2))
    await store.register.put_scale_set(scale_set(), None)
    await twin.journal.append("u1", 1, upgraded(1))
    await twin.journal.start(started("u2", "api"))
    assert [len(await each.journal.read("u1")) for each in (store, twin)] == [3, 2]
    await twin.journal.append("u1", 2, [UpgradeCompleted(at_ms=1)])
    await twin.journal.start(started("u3"))
    assert [len(await each.journal.active()) for each in (store, twin)] == [1, 2]
    latest = [await each.journal.latest(scale_set_id()) for each in (store, twin)]
    assert [row.upgrade_id for row in latest if row is not None] == ["u1", "u3"]
    assert await twin.register.scale_set(scale_set().scale_set_id) is None


async def test_an_ordered_failure_refuses_everything_until_it_is_over() -> None:
    memory = Memory()
    store = MemoryStore(memory)
    await store.journal.start(STARTED)
    memory.unavailable_because = "the disk is full"
    for call in (
        store.journal.append("u1", 1, upgraded(1)),
        store.journal.start(started("u2", "api")),
        store.journal.read("u1"),
        store.register.put_scale_set(scale_set(), None),
    ):
        with pytest.raises(JournalUnavailable, match="the disk is full"):
            await call
    memory.unavailable_because = ""
    assert await store.journal.append("u1", 1, upgraded(1)) == 2
    assert await store.register.put_scale_set(scale_set(), "") is True


async def test_who_waits_for_an_answer_lets_others_run() -> None:
    journal = MemoryStore().journal
    turns: list[str] = []

    async def other() -> None:
        turns.append("other")

    task = asyncio.create_task(other())
    await journal.start(STARTED)
    assert turns == ["other"]
    await task


async def test_who_is_cancelled_while_waiting_has_written_all_the_same() -> None:
    journal = MemoryStore().journal
    await journal.start(STARTED)
    append = asyncio.create_task(journal.append("u1", 1, upgraded(2)))
    await asyncio.sleep(0)
    append.cancel()
    with pytest.raises(asyncio.CancelledError):
        await append
    assert len(await journal.read("u1")) == 3
