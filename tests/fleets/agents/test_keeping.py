"""What is noted in one turn is written together; nobody is told before it is; what failed is tried again."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.fleets.agents.cards import card
from tests.fleets.agents.world import until
from tidegate.domain.health import ProbeState
from tidegate.domain.order import InstanceAnswer
from tidegate.fleets.agents import keeping as module
from tidegate.fleets.agents.host_card import HostCard, Part
from tidegate.fleets.agents.host_store import Changes, HostsNotKept, HostStore, KeptSettings, KeptToken
from tidegate.fleets.agents.keeping import Keeping, Kept

ANSWER = InstanceAnswer(operation_id="op", instance_id="a", failures=(), probe=ProbeState.NONE)


class Watched(HostStore):
    """A store that remembers what was written, and is full while it is told so."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(path)
        self.written: list[Changes] = []
        self.is_full = False
        self.mistake: Exception | None = None
        self.begun_count = 0
        self.turns: threading.Semaphore | None = None
        """So many groups may be written; None for any number."""

    def save(self, changes: Changes) -> None:
        """As the store's."""
        self.begun_count += 1
        assert self.turns is None or self.turns.acquire(timeout=20)
        if self.mistake is not None:
            raise self.mistake
        if self.is_full:
            raise HostsNotKept("the disk is full")
        super().save(changes)
        self.written.append(changes)


class Bench:
    """A keeping with its store, and what came of it."""

    def __init__(self, path: Path | str = ":memory:") -> None:
        self.store = Watched(path)
        self.kept: list[Kept] = []
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.keeping = Keeping(self.store, self.call_later, self.on_kept)

    def call_later(self, seconds: float, happen: Callable[[], None]) -> None:
        self.later.append((seconds, happen))

    def on_kept(self, kept: Sequence[Kept]) -> None:
        self.kept += kept

    def let_pass(self) -> None:
        """Everything that was to happen later happens."""
        later, self.later = self.later, []
        for _, happen in later:
            happen()


