"""A connection is durable and bounded; a file that somebody takes away is noticed."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tidegate.domain.refusal import JournalUnavailable
from tidegate.journal.schema import prepare
from tidegate.journal.sqlite_file import SqliteFile, refusing_what_is_outside


@pytest.fixture
def path(tmp_path: Path) -> Path:
    # Characters that mean something in the URI by which SQLite is told the path.
    return tmp_path / "a journal #1 50%?.db"


@pytest.fixture
def file(path: Path) -> SqliteFile:
    file = SqliteFile(path)
    with closing(file.create()) as connection:
        prepare(connection)
    return file


def setting(connection: sqlite3.Connection, name: str) -> object:
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return value


def test_a_commit_is_on_the_disk_before_it_returns(file: SqliteFile) -> None:
    with closing(file.connect_writer()) as connection:
        assert setting(connection, "journal_mode") == "wal"
        assert setting(connection, "synchronous") == 2
        assert setting(connection, "foreign_keys") == 1
        assert setting(connection, "busy_timeout") == 5_000
        assert not connection.in_transaction


def test_a_reader_cannot_write(file: SqliteFile) -> None:
    with closing(file.connect_reader()) as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM upgrades")


def test_the_file_lies_where_it_was_asked_for(file: SqliteFile, path: Path) -> None:
    assert path.is_file()
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_a_file_that_stays_is_fine(file: SqliteFile) -> None:
    with closing(file.connect_writer()):
        file.check()


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_a_removed_file_is_noticed_and_so_is_its_return(file: SqliteFile, path: Path, suffix: str) -> None:
    victim = path.with_name(path.name + suffix)
    with closing(file.connect_writer()):
        aside = victim.rename(path.with_name("aside"))
        with pytest.raises(JournalUnavailable, match="No such file"):
            file.check()
        aside.rename(victim)
        file.check()


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_another_file_in_its_place_is_noticed(file: SqliteFile, path: Path, suffix: str) -> None:
    victim = path.with_name(path.name + suffix)
    with closing(file.connect_writer()):
        aside = victim.rename(path.with_name("aside"))
        victim.write_bytes(aside.read_bytes())
        with pytest.raises(JournalUnavailable, match="was replaced"):
            file.check()


def test_a_new_log_after_a_new_connection_is_fine(file: SqliteFile) -> None:
    for _ in range(3):
        with closing(file.connect_writer()):
            file.check()


def test_a_removed_file_is_not_made_anew(file: SqliteFile, path: Path) -> None:
    with closing(file.connect_writer()):
        pass
    path.unlink()
    with pytest.raises(JournalUnavailable, match="No such file"):
        file.connect_writer()
    with pytest.raises(JournalUnavailable, match="unable to open"), refusing_what_is_outside():
        file.connect_reader()
    assert not path.exists()


def test_another_journal_in_its_place_is_not_taken_for_it(file: SqliteFile, path: Path) -> None:
    with closing(file.connect_writer()):
        pass
    aside = path.rename(path.with_name("aside"))
    path.write_bytes(aside.read_bytes())
    with pytest.raises(JournalUnavailable, match="was replaced"):
        file.connect_writer()


def test_what_is_wrong_with_the_disk_is_a_refusal_in_the_words_of_sqlite(path: Path) -> None:
    path.write_bytes(b"This is a letter to my aunt. " * 100)
    with (
        pytest.raises(JournalUnavailable, match="file is not a database"),
        refusing_what_is_outside(),
        closing(SqliteFile(path).create()) as connection,
    ):
        prepare(connection)


def test_what_is_wrong_with_our_sql_stays_an_error(file: SqliteFile) -> None:
    with closing(file.connect_writer()) as connection:
        with pytest.raises(sqlite3.OperationalError, match="no such table"), refusing_what_is_outside():
            connection.execute("SELECT * FROM wishes")
        with pytest.raises(sqlite3.IntegrityError), refusing_what_is_outside():
            connection.execute("INSERT INTO enrolments VALUES (NULL, 1, 1)")
    with pytest.raises(sqlite3.ProgrammingError, match="closed"), refusing_what_is_outside():
        connection.execute("SELECT 1")
