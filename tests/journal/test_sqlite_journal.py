"""What only the journal on disk can meet: records of a later server, a gap, another process that writes."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.journal.samples import STARTED, events_of, started, upgraded
from tidegate.domain.refusal import JournalNewer
from tidegate.journal.records import RECORD_VERSION
from tidegate.journal.sqlite import SqliteStore
from tidegate.journal.sqlite_journal import STARTS_AT_ONCE, SqliteJournal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[SqliteJournal]:
    store = await SqliteStore.open(path)
    yield store.journal
    await store.close()


def change(path: Path, statement: str) -> None:
    """What another process might do to the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


async def test_a_record_of_a_later_server_is_refused_when_it_is_read(journal: SqliteJournal, path: Path) -> None:
    await journal.start(STARTED)
    await journal.append("u1", 1, upgraded(2))
    change(path, f"UPDATE events SET version = {RECORD_VERSION + 1}, type = 'InstanceBeamed' WHERE sequence = 3")
    assert len(await journal.read("u1", limit=2)) == 2
    with pytest.raises(JournalNewer):
        await journal.read("u1")


async def test_a_gap_is_never_read_over(journal: SqliteJournal, path: Path) -> None:
    await journal.start(STARTED)
    await journal.append("u1", 1, upgraded(4))
    change(path, "DELETE FROM events WHERE sequence = 3")
    with pytest.raises(AssertionError, match="u1 lacks events"):
        await journal.read("u1")


async def test_reading_does_not_wait_while_another_process_writes(journal: SqliteJournal, path: Path) -> None:
    await journal.start(STARTED)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert events_of(await journal.read("u1")) == [STARTED]
        assert len(await journal.active()) == 1
        other.rollback()


async def test_text_of_any_alphabet_and_any_quote_is_kept(journal: SqliteJournal) -> None:
    event = started(request_id="r'\"; DROP TABLE events --", policy_name="Grüße, 世界 \U0001f30d\x00\n")
    row = await journal.start(event)
    assert await journal.row("u1") == row
    assert events_of(await journal.read("u1")) == [event]


async def test_more_starts_than_may_be_under_way_all_begin(journal: SqliteJournal) -> None:
    for n in range(3 * STARTS_AT_ONCE):
        await journal.start(started(f"u{n}", f"web{n}"))
    assert len(await journal.active()) == 3 * STARTS_AT_ONCE
