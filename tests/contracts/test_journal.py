"""The promise of the journal, sentence by sentence, asked of every journal there is."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.journal.samples import ONE_OF_EACH, STARTED, events_of, everything, scale_set_id, started, upgraded
from tests.journal.stores import KINDS, Place, Store
from tidegate.domain.refusal import JournalUnavailable, UpgradeInProgress, UpgradeNotFound
from tidegate.journal.promise import PAGE_LIMIT, Journal, Overtaken, UpgradeQuery, UpgradeRow
from tidegate.upgrade.events import (
    Event,
    InstanceFailed,
    RollingBackBegan,
    UpgradeCancelled,
    UpgradeCompleted,
    UpgradeFaulted,
    UpgradeStarted,
)
from tidegate.upgrade.plan import Trigger, UpgradeKind
from tidegate.upgrade.state import StatusCode


@pytest.fixture(params=KINDS)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    place = Place(request.param, tmp_path)
    yield place
    await place.close()


@pytest.fixture
async def store(place: Place) -> Store:
    return await place.open()


@pytest.fixture
def journal(store: Store) -> Journal:
    return store.journal


async def ids(journal: Journal, query: UpgradeQuery, after: tuple[int, str] | None = None, limit: int = 100) -> str:
    """The ids that a listing gives, in its order."""
    return " ".join(row.upgrade_id for row in await journal.list_upgrades(query, after, limit))


# --- start -----------------------------------------------------------------------------------------------------------


async def test_a_started_upgrade_has_its_row_and_its_first_event(journal: Journal) -> None:
    row = await journal.start(STARTED)
    assert row == UpgradeRow(
        upgrade_id="u1",
        scale_set=scale_set_id(),
        kind=UpgradeKind.EXTENSION,
        trigger=Trigger.MANUAL,
        request_id="",
        status=StatusCode.ROLLING_FORWARD,
        started_at_ms=STARTED.at_ms,
        ended_at_ms=None,
        last_sequence=1,
        failed_count=0,
    )
    assert await journal.row("u1") == row
    assert str(row.scale_set) == STARTED.scale_set
    assert events_of(await journal.read("u1")) == [STARTED]


async def test_a_second_start_is_refused_with_the_active_name(journal: Journal) -> None:
    await journal.start(STARTED)
    with pytest.raises(UpgradeInProgress) as refused:
        await journal.start(replace(STARTED, upgrade_id="u2", scale_set=STARTED.scale_set.upper()))
    assert refused.value.resource == f"{STARTED.scale_set}/rollingUpgrades/u1"
    assert await journal.row("u2") is None
    with pytest.raises(UpgradeNotFound):
        await journal.read("u2")


async def test_of_a_hundred_concurrent_starts_on_one_scale_set_exactly_one_wins(place: Place) -> None:
    journals = [(await place.open()).journal for _ in range(2)]
    starts = [journals[n % 2].start(started(f"u{n}")) for n in range(100)]
    outcomes = await asyncio.gather(*starts, return_exceptions=True)
    winners = [outcome for outcome in outcomes if isinstance(outcome, UpgradeRow)]
    losers = [outcome for outcome in outcomes if isinstance(outcome, UpgradeInProgress)]
    assert (len(winners), len(losers)) == (1, 99)
    assert {loser.resource for loser in losers} == {f"{scale_set_id()}/rollingUpgrades/{winners[0].upgrade_id}"}
    assert await journals[0].active() == winners


async def test_starts_on_different_scale_sets_do_not_meet(journal: Journal) -> None:
    await asyncio.gather(*(journal.start(started(f"u{n}", f"web{n}")) for n in range(50)))
    assert len(await journal.active()) == 50


async def test_a_repeated_request_gets_the_row_of_the_earlier_upgrade_and_writes_nothing(journal: Journal) -> None:
    first = await journal.start(started("u1", request_id="r"))
    assert await journal.start(started("u2", request_id="r")) == first
    await journal.append("u1", 1, [UpgradeCompleted(at_ms=5)])
    again = await journal.start(started("u3", request_id="r"))
    assert (again.upgrade_id, again.status, again.ended_at_ms) == ("u1", StatusCode.COMPLETED, 5)
    assert await ids(journal, UpgradeQuery()) == "u1"


async def test_a_hundred_concurrent_starts_of_one_request_are_one_upgrade(journal: Journal) -> None:
    starts = [journal.start(started(f"u{n}", request_id="r")) for n in range(100)]
    assert len({row.upgrade_id for row in await asyncio.gather(*starts)}) == 1


async def test_a_request_id_counts_within_its_scale_set_only(journal: Journal) -> None:
    await journal.start(started("u1", "web", request_id="r"))
    assert (await journal.start(started("u2", "api", request_id="r"))).upgrade_id == "u2"


async def test_empty_request_ids_are_not_the_same_request(journal: Journal) -> None:
    await journal.start(started("u1"))
    await journal.append("u1", 1, [UpgradeCompleted(at_ms=5)])
    assert (await journal.start(started("u2"))).upgrade_id == "u2"


async def test_an_upgrade_id_is_never_given_twice(journal: Journal) -> None:
    await journal.start(started("u1", "web"))
    with pytest.raises(AssertionError, match="u1 is taken"):
        await journal.start(started("u1", "api"))
    assert await ids(journal, UpgradeQuery()) == "u1"


# --- append ----------------------------------------------------------------------------------------------------------


async def test_every_kind_of_event_is_read_as_it_was_appended(journal: Journal) -> None:
    await journal.start(STARTED)
    body = [event for event in ONE_OF_EACH if not isinstance(event, UpgradeStarted)]
    body = [event for event in body if not isinstance(event, UpgradeCompleted | UpgradeCancelled)]
    assert await journal.append("u1", 1, body) == 1 + len(body)
    entries = events_of(await journal.read("u1"))
    assert entries == [STARTED, *body]
    assert repr(entries) == repr([STARTED, *body])


async def test_appends_are_numbered_without_gaps(journal: Journal) -> None:
    await journal.start(STARTED)
    assert await journal.append("u1", 1, upgraded(3)) == 4
    assert await journal.append("u1", 4, upgraded(2, first=3)) == 6
    assert events_of(await journal.read("u1")) == [STARTED, *upgraded(5)]
    row = await journal.row("u1")
    assert row is not None
    assert row.last_sequence == 6


@pytest.mark.parametrize("expected", [0, 1, 3, 1_000])
async def test_an_append_at_another_number_is_overtaken_and_writes_nothing(journal: Journal, expected: int) -> None:
    await journal.start(STARTED)
    await journal.append("u1", 1, upgraded(1))
    with pytest.raises(Overtaken) as overtaken:
        await journal.append("u1", expected, upgraded(2))
    assert (overtaken.value.upgrade_id, overtaken.value.expected) == ("u1", expected)
    assert len(await journal.read("u1")) == 2


async def test_of_concurrent_appends_at_one_number_exactly_one_wins(place: Place) -> None:
    journals = [(await place.open()).journal for _ in range(2)]
    await journals[0].start(STARTED)
    appends = [journals[n % 2].append("u1", 1, upgraded(2, first=2 * n)) for n in range(50)]
    outcomes = await asyncio.gather(*appends, return_exceptions=True)
    assert outcomes.count(3) == 1
    assert sum(isinstance(outcome, Overtaken) for outcome in outcomes) == 49
    winner = outcomes.index(3)
    assert events_of(await journals[0].read("u1")) == [STARTED, *upgraded(2, first=2 * winner)]


async def test_a_refused_append_harms_none_of_its_neighbours(journal: Journal) -> None:
    await asyncio.gather(*(journal.start(started(f"u{n}", f"web{n}")) for n in range(30)))
    await journal.append("u7", 1, [UpgradeCompleted(at_ms=1)])
    appends = [journal.append(f"u{n}", 1 if n % 3 else 9, upgraded(4)) for n in range(30)]
    outcomes = await asyncio.gather(*appends, journal.append("nobody", 1, upgraded(1)), return_exceptions=True)
    assert isinstance(outcomes.pop(), UpgradeNotFound)
    for n, outcome in enumerate(outcomes):
        wins = n % 3 != 0 and n != 7
        assert outcome == 5 if wins else isinstance(outcome, Overtaken)
        assert len(await journal.read(f"u{n}")) == (5 if wins else 2 if n == 7 else 1)


async def test_appends_one_after_the_other_need_not_wait_for_each_other(journal: Journal) -> None:
    await journal.start(STARTED)
    outcomes = await asyncio.gather(*(journal.append("u1", n, upgraded(1, first=n)) for n in range(1, 40)))
    assert outcomes == list(range(2, 41))
    assert events_of(await journal.read("u1")) == [STARTED, *upgraded(39, first=1)]


async def test_an_append_to_an_unknown_upgrade_is_not_found(journal: Journal) -> None:
    with pytest.raises(UpgradeNotFound):
        await journal.append("u1", 0, upgraded(1))


async def test_an_append_without_events_only_tells_where_the_upgrade_is(journal: Journal) -> None:
    await journal.start(STARTED)
    assert await journal.append("u1", 1, []) == 1
    with pytest.raises(Overtaken):
        await journal.append("u1", 2, [])
    assert len(await journal.read("u1")) == 1


async def test_nothing_follows_an_end(journal: Journal) -> None:
    await journal.start(STARTED)
    with pytest.raises(AssertionError, match="follows the end"):
        await journal.append("u1", 1, [UpgradeCompleted(at_ms=1), *upgraded(1)])
    await journal.append("u1", 1, [UpgradeCompleted(at_ms=1)])
    with pytest.raises(AssertionError, match="has ended"):
        await journal.append("u1", 2, upgraded(1))
    assert await journal.append("u1", 2, []) == 2
    assert len(await journal.read("u1")) == 2
    assert await journal.active() == []


async def test_what_could_not_be_read_back_is_not_written(journal: Journal) -> None:
    await journal.start(STARTED)
    broken = replace(upgraded(1)[0], at_ms=1.5)  # type: ignore[arg-type]  # that is what is wrong with it
    with pytest.raises(AssertionError, match="cannot be read back"):
        await journal.append("u1", 1, [*upgraded(1), broken])
    assert len(await journal.read("u1")) == 1


async def test_a_caller_who_goes_away_does_not_break_the_numbers(journal: Journal) -> None:
    await journal.start(STARTED)
    append = asyncio.create_task(journal.append("u1", 1, upgraded(3)))
    await asyncio.sleep(0)
    append.cancel()
    with pytest.raises(asyncio.CancelledError):
        await append
    entries = await journal.read("u1")
    assert len(entries) in (1, 4)
    assert await journal.append("u1", len(entries), upgraded(1)) == len(entries) + 1


# --- the row ---------------------------------------------------------------------------------------------------------


async def test_the_row_counts_the_instances_that_failed(journal: Journal) -> None:
    await journal.start(STARTED)
    failed: list[Event] = [InstanceFailed(at_ms=1, instance_id=str(n), code="c", message="m") for n in range(3)]
    await journal.append("u1", 1, [*failed, *upgraded(2)])
    await journal.append("u1", 6, failed[:1])
    row = await journal.row("u1")
    assert row is not None
    assert row.failed_count == 4


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (UpgradeCompleted(at_ms=77), StatusCode.COMPLETED),
        (UpgradeCancelled(at_ms=77), StatusCode.CANCELLED),
        (UpgradeFaulted(at_ms=77), StatusCode.FAULTED),
    ],
)
async def test_an_end_sets_the_status_and_frees_the_scale_set(journal: Journal, end: Event, status: StatusCode) -> None:
    await journal.start(STARTED)
    await journal.append("u1", 1, [RollingBackBegan(at_ms=5)])
    rolling_back = await journal.row("u1")
    assert rolling_back is not None
    assert (rolling_back.status, rolling_back.ended_at_ms) == (StatusCode.ROLLING_BACK, None)
    await journal.append("u1", 2, [*upgraded(1), end])
    row = await journal.row("u1")
    assert row == replace(rolling_back, status=status, ended_at_ms=77, last_sequence=4)
    assert await journal.active() == []
    assert (await journal.start(started("u2"))).upgrade_id == "u2"


async def test_a_rollback_keeps_the_scale_set(journal: Journal) -> None:
    await journal.start(STARTED)
    await journal.append("u1", 1, [RollingBackBegan(at_ms=5)])
    with pytest.raises(UpgradeInProgress):
        await journal.start(started("u2"))


async def test_no_row_is_known_of_an_unknown_upgrade(journal: Journal) -> None:
    assert await journal.row("u1") is None


async def test_the_latest_is_the_one_started_last_whatever_the_clocks_said(journal: Journal) -> None:
    assert await journal.latest(scale_set_id()) is None
    for upgrade_id, at_ms in (("b", 300), ("c", 200), ("a", 200)):
        await journal.start(started(upgrade_id, at_ms=at_ms))
        await journal.append(upgrade_id, 1, [UpgradeCompleted(at_ms=at_ms)])
        latest = await journal.latest(scale_set_id("WEB"))
        assert latest is not None
        assert latest.upgrade_id == upgrade_id
    await journal.start(started("other", "api", kind=UpgradeKind.OS_IMAGE))
    assert (await journal.latest(scale_set_id("api"))) == (await journal.row("other"))


async def test_active_are_those_that_have_not_ended_in_the_order_of_their_starts(journal: Journal) -> None:
    for upgrade_id in ("c", "a", "b"):
        await journal.start(started(upgrade_id, f"web{upgrade_id}"))
    await journal.append("a", 1, [UpgradeFaulted(at_ms=1)])
    await journal.append("c", 1, [RollingBackBegan(at_ms=1)])
    assert [row.upgrade_id for row in await journal.active()] == ["c", "b"]


# --- read ------------------------------------------------------------------------------------------------------------


async def test_pages_follow_each_other_and_the_last_is_empty(journal: Journal) -> None:
    await journal.start(STARTED)
    await journal.append("u1", 1, upgraded(9))
    pages = [[entry.sequence for entry in await journal.read("u1", after, 4)] for after in (0, 4, 8, 10, 99)]
    assert pages == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10], [], []]
    assert events_of(await everything(journal, "u1", limit=3)) == [STARTED, *upgraded(9)]


async def test_a_page_is_never_larger_than_the_limit_of_pages(journal: Journal) -> None:
    await journal.start(STARTED)
    await journal.append("u1", 1, upgraded(PAGE_LIMIT + 5))
    assert len(await journal.read("u1")) == PAGE_LIMIT
    assert [entry.sequence for entry in await journal.read("u1", PAGE_LIMIT)] == list(range(10_001, 10_007))
    with pytest.raises(AssertionError):
        await journal.read("u1", 0, PAGE_LIMIT + 1)
    with pytest.raises(AssertionError):
        await journal.list_upgrades(UpgradeQuery(), None, PAGE_LIMIT + 1)


async def test_reading_an_unknown_upgrade_is_refused(journal: Journal) -> None:
    with pytest.raises(UpgradeNotFound):
        await journal.read("u1")


async def test_what_is_read_is_not_what_the_caller_still_holds(journal: Journal) -> None:
    facts = {"scaleSet.name": "before"}
    await journal.start(started(facts=facts))
    facts["scaleSet.name"] = "after"
    (first,) = events_of(await journal.read("u1"))
    assert isinstance(first, UpgradeStarted)
    assert first.facts == {"scaleSet.name": "before"}


# --- listing ---------------------------------------------------------------------------------------------------------


async def test_a_listing_is_ordered_by_start_then_by_id_both_ways(journal: Journal) -> None:
    for upgrade_id, at_ms in (("c", 20), ("a", 20), ("d", 10), ("b", 20)):
        await journal.start(started(upgrade_id, f"web{upgrade_id}", at_ms=at_ms))
    assert await ids(journal, UpgradeQuery(newest_first=False)) == "d a b c"
    assert await ids(journal, UpgradeQuery()) == "c b a d"


async def test_a_listing_goes_on_after_a_row_that_need_not_exist_any_more(journal: Journal) -> None:
    for upgrade_id, at_ms in (("a", 20), ("b", 20), ("c", 30), ("d", 10)):
        await journal.start(started(upgrade_id, f"web{upgrade_id}", at_ms=at_ms))
    assert await ids(journal, UpgradeQuery(), after=(20, "b")) == "a d"
    assert await ids(journal, UpgradeQuery(), after=(20, "aa")) == "a d"
    assert await ids(journal, UpgradeQuery(newest_first=False), after=(20, "a")) == "b c"
    assert await ids(journal, UpgradeQuery(), after=(30, "c"), limit=2) == "b a"
    assert await ids(journal, UpgradeQuery(), after=(0, "")) == ""


async def test_a_listing_gives_what_fits_every_part_of_the_query(journal: Journal) -> None:
    await journal.start(started("a", "web", at_ms=1))
    await journal.append("a", 1, [UpgradeCompleted(at_ms=1)])
    await journal.start(started("b", "web", at_ms=2, kind=UpgradeKind.OS_IMAGE))
    await journal.start(started("c", "api", at_ms=3, trigger=Trigger.AUTOMATIC))
    assert await ids(journal, UpgradeQuery()) == "c b a"
    assert await ids(journal, UpgradeQuery(scale_set=scale_set_id("WEB"))) == "b a"
    assert await ids(journal, UpgradeQuery(kind=UpgradeKind.OS_IMAGE)) == "b"
    assert await ids(journal, UpgradeQuery(trigger=Trigger.AUTOMATIC)) == "c"
    assert await ids(journal, UpgradeQuery(status=StatusCode.ROLLING_FORWARD)) == "c b"
    assert await ids(journal, UpgradeQuery(status=StatusCode.COMPLETED, kind=UpgradeKind.OS_IMAGE)) == ""
    query = UpgradeQuery(
        scale_set=scale_set_id("web"),
        kind=UpgradeKind.EXTENSION,
        trigger=Trigger.MANUAL,
        status=StatusCode.COMPLETED,
        newest_first=False,
    )
    assert await ids(journal, query) == "a"
    assert await ids(journal, query, after=(1, "a")) == ""


# --- the store -------------------------------------------------------------------------------------------------------


async def test_what_was_written_is_there_when_the_place_is_opened_again(place: Place) -> None:
    first = await place.open()
    await first.journal.start(STARTED)
    await first.journal.append("u1", 1, upgraded(3))
    await first.close()
    second = await place.open()
    assert events_of(await second.journal.read("u1")) == [STARTED, *upgraded(3)]
    assert [row.last_sequence for row in await second.journal.active()] == [4]
    assert await second.journal.append("u1", 4, upgraded(1)) == 5


async def test_a_second_driver_on_the_same_place_is_overtaken(place: Place) -> None:
    old, new = (await place.open()).journal, (await place.open()).journal
    await old.start(STARTED)
    assert len(await new.read("u1")) == 1
    await new.append("u1", 1, upgraded(1))
    with pytest.raises(Overtaken):
        await old.append("u1", 1, upgraded(1))
    with pytest.raises(UpgradeInProgress):
        await old.start(started("u2"))


async def test_a_closed_journal_refuses_and_may_be_closed_again(store: Store, journal: Journal) -> None:
    await journal.start(STARTED)
    await journal.close()
    await journal.close()
    await store.close()
    for call in (journal.read("u1"), journal.append("u1", 1, upgraded(1)), journal.start(started("u2", "api"))):
        with pytest.raises(JournalUnavailable, match="closed"):
            await call
    with pytest.raises(JournalUnavailable, match="closed"):
        await store.register.next_due_ms()


async def test_closing_writes_what_is_under_way(place: Place) -> None:
    first = await place.open()
    await asyncio.gather(*(first.journal.start(started(f"u{n}", f"web{n}")) for n in range(20)))
    appends = [asyncio.create_task(first.journal.append(f"u{n}", 1, upgraded(3))) for n in range(20)]
    await asyncio.sleep(0)
    await first.close()
    assert await asyncio.gather(*appends) == [4] * 20
    second = await place.open()
    assert {row.last_sequence for row in await second.journal.active()} == {4}
