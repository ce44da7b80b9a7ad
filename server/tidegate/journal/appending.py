"""Appending the events of many upgrades in one transaction, by a handful of statements however many there are.

Law: each append succeeds or is refused by itself. There is one statement for all heads, few for all events and one for
all rows, because the thread that executes them gives up the interpreter at every statement: on a busy server getting it
back costs milliseconds, far more than SQLite needs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec

from tidegate.domain.refusal import UpgradeNotFound
from tidegate.journal.index_row import RowChange, change_by
from tidegate.journal.promise import Overtaken
from tidegate.journal.records import to_record
from tidegate.upgrade.events import Event

LARGEST_INSERT = 512
"""Events in one statement at most; smaller remainders are halved, so that few statements are ever prepared."""

_COLUMN_COUNT = 6
_HEADS = """
    SELECT json_group_array(json_array(upgrade_id, last_sequence, ended_at_ms IS NOT NULL))
    FROM upgrades WHERE upgrade_id IN (SELECT value FROM json_each(?))
"""
_MOVE_HEADS = """
    UPDATE upgrades SET
        last_sequence = json_extract(moved.value, '$[1]'),
        failed_count = failed_count + json_extract(moved.value, '$[2]'),
        status = coalesce(json_extract(moved.value, '$[3]'), status),
        ended_at_ms = coalesce(json_extract(moved.value, '$[4]'), ended_at_ms)
    FROM json_each(?) AS moved WHERE upgrade_id = json_extract(moved.value, '$[0]')
"""
_HEAD_DECODER = msgspec.json.Decoder(list[tuple[str, int, int]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """Some events of one upgrade, written out and ready for the table."""

    upgrade_id: str
    expected_sequence: int
    event_count: int
    columns: tuple[str | int | bytes, ...]
    """Upgrade id, sequence, type, version, moment and data of each event, one after the other."""
    byte_count: int
    change: RowChange


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """Where an upgrade stands within the transaction, and how it has moved in it."""

    last_sequence: int
    is_ended: bool
    failed_count: int = 0
    change: RowChange = field(default_factory=RowChange)


def append_of(upgrade_id: str, expected_sequence: int, events: Sequence[Event]) -> Append:
    """The append of `events` after `expected_sequence`."""
    columns: list[str | int | bytes] = []
    byte_count = 0
    for sequence, event in enumerate(events, start=expected_sequence + 1):
        record = to_record(event)
        columns += (upgrade_id, sequence, record.type, record.version, event.at_ms, record.data)
        byte_count += len(record.data)
    return Append(
        upgrade_id=upgrade_id,
        expected_sequence=expected_sequence,
        event_count=len(events),
        columns=tuple(columns),
        byte_count=byte_count,
        change=change_by(events),
    )


def append_all(connection: sqlite3.Connection, appends: Sequence[Append]) -> list[int | Exception]:
    """Carry out all appends, in their order, within the transaction of `connection`.

    For each comes back its new last sequence number or what it is refused with: Overtaken, UpgradeNotFound, or an
    AssertionError where the upgrade has ended.
    """
    if not appends:
        return []
    heads = _heads(connection, {append.upgrade_id for append in appends})
    outcomes: list[int | Exception] = []
    columns: list[str | int | bytes] = []
    moved: dict[str, _Head] = {}
    for append in appends:
        refusal = _refusal(append, heads.get(append.upgrade_id))
        if refusal is not None:
            outcomes.append(refusal)
            continue
        outcomes.append(append.expected_sequence + append.event_count)
        if append.event_count:
            columns += append.columns
            heads[append.upgrade_id] = moved[append.upgrade_id] = _moved(heads[append.upgrade_id], append)
    insert_events(connection, columns)
    _move_heads(connection, moved)
    return outcomes


def insert_events(connection: sqlite3.Connection, columns: Sequence[str | int | bytes]) -> None:
    """Insert events whose columns stand one after the other, as in `Append`."""
    position, left = 0, len(columns) // _COLUMN_COUNT
    while left:
        size = min(LARGEST_INSERT, 1 << (left.bit_length() - 1))
        places = ",".join(["(?,?,?,?,?,?)"] * size)
        connection.execute(
            f"INSERT INTO events (upgrade_id, sequence, type, version, at_ms, data) VALUES {places}",
            columns[position : position + size * _COLUMN_COUNT],
        )
        position += size * _COLUMN_COUNT
        left -= size


def _heads(connection: sqlite3.Connection, upgrade_ids: set[str]) -> dict[str, _Head]:
    (found,) = connection.execute(_HEADS, (_as_json(sorted(upgrade_ids)),)).fetchone()
    return {
        upgrade_id: _Head(last_sequence=last_sequence, is_ended=bool(is_ended))
        for upgrade_id, last_sequence, is_ended in _HEAD_DECODER.decode(found)
    }


def _refusal(append: Append, head: _Head | None) -> Exception | None:
    """Why this append may not be, or None."""
    if head is None:
        return UpgradeNotFound(append.upgrade_id)
    if head.last_sequence != append.expected_sequence:
        return Overtaken(append.upgrade_id, append.expected_sequence)
    if head.is_ended and append.event_count:
        return AssertionError(f"the upgrade {append.upgrade_id} has ended; nothing follows")
    return None


def _moved(head: _Head, append: Append) -> _Head:
    change = append.change
    return replace(
        head,
        last_sequence=append.expected_sequence + append.event_count,
        is_ended=change.ended_at_ms is not None,
        failed_count=head.failed_count + change.failed_count,
        change=change if change.status is not None else head.change,
    )


def _move_heads(connection: sqlite3.Connection, moved: dict[str, _Head]) -> None:
    if not moved:
        return
    changes = [
        (upgrade_id, head.last_sequence, head.failed_count, head.change.status, head.change.ended_at_ms)
        for upgrade_id, head in moved.items()
    ]
    connection.execute(_MOVE_HEADS, (_as_json(changes),))


def _as_json(value: object) -> str:
    return msgspec.json.encode(value).decode()
