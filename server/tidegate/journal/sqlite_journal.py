"""The journal in a SQLite file: the promise of `tidegate.journal.promise.Journal` as SQL."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import msgspec

from tidegate.domain.refusal import UpgradeInProgress, UpgradeNotFound
from tidegate.domain.resource_id import ScaleSetId, UpgradeName
from tidegate.journal.appending import append_of, insert_events
from tidegate.journal.index_row import first_row
from tidegate.journal.promise import PAGE_LIMIT, Entry, UpgradeQuery, UpgradeRow
from tidegate.journal.readers import Readers
from tidegate.journal.records import Record, to_event, to_record
from tidegate.journal.writer import Work, Writer
from tidegate.upgrade.events import Event, UpgradeStarted
from tidegate.upgrade.plan import Trigger, UpgradeKind
from tidegate.upgrade.state import StatusCode

STARTS_AT_ONCE = 8
"""How many starts may be written out or wait at once: each may hold a plan of several megabytes."""

_READ = """
    SELECT
        EXISTS (SELECT 1 FROM upgrades WHERE upgrade_id = :upgrade_id),
        (
            SELECT CAST(group_concat('[' || sequence || ',"' || type || '",' || version || ',' || data || ']') AS BLOB)
            FROM (
                SELECT sequence, type, version, data FROM events
                WHERE upgrade_id = :upgrade_id AND sequence > :after ORDER BY sequence LIMIT :limit
            )
        )
"""
_ROWS = """
    SELECT json_group_array(json_array(
        upgrade_id, scale_set, kind, "trigger", request_id, status,
        started_at_ms, ended_at_ms, last_sequence, failed_count
    ))
    FROM (SELECT * FROM upgrades WHERE {condition} ORDER BY {order} LIMIT :limit)
