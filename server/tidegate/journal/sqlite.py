"""The embedded store: a journal and a register in one SQLite file, without a server.

Law: several processes may open the same file; the expected sequence number of every append keeps them apart. Nothing
here blocks the event loop: one thread writes, a few read.
"""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

from tidegate.journal.readers import Readers
from tidegate.journal.schema import prepare
from tidegate.journal.sqlite_file import SqliteFile, refusing_what_is_outside
from tidegate.journal.sqlite_journal import SqliteJournal
from tidegate.journal.sqlite_register import SqliteRegister
from tidegate.journal.writer import Writer


class SqliteStore:
    """A journal and a register over one file; belongs to the event loop in which it was opened."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers
        self._closing: asyncio.Task[None] | None = None
        self.journal = SqliteJournal(writer, readers, self.close)
        self.register = SqliteRegister(writer, readers)

    @classmethod
    async def open(cls, path: Path | str) -> SqliteStore:
        """Open the file at `path`, which is made where there is none (its folder is not).

        Raises:
            JournalNewer: a later server made the file; it was not touched.
            JournalUnavailable: the file cannot be opened, or is no journal.
        """
        file = SqliteFile(Path(path))
        await asyncio.to_thread(_prepare, file)
        writer = Writer(file)
        await writer.connect()
        return cls(writer, Readers(file))

    async def close(self) -> None:
        """Write what is under way and let go of the file; calls that come later are refused. It may be repeated."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        # A caller who is cancelled while it closes does not leave it half closed.
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        await self._readers.close()
        # Last, for the last connection brings the log into the file.
        await self._writer.close()


def _prepare(file: SqliteFile) -> None:
    """Make the file a journal of the newest version, or refuse."""
    with refusing_what_is_outside(), closing(file.create()) as connection:
        prepare(connection)
