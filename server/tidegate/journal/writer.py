"""Group commit: many callers write, one thread does it, and one commit to the disk serves all that wait.

Law: a caller has its answer only after its transaction is on the disk. A refusal of one writing leaves its neighbours
in the same transaction unharmed; a disk that fails is refused to all of them, and nothing of them is kept. The loop
only collects: while one group is being committed, the next one gathers.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tidegate.domain.refusal import JournalUnavailable, Refusal
from tidegate.journal.appending import Append, append_all
from tidegate.journal.sqlite_file import SqliteFile, refusing_what_is_outside

QUEUE_LIMIT = 4_096
"""How many writings may wait; further callers wait for a place."""
GROUP_LIMIT = 1_024
"""How many writings share a transaction at most."""
GROUP_BYTES = 8 * 1024 * 1024
"""A group that has reached this takes no further writing."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work(Generic[Result]):
    """Any writing that is no append: SQL on the writer's connection, which may refuse."""

    carry_out: Callable[[sqlite3.Connection], Result]
    byte_count: int = 0
    """What it adds to the transaction, where that is worth counting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """A writing and whoever waits for it. (`Any`: every writing has a result of its own type.)"""

    writing: Append | Work[Any]
    answer: asyncio.Future[Any]


class Writer:
    """The one thread of this process that writes to the file."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._connection: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal-writer")
        self._places = asyncio.Semaphore(QUEUE_LIMIT)
        self._waiting: deque[_Waiting] = deque()
        self._commit: asyncio.Future[list[object]] | None = None
        self._is_closed = False

    async def connect(self) -> None:
        """Take hold of the file, so that what is wrong with it shows at once and its log stays where it is.

        Raises:
            JournalUnavailable: the file cannot be opened.
        """
        await self.work(Work(carry_out=lambda connection: None))

    async def append(self, append: Append) -> int:
        """Carry out the append; the new last sequence number.

        Raises:
            Overtaken, UpgradeNotFound: as `Journal.append`.
            JournalUnavailable: the transaction did not reach the disk.
        """
        sequence: int = await self._write(append)
        return sequence

    async def work(self, work: Work[Result]) -> Result:
        """Carry out the work, with what it returns or refuses.

        Raises:
            JournalUnavailable: the transaction did not reach the disk.
        """
        result: Result = await self._write(work)
        return result

    async def close(self) -> None:
        """Commit what waits, then let go of the file. Nothing is taken from now on."""
        self._is_closed = True
        while self._commit is not None or self._waiting:
            self._begin_commit()
            if self._commit is not None:
                await asyncio.wait((self._commit,))
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown(wait=False)

    async def _write(self, writing: Append | Work[Any]) -> Any:
        async with self._places:
            if self._is_closed:
                raise JournalUnavailable("it is closed")
            loop = asyncio.get_running_loop()
            waiting = _Waiting(writing=writing, answer=loop.create_future())
            self._waiting.append(waiting)
            # Not at once: whoever else writes in this turn of the loop shall share the transaction.
            loop.call_soon(self._begin_commit)
            return await waiting.answer

    def _begin_commit(self) -> None:
        """Commit the next group, unless one is under way: then its end will begin the next."""
        if self._commit is not None:
            return
        group = self._next_group()
        if not group:
            return
        writings = [waiting.writing for waiting in group]
        commit = asyncio.get_running_loop().run_in_executor(self._thread, self._transact, writings)
        commit.add_done_callback(lambda done: self._end_commit(group, done))
        self._commit = commit

    def _next_group(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        byte_count = 0
        while self._waiting and len(group) < GROUP_LIMIT and byte_count < GROUP_BYTES:
            waiting = self._waiting.popleft()
            if not waiting.answer.done():
                group.append(waiting)
                byte_count += waiting.writing.byte_count
        return group

    def _end_commit(self, group: Sequence[_Waiting], commit: asyncio.Future[list[object]]) -> None:
        """Begin the next group first, so that the disk does not wait; then answer everybody in this one."""
        self._commit = None
        self._begin_commit()
        broken = commit.exception()
        outcomes = commit.result() if broken is None else [_for_one(broken) for _ in group]
        for waiting, outcome in zip(group, outcomes, strict=True):
            if waiting.answer.done():
                continue
            if isinstance(outcome, BaseException):
                waiting.answer.set_exception(outcome)
            else:
                waiting.answer.set_result(outcome)

    # What follows runs in the writer's thread.

    def _transact(self, writings: Sequence[Append | Work[Any]]) -> list[object]:
        """Carry all out in one transaction; for each what came of it, a value or the refusal to raise."""
        with refusing_what_is_outside():
            if self._connection is None:
                self._connection = self._file.connect_writer()
            else:
                self._file.check()
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                outcomes = _carry_out(self._connection, writings)
                self._connection.execute("COMMIT")
            except BaseException:
                # What a connection believes after a failure is not worth finding out: the next group gets a new one.
                self._disconnect()
                raise
            return outcomes

    def _disconnect(self) -> None:
        """Close the connection; what it has not committed is rolled back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _carry_out(connection: sqlite3.Connection, writings: Sequence[Append | Work[Any]]) -> list[object]:
    """The appends all together, then the works one by one."""
    appended = iter(append_all(connection, [writing for writing in writings if isinstance(writing, Append)]))
    return [
        next(appended) if isinstance(writing, Append) else _carry_out_work(connection, writing) for writing in writings
    ]


def _carry_out_work(connection: sqlite3.Connection, work: Work[Any]) -> object:
    connection.execute("SAVEPOINT work")
    try:
        outcome: object = work.carry_out(connection)
    except (Refusal, AssertionError) as refusal:
        connection.execute("ROLLBACK TO work")
        outcome = refusal
    connection.execute("RELEASE work")
    return outcome


def _for_one(broken: BaseException) -> BaseException:
    """An exception for one of many to raise; only the refusal is raised by people who go on afterwards."""
    return JournalUnavailable(broken.why) if isinstance(broken, JournalUnavailable) else broken
