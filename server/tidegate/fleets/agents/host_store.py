"""What must not be forgotten of hosts when the server is gone: a SQLite file, or one in memory that is forgotten.

Law: a change is on the disk before anybody acts on it (synchronous FULL), as a whole or not at all: real machines hang
on it. Of tokens and credentials the file has digests only; of settings it has how often they changed, and no word.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tidegate.fleets.agents.host_card import HostCard
from tidegate.fleets.agents.host_records import decode_identity, decode_report, decode_work

FORMAT = 1
"""Kept as the file's user_version; a file of another format is refused, never guessed at."""
IN_MEMORY = ":memory:"

_TABLES = """
CREATE TABLE host (uid TEXT PRIMARY KEY, credential BLOB NOT NULL, identity BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE work (uid TEXT PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE report (uid TEXT PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE token (
    id TEXT PRIMARY KEY, digest BLOB NOT NULL, scale_set TEXT NOT NULL, instance_id TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL, host TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE settings (
    scale_set TEXT NOT NULL, extension TEXT NOT NULL, digest TEXT NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (scale_set, extension)
) WITHOUT ROWID;
"""


class HostsOfAnotherFormat(Exception):
    """The file was written by another version of this server."""

    def __init__(self, path: str, found: int) -> None:
        super().__init__(f"{path} holds hosts of format {found}, not {FORMAT}; start the server that wrote it")


class HostsDamaged(Exception):
    """The file is ours, and a record in it cannot be read."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path} is damaged, {why}; put a copy from a backup there, or let its hosts join anew")


class HostsNotKept(OSError):
    """The file takes nothing just now: a full disk, for one. Nothing of the change was kept; it may be tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptToken:
    """A join token as it is kept."""

    id: str
    digest: bytes = field(repr=False)
    scale_set: str
    instance_id: str
    """The only one that may use it; empty where the host says how it is called."""
    expires_at_ms: int
    host: str = ""
    """The uid of the host that joined with it; empty where none did yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSettings:
    """How often the settings of one extension have changed, and a digest of them as they are."""

    scale_set: str
    """Its key."""
    extension: str
    """Its name in lower case."""
    digest: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What one transaction writes."""

    hosts: Sequence[tuple[str, bytes, bytes]] = ()
    """Uid, credential's digest and identity."""
    works: Sequence[tuple[str, bytes]] = ()
    reports: Sequence[tuple[str, bytes]] = ()
    gone: Sequence[str] = ()
    """Uids; nothing of them stays."""
    tokens: Sequence[KeptToken] = ()
    spent: Sequence[str] = ()
    """Ids of tokens that are good for nothing any more."""
    settings: Sequence[KeptSettings] = ()


class HostStore:
    """The file; one process at a time has it open, and one thread at a time writes."""

    def __init__(self, path: Path | str = IN_MEMORY) -> None:
        """Open the file, or make it.

        Raises:
            HostsOfAnotherFormat: the file is one of ours, of another format.
            sqlite3.Error: it is no SQLite file, or cannot be opened.
        """
        self._path = str(path)
        self.is_on_disk = self._path != IN_MEMORY
        """Writing waits for a disk, and so belongs into a thread."""
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(self._path)
        except (sqlite3.Error, HostsOfAnotherFormat):
            self._connection.close()
            raise

    def _prepare(self, path: str) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        found = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if found == 0:
            self._connection.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {FORMAT}; COMMIT;")
        elif found != FORMAT:
            raise HostsOfAnotherFormat(path, found)

    def hosts(self) -> Iterator[HostCard]:
        """The card of every host.

        Raises:
            HostsDamaged: one of them cannot be read.
        """
        try:
            yield from self._cards()
        except (msgspec.DecodeError, sqlite3.DatabaseError) as damaged:
            raise HostsDamaged(self._path, str(damaged)) from damaged

    def _cards(self) -> Iterator[HostCard]:
        rows = self._connection.execute(
            "SELECT uid, credential, identity, work.record, report.record FROM host "
            "LEFT JOIN work USING (uid) LEFT JOIN report USING (uid) ORDER BY uid"
        )
        for uid, credential, identity, work, report in rows:
            card = decode_identity(uid, credential, identity)
            if work is not None:
                decode_work(card, work)
            if report is not None:
                decode_report(card, report)
            yield card

    def tokens(self) -> Iterator[KeptToken]:
        """Every join token that was not cleared away."""
        for row in self._connection.execute(
            "SELECT id, digest, scale_set, instance_id, expires_at_ms, host FROM token"
        ):
            token_id, digest, scale_set, instance_id, expires_at_ms, host = row
            yield KeptToken(
                id=token_id,
                digest=digest,
                scale_set=scale_set,
                instance_id=instance_id,
                expires_at_ms=expires_at_ms,
                host=host,
            )

    def settings(self) -> Iterator[KeptSettings]:
        """The settings of every extension that ever was."""
        for row in self._connection.execute("SELECT scale_set, extension, digest, number FROM settings"):
            scale_set, extension, digest, number = row
            yield KeptSettings(scale_set=scale_set, extension=extension, digest=digest, number=number)

    def save(self, changes: Changes) -> None:
        """Keep all of it, or nothing.

        Raises:
            HostsNotKept: the file cannot be written.
        """
        with self._transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO host VALUES (?, ?, ?)", changes.hosts)
            connection.executemany("INSERT OR REPLACE INTO work VALUES (?, ?)", changes.works)
            connection.executemany("INSERT OR REPLACE INTO report VALUES (?, ?)", changes.reports)
            for table in ("host", "work", "report"):
                connection.executemany(f"DELETE FROM {table} WHERE uid = ?", [(uid,) for uid in changes.gone])
            connection.executemany(
                "INSERT OR REPLACE INTO token VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (each.id, each.digest, each.scale_set, each.instance_id, each.expires_at_ms, each.host)
                    for each in changes.tokens
                ],
            )
            connection.executemany("DELETE FROM token WHERE id = ?", [(token_id,) for token_id in changes.spent])
            connection.executemany(
                "INSERT OR REPLACE INTO settings VALUES (?, ?, ?, ?)",
                [(each.scale_set, each.extension, each.digest, each.number) for each in changes.settings],
            )

    def close(self) -> None:
        """Let go of the file. Closing twice is harmless."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection
            self._connection.execute("COMMIT")
        except sqlite3.Error as broken:
            raise HostsNotKept(f"the hosts cannot be kept: {broken}") from broken
        finally:
            if self._connection.in_transaction:
                self._connection.rollback()