"""
_INSERT_ROW = """
    INSERT INTO upgrades (
        upgrade_id, scale_set, scale_set_key, kind, "trigger", request_id, status,
        started_at_ms, last_sequence, failed_count
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class _StoredRow(msgspec.Struct, array_like=True, frozen=True):
    """The row in the order in which `_ROWS` gives its columns."""

    upgrade_id: str
    scale_set: str
    kind: UpgradeKind
    trigger: Trigger
    request_id: str
    status: StatusCode
    started_at_ms: int
    ended_at_ms: int | None
    last_sequence: int
    failed_count: int


_ROWS_DECODER = msgspec.json.Decoder(list[_StoredRow])
_PAGE_DECODER = msgspec.json.Decoder(list[tuple[int, str, int, msgspec.Raw]])


class SqliteJournal:
    """A journal over one file; made by `SqliteStore`."""

    def __init__(self, writer: Writer, readers: Readers, close: Callable[[], Awaitable[None]]) -> None:
        self._writer = writer
        self._readers = readers
        self._close = close
        self._starts = asyncio.Semaphore(STARTS_AT_ONCE)

    async def start(self, started: UpgradeStarted) -> UpgradeRow:
        async with self._starts:
            # A plan of a hundred thousand instances takes a while to write out; the loop has others to serve.
            record = await asyncio.to_thread(to_record, started)
            work = Work(carry_out=partial(_start, row=first_row(started), record=record), byte_count=len(record.data))
            return await self._writer.work(work)

    async def append(self, upgrade_id: str, expected_sequence: int, events: Sequence[Event]) -> int:
        return await self._writer.append(append_of(upgrade_id, expected_sequence, events))

    async def read(self, upgrade_id: str, after_sequence: int = 0, limit: int = PAGE_LIMIT) -> Sequence[Entry]:
        assert 0 < limit <= PAGE_LIMIT, f"a page has 1 to {PAGE_LIMIT} entries, not {limit}"
        return await self._readers.read(partial(_read, upgrade_id=upgrade_id, after=after_sequence, limit=limit))

    async def row(self, upgrade_id: str) -> UpgradeRow | None:
        rows = await self._rows("upgrade_id = :upgrade_id", "number", limit=1, upgrade_id=upgrade_id)
        return next(iter(rows), None)

    async def latest(self, scale_set: ScaleSetId) -> UpgradeRow | None:
        rows = await self._rows("scale_set_key = :key", "number DESC", limit=1, key=scale_set.key)
        return next(iter(rows), None)

    async def active(self) -> Sequence[UpgradeRow]:
        return await self._rows("ended_at_ms IS NULL", "number", limit=-1)

    async def list_upgrades(
        self, query: UpgradeQuery, after: tuple[int, str] | None, limit: int
    ) -> Sequence[UpgradeRow]:
        assert 0 < limit <= PAGE_LIMIT, f"a page has 1 to {PAGE_LIMIT} rows, not {limit}"
        wanted: dict[str, str | int | None] = {
            "scale_set_key": None if query.scale_set is None else query.scale_set.key,
            "kind": query.kind,
            '"trigger"': query.trigger,
            "status": query.status,
        }
        conditions = [f"{column} = :{column.strip(chr(34))}" for column, value in wanted.items() if value is not None]
        values = {column.strip(chr(34)): value for column, value in wanted.items() if value is not None}
        if after is not None:
            conditions.append(f"(started_at_ms, upgrade_id) {'<' if query.newest_first else '>'} (:at_ms, :upgrade_id)")
            values |= {"at_ms": after[0], "upgrade_id": after[1]}
        direction = "DESC" if query.newest_first else "ASC"
        return await self._rows(
            " AND ".join(conditions) or "TRUE", f"started_at_ms {direction}, upgrade_id {direction}", limit, **values
        )

    async def close(self) -> None:
        await self._close()

    async def _rows(self, condition: str, order: str, limit: int, **values: str | int | None) -> list[UpgradeRow]:
        statement = _ROWS.format(condition=condition, order=order)
        return await self._readers.read(lambda connection: _rows(connection, statement, {**values, "limit": limit}))


def _rows(connection: sqlite3.Connection, statement: str, values: dict[str, str | int | None]) -> list[UpgradeRow]:
    (found,) = connection.execute(statement, values).fetchone()
    return [
        UpgradeRow(
            upgrade_id=row.upgrade_id,
            scale_set=ScaleSetId.parse(row.scale_set),
            kind=row.kind,
            trigger=row.trigger,
            request_id=row.request_id,
            status=row.status,
            started_at_ms=row.started_at_ms,
            ended_at_ms=row.ended_at_ms,
            last_sequence=row.last_sequence,
            failed_count=row.failed_count,
        )
        for row in _ROWS_DECODER.decode(found)
    ]


def _read(connection: sqlite3.Connection, upgrade_id: str, after: int, limit: int) -> list[Entry]:
    values = {"upgrade_id": upgrade_id, "after": after, "limit": limit}
    is_known, found = connection.execute(_READ, values).fetchone()
    if not is_known:
        raise UpgradeNotFound(upgrade_id)
    if found is None:
        return []
    page = _PAGE_DECODER.decode(b"[" + found + b"]")
    sequences = [sequence for sequence, _, _, _ in page]
    assert sequences == list(range(after + 1, after + 1 + len(page))), f"the upgrade {upgrade_id} lacks events"
    return [
        Entry(sequence=sequence, event=to_event(version=version, kind=kind, data=data))
        for sequence, kind, version, data in page
    ]


def _start(connection: sqlite3.Connection, row: UpgradeRow, record: Record) -> UpgradeRow:
    """Claim the scale set and write the first event, unless the same request did so before."""
    one_of = _ROWS.format(condition="scale_set_key = :key AND {}", order="number")
    values: dict[str, str | int | None] = {"key": row.scale_set.key, "request_id": row.request_id, "limit": 1}
    if row.request_id:
        for earlier in _rows(connection, one_of.format("request_id = :request_id AND request_id <> ''"), values):
            return earlier
    for active in _rows(connection, one_of.format("ended_at_ms IS NULL"), values):
        raise UpgradeInProgress(str(UpgradeName(scale_set=active.scale_set, upgrade_id=active.upgrade_id)))
    (is_taken,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM upgrades WHERE upgrade_id = ?)", (row.upgrade_id,)
    ).fetchone()
    assert not is_taken, f"the upgrade id {row.upgrade_id} is taken"
    connection.execute(
        _INSERT_ROW,
        (
            row.upgrade_id,
            str(row.scale_set),
            row.scale_set.key,
            row.kind,
            row.trigger,
            row.request_id,
            row.status,
            row.started_at_ms,
            row.last_sequence,
            row.failed_count,
        ),
    )
    insert_events(connection, (row.upgrade_id, 1, record.type, record.version, row.started_at_ms, record.data))
    return row
