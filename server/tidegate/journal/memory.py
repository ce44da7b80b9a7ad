"""A journal and a register in the memory of this process, under the same laws as the ones on disk.

Law: what one handle wrote outlives the handle. A test "crashes" a server by dropping its store and opens the same
`Memory` again; events are kept as records, so a value read is a new one, as it would be from a disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tidegate.domain.refusal import JournalUnavailable, UpgradeInProgress, UpgradeNotFound
from tidegate.domain.resource_id import ScaleSetId, UpgradeName
from tidegate.journal.index_row import change_by, changed, first_row
from tidegate.journal.memory_register import MemoryRegister, RegisterMemory
from tidegate.journal.promise import PAGE_LIMIT, Entry, Overtaken, UpgradeQuery, UpgradeRow
from tidegate.journal.records import Record, to_event, to_record
from tidegate.upgrade.events import Event, UpgradeStarted


class Memory:
    """What is remembered, apart from whoever has it open."""

    def __init__(self) -> None:
        self.rows: dict[str, UpgradeRow] = {}
        """By upgrade id, in the order of the starts."""
        self.records: dict[str, list[Record]] = {}
        self.upgrade_ids: dict[str, list[str]] = {}
        """By scale set key, each in the order of the starts."""
        self.register = RegisterMemory()
        self.unavailable_because = ""
        """While it is not empty, every call is refused with it: the full disk, to order."""

    def copy(self) -> Memory:
        """Another memory with the same content; what is written to one from now on is not in the other."""
        twin = Memory()
        twin.rows = dict(self.rows)
        twin.records = {upgrade_id: list(records) for upgrade_id, records in self.records.items()}
        twin.upgrade_ids = {key: list(upgrade_ids) for key, upgrade_ids in self.upgrade_ids.items()}
        twin.register = self.register.copy()
        return twin


class MemoryStore:
    """A journal and a register over one memory, as `SqliteStore` is over one file."""

    def __init__(self, memory: Memory | None = None) -> None:
        self.memory = Memory() if memory is None else memory
        self._gate = _Gate(self.memory)
        self.journal = MemoryJournal(self.memory, self._gate)
        self.register = MemoryRegister(self.memory.register, self._gate.passed)

    async def close(self) -> None:
        """Let go of the memory; it keeps what it has."""
        self._gate.is_closed = True


class _Gate:
    """Lets calls pass while the memory can be had."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.is_closed = False

    def check(self) -> None:
        """Refuse whoever comes while the store is closed, or was made unavailable.

        Raises:
            JournalUnavailable: it is.
        """
        if self.is_closed:
            raise JournalUnavailable("it is closed")
        if self._memory.unavailable_because:
            raise JournalUnavailable(self._memory.unavailable_because)

    async def passed(self) -> None:
        """Let others run first, as one who waits for a disk does, then check."""
        await asyncio.sleep(0)
        self.check()


class MemoryJournal:
    """The promise of `tidegate.journal.promise.Journal`, kept in memory."""

    def __init__(self, memory: Memory, gate: _Gate) -> None:
        self._memory = memory
        self._gate = gate

    async def start(self, started: UpgradeStarted) -> UpgradeRow:
        self._gate.check()
        row = self._begin(first_row(started), to_record(started))
        # The answer comes after the writing: whoever is cancelled here does not learn that it was written.
        await asyncio.sleep(0)
        return row

    async def append(self, upgrade_id: str, expected_sequence: int, events: Sequence[Event]) -> int:
        self._gate.check()
        change, records = change_by(events), [to_record(event) for event in events]
        row = self._known(upgrade_id)
        if row.last_sequence != expected_sequence:
            raise Overtaken(upgrade_id, expected_sequence)
        assert row.ended_at_ms is None or not records, f"the upgrade {upgrade_id} has ended; nothing follows"
        self._memory.records[upgrade_id].extend(records)
        row = changed(row, change, len(records))
        self._memory.rows[upgrade_id] = row
        await asyncio.sleep(0)
        return row.last_sequence

    async def read(self, upgrade_id: str, after_sequence: int = 0, limit: int = PAGE_LIMIT) -> Sequence[Entry]:
        assert 0 < limit <= PAGE_LIMIT, f"a page has 1 to {PAGE_LIMIT} entries, not {limit}"
        await self._gate.passed()
        self._known(upgrade_id)
        page = self._memory.records[upgrade_id][after_sequence : after_sequence + limit]
        return [
            Entry(sequence=sequence, event=to_event(version=record.version, kind=record.type, data=record.data))
            for sequence, record in enumerate(page, start=after_sequence + 1)
        ]

    async def row(self, upgrade_id: str) -> UpgradeRow | None:
        await self._gate.passed()
        return self._memory.rows.get(upgrade_id)

    async def latest(self, scale_set: ScaleSetId) -> UpgradeRow | None:
        await self._gate.passed()
        return next(iter(reversed(self._of(scale_set))), None)

    async def active(self) -> Sequence[UpgradeRow]:
        await self._gate.passed()
        return [row for row in self._memory.rows.values() if row.ended_at_ms is None]

    async def list_upgrades(
        self, query: UpgradeQuery, after: tuple[int, str] | None, limit: int
    ) -> Sequence[UpgradeRow]:
        assert 0 < limit <= PAGE_LIMIT, f"a page has 1 to {PAGE_LIMIT} rows, not {limit}"
        await self._gate.passed()
        fitting = [row for row in self._memory.rows.values() if _fits(row, query)]
        fitting.sort(key=_place, reverse=query.newest_first)
        if after is not None:
            fitting = [row for row in fitting if (_place(row) < after if query.newest_first else _place(row) > after)]
        return fitting[:limit]

    async def close(self) -> None:
        self._gate.is_closed = True

    def _begin(self, row: UpgradeRow, record: Record) -> UpgradeRow:
        memory, kept = self._memory, self._of(row.scale_set)
        earlier = next((each for each in kept if row.request_id and each.request_id == row.request_id), None)
        if earlier is not None:
            return earlier
        active = next((each for each in reversed(kept) if each.ended_at_ms is None), None)
        if active is not None:
            raise UpgradeInProgress(str(UpgradeName(scale_set=active.scale_set, upgrade_id=active.upgrade_id)))
        assert row.upgrade_id not in memory.rows, f"the upgrade id {row.upgrade_id} is taken"
        memory.rows[row.upgrade_id] = row
        memory.records[row.upgrade_id] = [record]
        memory.upgrade_ids.setdefault(row.scale_set.key, []).append(row.upgrade_id)
        return row

    def _known(self, upgrade_id: str) -> UpgradeRow:
        row = self._memory.rows.get(upgrade_id)
        if row is None:
            raise UpgradeNotFound(upgrade_id)
        return row

    def _of(self, scale_set: ScaleSetId) -> list[UpgradeRow]:
        """The upgrades of the scale set, in the order of their starts."""
        return [self._memory.rows[upgrade_id] for upgrade_id in self._memory.upgrade_ids.get(scale_set.key, ())]


def _place(row: UpgradeRow) -> tuple[int, str]:
    """Where a row stands in a listing."""
    return (row.started_at_ms, row.upgrade_id)


def _fits(row: UpgradeRow, query: UpgradeQuery) -> bool:
    return (
        (query.scale_set is None or row.scale_set == query.scale_set)
        and (query.kind is None or row.kind is query.kind)
        and (query.trigger is None or row.trigger is query.trigger)
        and (query.status is None or row.status is query.status)
    )
