"""The tables of a SQLite journal, and which versions of them this server can use.

Law: `user_version` is the version of the tables. A file of a later version is refused before anything in it is touched;
a file that is somebody else's too. A change of the tables is a further entry of `_STEPS`, never a change of an old one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from tidegate.domain.refusal import JournalNewer, JournalUnavailable

APPLICATION_ID = int.from_bytes(b"Tide", "big")
"""Marks the file as a journal of ours."""

_FIRST = (
    # `number` is the order of the starts. Columns named like words of SQL stand in quotes.
    """
    CREATE TABLE upgrades (
        number INTEGER PRIMARY KEY,
        upgrade_id TEXT NOT NULL UNIQUE,
        scale_set TEXT NOT NULL,
        scale_set_key TEXT NOT NULL,
        kind TEXT NOT NULL,
        "trigger" TEXT NOT NULL,
        request_id TEXT NOT NULL,
        status TEXT NOT NULL,
        started_at_ms INTEGER NOT NULL,
        ended_at_ms INTEGER,
        last_sequence INTEGER NOT NULL,
        failed_count INTEGER NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX active_upgrade ON upgrades (scale_set_key) WHERE ended_at_ms IS NULL",
    "CREATE UNIQUE INDEX started_by_request ON upgrades (scale_set_key, request_id) WHERE request_id <> ''",
    "CREATE INDEX active_by_start ON upgrades (number) WHERE ended_at_ms IS NULL",
    "CREATE INDEX upgrades_of_scale_set ON upgrades (scale_set_key)",
    "CREATE INDEX upgrades_by_start ON upgrades (started_at_ms, upgrade_id)",
    "CREATE INDEX upgrades_of_scale_set_by_start ON upgrades (scale_set_key, started_at_ms, upgrade_id)",
    """
    CREATE TABLE events (
        upgrade_id TEXT NOT NULL REFERENCES upgrades (upgrade_id),
        sequence INTEGER NOT NULL,
        type TEXT NOT NULL,
        version INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (upgrade_id, sequence)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE scale_sets (
        scale_set_key TEXT NOT NULL UNIQUE,
        scale_set TEXT NOT NULL,
        subscription TEXT NOT NULL,
        location TEXT NOT NULL,
        etag TEXT NOT NULL,
        resource TEXT NOT NULL
    )
    """,
    "CREATE INDEX scale_sets_of_subscription ON scale_sets (subscription, scale_set_key)",
    """
    CREATE TABLE enrolments (
        subscription TEXT NOT NULL PRIMARY KEY,
        is_enrolled INTEGER NOT NULL,
        changed_at_ms INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    # `number` is the order of the publications; `version_key` has all four numbers, `version` is as it was written.
    """
    CREATE TABLE publications (
        number INTEGER PRIMARY KEY,
        type_key TEXT NOT NULL,
        version_key TEXT NOT NULL,
        publisher TEXT NOT NULL,
        type TEXT NOT NULL,
        version TEXT NOT NULL,
        published_at_ms INTEGER NOT NULL,
        UNIQUE (type_key, version_key)
    )
    """,
    # Finished tasks stay, so that they are never added again.
    """
    CREATE TABLE tasks (
        scale_set_key TEXT NOT NULL,
        cause TEXT NOT NULL,
        scale_set TEXT NOT NULL,
        due_at_ms INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        is_finished INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (scale_set_key, cause)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX open_tasks ON tasks (due_at_ms, scale_set_key, cause) WHERE is_finished = 0",
)
_SECOND = ("CREATE TABLE policies_acted_upon (number INTEGER PRIMARY KEY, digest TEXT NOT NULL)",)
_STEPS = (_FIRST, _SECOND)
"""What brings the tables from each version to the next: the first entry makes version 1 of an empty file."""

SCHEMA_VERSION = len(_STEPS)
_SWITCH_ATTEMPTS = 20


def prepare(connection: sqlite3.Connection) -> None:
    """Bring the file to the newest version of the tables; an empty file is made a journal.

    Raises:
        JournalNewer: a later server made it; nothing was changed.
        JournalUnavailable: it is no journal, or lies where no write-ahead log can be kept.
    """
    with _transaction(connection, "DEFERRED"):
        _check_version(connection)
    mode = _log_mode(connection)
    if mode != "wal":
        raise JournalUnavailable(f"its file system cannot keep a write-ahead log, only {mode!r}")
    with _transaction(connection, "IMMEDIATE"):
        # Another process may have been here between the look and the lock.
        for step in _STEPS[_check_version(connection) :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _log_mode(connection: sqlite3.Connection) -> str:
    """Ask for the write-ahead log; the mode in which the file is then.

    Unlike a transaction, the switch does not wait for another process that makes it at this moment. So where it is
    refused we wait as a transaction does, and ask again.
    """
    for _ in range(_SWITCH_ATTEMPTS):
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            return str(mode)
        except sqlite3.OperationalError as busy:
            if busy.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        with _transaction(connection, "IMMEDIATE"):
            pass
    raise JournalUnavailable("another process keeps it locked")


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: str) -> Iterator[None]:
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.rollback()


def _check_version(connection: sqlite3.Connection) -> int:
    """The version of the tables as they are, 0 for an empty file; refuses what is not ours to use."""
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (table_count,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application_id != APPLICATION_ID and (application_id or version or table_count):
        raise JournalUnavailable("the file belongs to another program")
    if version > SCHEMA_VERSION:
        raise JournalNewer(found=version, known=SCHEMA_VERSION)
    return int(version)
