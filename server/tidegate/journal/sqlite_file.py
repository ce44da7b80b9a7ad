"""The file a SQLite journal lies in: opening it, its settings, and what may be wrong with it.

Law: a committed transaction survives the loss of power (write-ahead log, synchronous FULL). What is wrong with the disk
is a refusal that says so; what is wrong with our SQL is not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tidegate.domain.refusal import JournalUnavailable

BUSY_TIMEOUT_MS = 5_000
"""How long a connection waits for another process that is writing."""
CACHE_KIBIBYTES = 16_384
CHECKPOINT_PAGES = 4_000
"""About 16 MB of write-ahead log before it is brought into the file proper."""
LOG_LIMIT_BYTES = 64 * 1024 * 1024
"""After a burst the log is cut back to this."""

_OUTSIDE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)
"""The result codes that tell of the disk, the file or another process, and not of our SQL."""


class SqliteFile:
    """One file and the log beside it; it makes connections, and notices when somebody takes the file away."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._log = self._path.with_name(self._path.name + "-wal")
        self._identities: dict[Path, tuple[int, int]] = {}

    def create(self) -> sqlite3.Connection:
        """A first connection, which makes the file where there is none."""
        return self._connect("rwc", query_only=False)

    def connect_writer(self) -> sqlite3.Connection:
        """A connection that writes. From now on `check` knows the file and its log by what they are at this moment.

        Raises:
            JournalUnavailable: the file is not the one that was opened first.
        """
        self._check(self._path)
        with ExitStack() as undoing:
            connection = self._connect("rw", query_only=False)
            undoing.callback(connection.close)
            # The first read opens the log, and makes it where there is none.
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            for file in (self._path, self._log):
                self._identities[file] = _identity(file)
            undoing.pop_all()
        return connection

    def connect_reader(self) -> sqlite3.Connection:
        """A connection that cannot write."""
        return self._connect("rw", query_only=True)

    def check(self) -> None:
        """See that file and log are still the same: writing to a deleted file succeeds, and keeps nothing.

        Raises:
            JournalUnavailable: one of them was removed or replaced since the writer was connected.
        """
        self._check(self._path)
        self._check(self._log)

    def _check(self, file: Path) -> None:
        known = self._identities.get(file)
        if known is not None and _identity(file) != known:
            raise JournalUnavailable(f"{file.name} was replaced while it was in use")

    def _connect(self, mode: str, *, query_only: bool) -> sqlite3.Connection:
        """A connection without transactions of its own making; whoever asks for it closes it."""
        connection = sqlite3.connect(
            f"{self._path.as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_TIMEOUT_MS / 1_000,
            isolation_level=None,
            check_same_thread=False,
        )
        settings = (
            "synchronous = FULL",
            "foreign_keys = ON",
            f"cache_size = -{CACHE_KIBIBYTES}",
            f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
            f"journal_size_limit = {LOG_LIMIT_BYTES}",
            f"query_only = {'ON' if query_only else 'OFF'}",
        )
        try:
            for setting in settings:
                connection.execute(f"PRAGMA {setting}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection


@contextmanager
def refusing_what_is_outside() -> Iterator[None]:
    """Turn what SQLite says of the disk, the file or another process into a refusal; our own mistakes stay errors.

    Raises:
        JournalUnavailable: with SQLite's sentence.
    """
    try:
        yield
    except sqlite3.Error as broken:
        # Errors of the module itself, such as using a closed connection, carry no code of SQLite's.
        code = getattr(broken, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if code & 0xFF not in _OUTSIDE:
            raise
        raise JournalUnavailable(str(broken)) from broken


def _identity(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError as missing:
        raise JournalUnavailable(f"{file.name}: {missing.strerror}") from missing
    return (found.st_dev, found.st_ino)
