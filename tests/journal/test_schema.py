"""The tables hold what the journal promises even against our own SQL; what is not ours to use is left alone."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tidegate.domain.refusal import JournalNewer, JournalUnavailable
from tidegate.journal.schema import APPLICATION_ID, SCHEMA_VERSION, prepare
from tidegate.journal.sqlite_file import refusing_what_is_outside

ROW = """
    INSERT INTO upgrades (
        upgrade_id, scale_set, scale_set_key, kind, "trigger", request_id, status,
        started_at_ms, ended_at_ms, last_sequence, failed_count
    ) VALUES (?, '/Web', '/web', 'EXTENSION', 'MANUAL', ?, 'RollingForward', 1, ?, 1, 0)
"""
EVENT = (
    "INSERT INTO events (upgrade_id, sequence, type, version, at_ms, data) VALUES (?, ?, 'CancelAccepted', 1, 1, '{}')"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        yield connection


def made_by(path: Path, *statements: str) -> bytes:
    """Make the file with those statements; the bytes it has then."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    return path.read_bytes()


def test_an_empty_file_becomes_a_journal_with_a_log(connection: sqlite3.Connection) -> None:
    prepare(connection)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_journal_is_prepared_again_without_a_change(connection: sqlite3.Connection) -> None:
    prepare(connection)
    connection.execute(ROW, ("u1", "", None))
    prepare(connection)
    assert connection.execute("SELECT upgrade_id FROM upgrades").fetchall() == [("u1",)]


def test_a_later_version_is_refused_and_not_touched(path: Path) -> None:
    before = made_by(path, f"PRAGMA application_id = {APPLICATION_ID}", f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with closing(sqlite3.connect(path)) as connection, pytest.raises(JournalNewer) as refused:
        prepare(connection)
    assert f"version {SCHEMA_VERSION + 1}; this server knows up to {SCHEMA_VERSION}" in refused.value.message
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE bookmarks (url)", "PRAGMA user_version = 1", "PRAGMA application_id = 7"]
)
def test_a_file_of_another_program_is_refused_and_not_touched(path: Path, statement: str) -> None:
    before = made_by(path, statement)
    with closing(sqlite3.connect(path)) as connection, pytest.raises(JournalUnavailable, match="another program"):
        prepare(connection)
    assert path.read_bytes() == before


def test_a_preparation_that_breaks_off_leaves_nothing(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidegate.journal.schema._STEPS", (("CREATE TABLE one (x)", "CREATE TABLE one (x)"),))
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        prepare(connection)
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    monkeypatch.undo()
    prepare(connection)


def test_a_file_that_another_process_is_making_at_this_moment_is_waited_for(path: Path) -> None:
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as connection,
    ):
        prepare(other)
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN IMMEDIATE")
        statements: list[str] = []

        def end_the_other(statement: str) -> None:
            statements.append(statement)
            if statement == "BEGIN IMMEDIATE":
                other.rollback()

        connection.set_trace_callback(end_the_other)
        prepare(connection)
    switches = [statement for statement in statements if statement == "PRAGMA journal_mode = WAL"]
    assert len(switches) == 2


def test_a_file_that_another_process_keeps_locked_is_refused(path: Path) -> None:
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as connection,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalUnavailable, match="database is locked"), refusing_what_is_outside():
            prepare(connection)


def test_one_active_upgrade_per_scale_set_is_kept_by_the_table_itself(connection: sqlite3.Connection) -> None:
    prepare(connection)
    connection.execute(ROW, ("ended", "", 5))
    connection.execute(ROW, ("active", "", None))
    with pytest.raises(sqlite3.IntegrityError, match="scale_set_key"):
        connection.execute(ROW, ("second", "", None))


def test_one_upgrade_per_request_is_kept_by_the_table_itself(connection: sqlite3.Connection) -> None:
    prepare(connection)
    connection.execute(ROW, ("first", "r", 5))
    with pytest.raises(sqlite3.IntegrityError, match="request_id"):
        connection.execute(ROW, ("second", "r", 6))


def test_an_event_has_a_number_of_its_own_and_an_upgrade_that_exists(connection: sqlite3.Connection) -> None:
    prepare(connection)
    connection.execute(ROW, ("u1", "", None))
    connection.execute(EVENT, ("u1", 1))
    with pytest.raises(sqlite3.IntegrityError, match="sequence"):
        connection.execute(EVENT, ("u1", 1))
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        connection.execute(EVENT, ("nobody", 1))


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("SELECT * FROM upgrades WHERE scale_set_key = '/web' ORDER BY number DESC LIMIT 1", "upgrades_of_scale_set"),
        ("SELECT * FROM upgrades WHERE ended_at_ms IS NULL ORDER BY number LIMIT -1", "active_by_start"),
        ("SELECT * FROM upgrades WHERE TRUE ORDER BY started_at_ms DESC, upgrade_id DESC LIMIT 9", "upgrades_by_start"),
        (
            "SELECT * FROM upgrades WHERE scale_set_key = '/web' AND (started_at_ms, upgrade_id) < (5, 'u')"
            " ORDER BY started_at_ms DESC, upgrade_id DESC LIMIT 9",
            "upgrades_of_scale_set_by_start",
        ),
        (
            "SELECT * FROM tasks WHERE is_finished = 0 AND due_at_ms <= 5"
            " ORDER BY due_at_ms, scale_set_key, cause LIMIT 9",
            "open_tasks",
        ),
        (
            "SELECT * FROM scale_sets WHERE subscription = 's' AND scale_set_key > '' ORDER BY scale_set_key LIMIT 9",
            "scale_sets_of_subscription",
        ),
    ],
)
def test_a_page_is_found_by_an_index_and_not_by_looking_at_everything(
    connection: sqlite3.Connection, query: str, index: str
) -> None:
    prepare(connection)
    plan = " ".join(detail for *_, detail in connection.execute(f"EXPLAIN QUERY PLAN {query}"))
    assert index in plan
    assert "TEMP B-TREE" not in plan
