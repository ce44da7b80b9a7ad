"""Readers neither wait for the writer nor write."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from tidegate.domain.refusal import JournalUnavailable
from tidegate.journal.readers import READER_COUNT, Readers
from tidegate.journal.schema import prepare
from tidegate.journal.sqlite_file import SqliteFile


@pytest.fixture
def file(tmp_path: Path) -> SqliteFile:
    file = SqliteFile(tmp_path / "journal.db")
    with closing(file.create()) as connection:
        prepare(connection)
    return file


@pytest.fixture
async def readers(file: SqliteFile) -> AsyncIterator[Readers]:
    readers = Readers(file)
    yield readers
    await readers.close()


def count(connection: sqlite3.Connection) -> int:
    (found,) = connection.execute("SELECT count(*) FROM enrolments").fetchone()
    return int(found)


async def test_a_reader_sees_what_is_committed_and_does_not_wait_for_what_is_not(
    file: SqliteFile, readers: Readers
) -> None:
    with closing(file.connect_writer()) as writer:
        assert await readers.read(count) == 0
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO enrolments VALUES ('s1', 1, 1)")
        assert await readers.read(count) == 0
        writer.execute("COMMIT")
        assert await readers.read(count) == 1


async def test_only_so_many_queries_run_at_once_and_each_connection_is_used_again(readers: Readers) -> None:
    together = threading.Barrier(READER_COUNT)
    seen: set[int] = set()

    def wait_for_the_others(connection: sqlite3.Connection) -> None:
        together.wait(timeout=30)
        seen.add(id(connection))

    await asyncio.gather(*(readers.read(wait_for_the_others) for _ in range(3 * READER_COUNT)))
    assert len(seen) == READER_COUNT


async def test_a_query_that_writes_is_refused_and_the_connection_stays_good(readers: Readers) -> None:
    with pytest.raises(JournalUnavailable, match="readonly"):
        await readers.read(lambda connection: connection.execute("DELETE FROM enrolments"))
    assert await readers.read(count) == 0


async def test_a_file_that_is_gone_cannot_be_read(tmp_path: Path) -> None:
    readers = Readers(SqliteFile(tmp_path / "nothing.db"))
    with pytest.raises(JournalUnavailable, match="unable to open"):
        await readers.read(count)
    await readers.close()


async def test_closing_waits_for_the_queries_under_way_and_takes_no_more(readers: Readers) -> None:
    reading = asyncio.create_task(readers.read(count))
    await asyncio.sleep(0)
    await readers.close()
    assert await reading == 0
    with pytest.raises(JournalUnavailable, match="closed"):
        await readers.read(count)
