"""Reading beside the writer: a few threads with connections of their own, which never wait for a commit.

Law: a reader sees everything that was acknowledged before it began. A query fetches one row, in which SQLite has put
together all there is to read as JSON: every further row would cost the thread the interpreter, as in `appending`.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tidegate.domain.refusal import JournalUnavailable
from tidegate.journal.sqlite_file import SqliteFile, refusing_what_is_outside

READER_COUNT = 4
"""How many queries run at once; further ones wait."""

Result = TypeVar("Result")


class Readers:
    """Threads that read from one file."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._threads = ThreadPoolExecutor(max_workers=READER_COUNT, thread_name_prefix="journal-reader")
        self._idle: list[sqlite3.Connection] = []
        self._is_closed = False

    async def read(self, query: Callable[[sqlite3.Connection], Result]) -> Result:
        """What `query` makes of a connection that can only read.

        Raises:
            JournalUnavailable: the file cannot be read just now.
        """
        if self._is_closed:
            raise JournalUnavailable("it is closed")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, query)

    async def close(self) -> None:
        """Wait for the queries under way and let go of the file."""
        self._is_closed = True
        await asyncio.to_thread(self._threads.shutdown)
        while self._idle:
            self._idle.pop().close()

    def _read(self, query: Callable[[sqlite3.Connection], Result]) -> Result:
        with refusing_what_is_outside():
            # A list's pop and append are atomic; no more connections are ever made than there are threads.
            connection = self._idle.pop() if self._idle else self._file.connect_reader()
            try:
                return query(connection)
            finally:
                self._idle.append(connection)