@pytest.fixture(params=["in memory", "on disk"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    return Bench() if request.param == "in memory" else Bench(tmp_path / "hosts.sqlite3")


def named(bench: Bench) -> list[str]:
    """The hosts that are in the store."""
    return [each.instance_id for each in bench.store.hosts()]


async def test_all_that_is_noted_in_one_turn_is_one_transaction(bench: Bench) -> None:
    cards = [card(name) for name in "abc"]
    for each in cards:
        bench.keeping.note(each, Part.ALL)
    await asyncio.gather(*(bench.keeping.kept() for _ in cards))
    assert len(bench.store.written) == 1
    assert [each.card for each in bench.kept] == cards
    assert named(bench) == ["a", "b", "c"]
    await bench.keeping.close()


async def test_only_parts_that_changed_are_written(bench: Bench) -> None:
    host = card()
    bench.keeping.note(host, Part.ALL)
    await bench.keeping.kept()
    bench.keeping.note(host, Part.WORK)
    await bench.keeping.kept()
    last = bench.store.written[-1]
    assert (len(last.hosts), len(last.works), len(last.reports)) == (0, 1, 0)
    await bench.keeping.close()


async def test_nobody_waits_where_nothing_is_noted(bench: Bench) -> None:
    await bench.keeping.kept()
    assert bench.store.written == []
    await bench.keeping.close()


async def test_what_is_noted_while_a_group_is_written_is_in_the_next(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "hosts.sqlite3")
    first, second = card("a"), card("b")
    bench.keeping.note(first, Part.ALL)
    waiting = asyncio.ensure_future(bench.keeping.kept())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    bench.keeping.note(second, Part.ALL)
    await bench.keeping.kept()
    await waiting
    assert named(bench) == ["a", "b"]
    await bench.keeping.close()


async def on_its_way(bench: Bench) -> asyncio.Future[None]:
    """A group that is begun with, and written with the next turn: who waits for it."""
    bench.store.turns = threading.Semaphore(0)
    bench.keeping.note(card("a"), Part.ALL)
    waiting = asyncio.ensure_future(bench.keeping.kept())
    await until(lambda: bench.store.begun_count == 1)
    return waiting


async def test_who_has_noted_nothing_new_waits_for_the_group_on_its_way_and_for_no_later_one(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "hosts.sqlite3")
    first = await on_its_way(bench)
    waiting = asyncio.ensure_future(bench.keeping.kept())
    await asyncio.sleep(0)
    bench.keeping.note(card("b"), Part.ALL)
    later = asyncio.ensure_future(bench.keeping.kept())
    await asyncio.sleep(0)
    assert bench.store.turns is not None
    bench.store.turns.release()
    await asyncio.wait((first, waiting), timeout=5)
    is_done = waiting.done()
    bench.store.turns.release()
    await later
    assert is_done
    assert named(bench) == ["a", "b"]
    await bench.keeping.close()


async def test_what_was_kept_is_told_as_it_was_when_it_was_written(bench: Bench) -> None:
    host = card(goal_incarnation=3, answers=[(lambda _: None, ANSWER)])
    bench.keeping.note(host, Part.ALL)
    await bench.keeping.kept()
    assert [(each.goal_incarnation, each.answer_count) for each in bench.kept] == [(3, 1)]
    await bench.keeping.close()


async def test_what_cannot_be_written_is_refused_tried_again_and_told_only_then(bench: Bench) -> None:
    host = card()
    bench.store.is_full = True
    bench.keeping.note(host, Part.ALL)
    bench.keeping.note_token(KeptToken(id="t", digest=b"", scale_set="/web", instance_id="", expires_at_ms=1))
    bench.keeping.note_settings(KeptSettings(scale_set="/web", extension="x", digest="", number=0))
    with pytest.raises(HostsNotKept, match="full"):
        await bench.keeping.kept()
    assert bench.kept == []
    assert bench.later[0][0] == module.KEEP_AGAIN_SECONDS
    bench.store.is_full = False
    bench.let_pass()
    await until(lambda: bool(bench.kept))
    assert named(bench) == ["a"]
    assert (len(list(bench.store.tokens())), len(list(bench.store.settings()))) == (1, 1)
    await bench.keeping.close()


async def test_a_report_may_wait_for_others(bench: Bench) -> None:
    cards = [card(name) for name in "ab"]
    for each in cards:
        bench.keeping.note(each, Part.IDENTITY)
    await bench.keeping.kept()
    for each in cards:
        bench.keeping.note_report(each)
    assert [seconds for seconds, _ in bench.later] == [module.KEEP_REPORTS_SECONDS], "one timer for all"
    bench.let_pass()
    await until(lambda: len(bench.store.written) == 2)
    assert len(bench.store.written[-1].reports) == 2
    await bench.keeping.close()


async def test_a_host_that_is_gone_is_written_no_more(bench: Bench) -> None:
    host = card()
    bench.keeping.note(host, Part.ALL)
    await bench.keeping.kept()
    bench.keeping.note_gone(host)
    bench.keeping.note(host, Part.ALL)
    await bench.keeping.kept()
    bench.keeping.note(host, Part.ALL)
    await bench.keeping.kept()
    assert named(bench) == []
    await bench.keeping.close()


async def test_closing_writes_what_is_noted_and_tells_nobody(bench: Bench) -> None:
    host = card()
    bench.keeping.note(host, Part.ALL)
    await bench.keeping.close()
    assert len(bench.store.written) == 1
    assert bench.kept == []


async def test_who_waits_for_the_group_on_its_way_is_told_that_it_could_not_be_written(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "hosts.sqlite3")
    bench.store.is_full = True
    first = await on_its_way(bench)
    waiting = asyncio.ensure_future(bench.keeping.kept())
    await asyncio.sleep(0)
    assert bench.store.turns is not None
    bench.store.turns.release()
    await asyncio.wait((first, waiting), timeout=5)
    for told in (waiting, first):
        with pytest.raises(HostsNotKept, match="full"):
            await told
    assert bench.store.begun_count == 1, "nobody tried again on its behalf"
    bench.store.turns.release()
    bench.store.is_full = False
    await bench.keeping.close()


async def test_closing_does_not_fail_on_a_full_disk(bench: Bench) -> None:
    bench.keeping.note(card(), Part.ALL)
    bench.store.is_full = True
    await bench.keeping.close()
    assert bench.store.written == []


async def test_a_caller_who_gives_up_takes_nobody_with_him(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "hosts.sqlite3")
    host: HostCard = card()
    bench.keeping.note(host, Part.ALL)
    one, other = asyncio.ensure_future(bench.keeping.kept()), asyncio.ensure_future(bench.keeping.kept())
    await asyncio.sleep(0)
    one.cancel()
    await other
    assert named(bench) == ["a"]
    await bench.keeping.close()


async def test_a_mistake_of_ours_leaves_nobody_waiting_and_the_next_change_is_kept(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "hosts.sqlite3")
    bench.store.mistake = ZeroDivisionError("ours")
    bench.keeping.note(card(), Part.ALL)
    with pytest.raises(ZeroDivisionError):
        await bench.keeping.kept()
    bench.store.mistake = None
    await bench.keeping.kept()
    assert named(bench) == ["a"]
    await bench.keeping.close()
