"""One commit serves all that wait; each has its own answer, and the disk's failure is everybody's."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.journal.samples import upgraded
from tidegate.domain.refusal import EtagMismatch, JournalUnavailable, UpgradeNotFound
from tidegate.journal import writer as writer_module
from tidegate.journal.appending import append_of
from tidegate.journal.schema import prepare
from tidegate.journal.sqlite_file import SqliteFile
from tidegate.journal.writer import Work, Writer


class WatchedFile(SqliteFile):
    """A file that notes the statements of its writer, and can be made too small."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.statements: list[str] = []
        self.page_limit = 1_000_000
        self.connections = 0

    def connect_writer(self) -> sqlite3.Connection:
        connection = super().connect_writer()
        connection.set_trace_callback(self.statements.append)
        connection.execute(f"PRAGMA max_page_count = {self.page_limit}")
        self.connections += 1
        return connection

    def count(self, statement: str) -> int:
        return sum(noted.startswith(statement) for noted in self.statements)


@pytest.fixture
def file(tmp_path: Path) -> WatchedFile:
    file = WatchedFile(tmp_path / "journal.db")
    with closing(file.create()) as connection:
        prepare(connection)
    return file


@pytest.fixture
async def writer(file: WatchedFile) -> AsyncIterator[Writer]:
    writer = Writer(file)
    await writer.connect()
    file.statements.clear()
    yield writer
    await writer.close()


def enrol(subscription: str) -> Work[str]:
    """A work that writes a row and gives back its key."""

    def carry_out(connection: sqlite3.Connection) -> str:
        connection.execute("INSERT INTO enrolments VALUES (?, 1, 1)", (subscription,))
        return subscription

    return Work(carry_out=carry_out)


def failing(subscription: str, failure: Exception) -> Work[str]:
    """A work that fails after it has written a row."""

    def carry_out(connection: sqlite3.Connection) -> str:
        connection.execute("INSERT INTO enrolments VALUES (?, 1, 1)", (subscription,))
        raise failure

    return Work(carry_out=carry_out)


def enrolled(file: SqliteFile) -> list[str]:
    with closing(file.connect_reader()) as connection:
        return [name for (name,) in connection.execute("SELECT subscription FROM enrolments ORDER BY subscription")]


async def test_whoever_writes_in_one_turn_shares_a_commit_and_has_an_answer_of_his_own(
    file: WatchedFile, writer: Writer
) -> None:
    answers = await asyncio.gather(*(writer.work(enrol(f"s{n:03}")) for n in range(100)))
    assert answers == [f"s{n:03}" for n in range(100)]
    assert file.count("COMMIT") == 1
    assert enrolled(file) == answers


async def test_what_comes_during_a_commit_shares_the_next(file: WatchedFile, writer: Writer) -> None:
    late: list[asyncio.Task[str]] = []
    loop = asyncio.get_running_loop()

    def call_for_more(connection: sqlite3.Connection) -> None:
        come = asyncio.run_coroutine_threadsafe(come_late(), loop)
        come.result()

    async def come_late() -> None:
        late.extend(asyncio.create_task(writer.work(enrol(f"s{n}"))) for n in range(50))
        await asyncio.sleep(0)

    await writer.work(Work(carry_out=call_for_more))
    await asyncio.gather(*late)
    assert file.count("COMMIT") == 2


