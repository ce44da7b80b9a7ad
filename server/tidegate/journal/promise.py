"""The promise every journal keeps: append at an expected number, one active upgrade per scale set, read in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tidegate.domain.resource_id import ScaleSetId
from tidegate.upgrade.events import Event, UpgradeStarted
from tidegate.upgrade.plan import Trigger, UpgradeKind
from tidegate.upgrade.state import StatusCode

PAGE_LIMIT = 10_000
"""The most entries or rows that one call gives, so that no reader fills the memory; a larger `limit` is a mistake."""


class Overtaken(Exception):
    """Somebody else appended to this upgrade first: another driver has it. Stop driving."""

    def __init__(self, upgrade_id: str, expected: int) -> None:
        super().__init__(f"upgrade {upgrade_id} is no longer at sequence number {expected}")
        self.upgrade_id = upgrade_id
        self.expected = expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event with its place: sequence numbers of an upgrade begin at 1 and have no gaps."""

    sequence: int
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeRow:
    """The index of one upgrade, kept in the same transaction as its events."""

    upgrade_id: str
    scale_set: ScaleSetId
    kind: UpgradeKind
    trigger: Trigger
    request_id: str
    status: StatusCode
    started_at_ms: int
    ended_at_ms: int | None
    last_sequence: int
    failed_count: int
    """Instances that failed so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeQuery:
    """Which upgrades to list; None asks for any. Order: by start, then by id."""

    scale_set: ScaleSetId | None = None
    kind: UpgradeKind | None = None
    trigger: Trigger | None = None
    status: StatusCode | None = None
    newest_first: bool = True


class Journal(Protocol):
    """Remembers every event of every rolling upgrade, durably before it returns.

    Every method raises JournalUnavailable (a refusal) when the store cannot be read or written just now. Whoever gets
    it from `start` or `append`, or is cancelled while waiting for them, does not know whether the events were written:
    reading tells.
    """

    async def start(self, started: UpgradeStarted) -> UpgradeRow:
        """Append the first event of a new upgrade and claim its scale set, in one transaction.

        The same (scale set, request id) as an earlier upgrade, where the request id is not empty: nothing is
        written and that upgrade's row comes back; the caller sees by its upgrade_id that it is the earlier one.

        Raises:
            UpgradeInProgress: another upgrade of the scale set is active.
        """

    async def append(self, upgrade_id: str, expected_sequence: int, events: Sequence[Event]) -> int:
        """Append `events` after `expected_sequence`; the new last sequence number.

        An ending event (completed, cancelled, faulted) frees the scale set in the same transaction; nothing may follow
        it. Without events nothing is written, and the call tells whether the upgrade still is where it is expected.

        Raises:
            Overtaken: the upgrade's last sequence number is another.
            UpgradeNotFound: there is no such upgrade.
        """

    async def read(self, upgrade_id: str, after_sequence: int = 0, limit: int = PAGE_LIMIT) -> Sequence[Entry]:
        """Up to `limit` entries with a sequence number above `after_sequence`, in order; empty beyond the end.

        Raises:
            UpgradeNotFound: there is no such upgrade.
        """

    async def row(self, upgrade_id: str) -> UpgradeRow | None:
        """The index row of one upgrade, or None."""

    async def latest(self, scale_set: ScaleSetId) -> UpgradeRow | None:
        """The upgrade of the scale set that was started last, of either kind; None where none ever was. The order is
        that of the calls to `start`, whatever the clocks of the callers said."""

    async def active(self) -> Sequence[UpgradeRow]:
        """All upgrades that have not ended, in the order of their starts: what a starting server takes up again."""

    async def list_upgrades(
        self, query: UpgradeQuery, after: tuple[int, str] | None, limit: int
    ) -> Sequence[UpgradeRow]:
        """Up to `limit` rows that fit `query`, beginning after the row whose (started_at_ms, upgrade_id) is `after`."""

    async def close(self) -> None:
        """Write what is under way and let go of the store."""