async def test_a_group_is_bounded_in_number_and_in_bytes(
    file: WatchedFile, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "GROUP_LIMIT", 10)
    await asyncio.gather(*(writer.work(enrol(f"a{n}")) for n in range(25)))
    assert file.count("COMMIT") == 3
    large = [Work(carry_out=enrol(f"b{n}").carry_out, byte_count=writer_module.GROUP_BYTES // 2) for n in range(6)]
    await asyncio.gather(*(writer.work(work) for work in large))
    assert file.count("COMMIT") == 6


async def test_more_writings_than_there_are_places_are_all_written(
    file: WatchedFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "QUEUE_LIMIT", 4)
    writer = Writer(file)
    works = [asyncio.create_task(writer.work(enrol(f"s{n:02}"))) for n in range(30)]
    await asyncio.sleep(0)
    assert len(writer._waiting) == 4
    await asyncio.gather(*works)
    assert len(enrolled(file)) == 30
    await writer.close()


@pytest.mark.parametrize(
    "failure", [EtagMismatch("web", given="1", current="2"), AssertionError("never")], ids=["refusal", "assert"]
)
async def test_a_refusal_undoes_what_its_own_work_wrote_and_nothing_else(
    file: WatchedFile, writer: Writer, failure: Exception
) -> None:
    works = [enrol("a"), failing("b", failure), enrol("c")]
    append = writer.append(append_of("nobody", 0, upgraded(1)))
    outcomes = await asyncio.gather(*(writer.work(work) for work in works), append, return_exceptions=True)
    assert outcomes[:3] == ["a", failure, "c"]
    assert isinstance(outcomes[3], UpgradeNotFound)
    assert file.count("COMMIT") == 1
    assert enrolled(file) == ["a", "c"]


async def test_a_mistake_of_ours_fails_its_group_and_not_the_next(file: WatchedFile, writer: Writer) -> None:
    works = [enrol("a"), failing("b", ZeroDivisionError("a mistake")), enrol("c")]
    outcomes = await asyncio.gather(*(writer.work(work) for work in works), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ZeroDivisionError] * 3
    assert await writer.work(enrol("d")) == "d"
    assert enrolled(file) == ["d"]


def fill(byte_count: int) -> Callable[[sqlite3.Connection], None]:
    def carry_out(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO enrolments VALUES (?, 1, 1)", ("x" * byte_count,))

    return carry_out


async def test_a_full_disk_is_refused_to_the_whole_group_and_writing_goes_on_when_there_is_room(
    file: WatchedFile, writer: Writer
) -> None:
    file.page_limit = 30
    await asyncio.gather(writer.work(failing("reconnect", ZeroDivisionError())), return_exceptions=True)
    full = Work(carry_out=fill(1_000_000))
    outcomes = await asyncio.gather(writer.work(enrol("a")), writer.work(full), return_exceptions=True)
    for outcome in outcomes:
        assert isinstance(outcome, JournalUnavailable)
        assert outcome.why == "database or disk is full"
    assert outcomes[0] is not outcomes[1]
    assert await writer.work(enrol("b")) == "b"
    file.page_limit = 1_000_000
    await asyncio.gather(writer.work(full), return_exceptions=True)
    await writer.work(full)
    assert len(enrolled(file)) == 2


async def test_a_connection_that_failed_is_replaced(file: WatchedFile, writer: Writer) -> None:
    await asyncio.gather(writer.work(failing("a", ZeroDivisionError())), return_exceptions=True)
    await writer.work(enrol("b"))
    assert file.connections == 2


async def test_a_file_locked_by_another_process_is_refused_until_it_is_free(
    file: WatchedFile, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidegate.journal.sqlite_file.BUSY_TIMEOUT_MS", 10)
    await asyncio.gather(writer.work(failing("reconnect", ZeroDivisionError())), return_exceptions=True)
    with closing(file.create()) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalUnavailable, match="database is locked"):
            await writer.work(enrol("a"))
        other.rollback()
    assert await writer.work(enrol("b")) == "b"
    assert enrolled(file) == ["b"]


async def test_whoever_left_before_his_group_began_is_not_written(file: WatchedFile, writer: Writer) -> None:
    gone = asyncio.create_task(writer.work(enrol("gone")))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, writer.work(enrol("stayed")), return_exceptions=True)
    assert enrolled(file) == ["stayed"]


async def test_closing_writes_what_waits_and_takes_nothing_more(
    file: WatchedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "GROUP_LIMIT", 2)
    writer = Writer(file)
    works = [asyncio.create_task(writer.work(enrol(f"s{n}"))) for n in range(5)]
    await asyncio.sleep(0)
    await writer.close()
    assert await asyncio.gather(*works) == ["s0", "s1", "s2", "s3", "s4"]
    with pytest.raises(JournalUnavailable, match="closed"):
        await writer.work(enrol("late"))
