"""How events move the index row of their upgrade; every journal keeps to this one account of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tidegate.domain.resource_id import ScaleSetId
from tidegate.journal.promise import UpgradeRow
from tidegate.upgrade.events import (
    Event,
    InstanceFailed,
    RollingBackBegan,
    UpgradeCancelled,
    UpgradeCompleted,
    UpgradeFaulted,
    UpgradeStarted,
)
from tidegate.upgrade.state import StatusCode


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """What some events change in the row, beside its last sequence number; None leaves the field as it is."""

    failed_count: int = 0
    """How many more instances failed."""
    status: StatusCode | None = None
    ended_at_ms: int | None = None


def first_row(started: UpgradeStarted) -> UpgradeRow:
    """The row of an upgrade that has just started."""
    return UpgradeRow(
        upgrade_id=started.upgrade_id,
        scale_set=ScaleSetId.parse(started.scale_set),
        kind=started.kind,
        trigger=started.trigger,
        request_id=started.request_id,
        status=StatusCode.ROLLING_FORWARD,
        started_at_ms=started.at_ms,
        ended_at_ms=None,
        last_sequence=1,
        failed_count=0,
    )


def change_by(events: Iterable[Event]) -> RowChange:
    """What these events, in their order, do to the row. Nothing follows an ending, and nothing starts twice."""
    change = RowChange()
    for event in events:
        assert change.ended_at_ms is None, f"{type(event).__name__} follows the end of its upgrade"
        match event:
            case UpgradeStarted():
                raise AssertionError("an upgrade is started by start, not by append")
            case InstanceFailed():
                change = replace(change, failed_count=change.failed_count + 1)
            case RollingBackBegan():
                change = replace(change, status=StatusCode.ROLLING_BACK)
            case UpgradeCompleted():
                change = replace(change, status=StatusCode.COMPLETED, ended_at_ms=event.at_ms)
            case UpgradeCancelled():
                change = replace(change, status=StatusCode.CANCELLED, ended_at_ms=event.at_ms)
            case UpgradeFaulted():
                change = replace(change, status=StatusCode.FAULTED, ended_at_ms=event.at_ms)
            case _:
                # Every other event leaves the row alone; most do.
                pass
    return change


def changed(row: UpgradeRow, change: RowChange, appended_count: int) -> UpgradeRow:
    """The row after `appended_count` events that make this change."""
    return replace(
        row,
        last_sequence=row.last_sequence + appended_count,
        failed_count=row.failed_count + change.failed_count,
        status=row.status if change.status is None else change.status,
        ended_at_ms=row.ended_at_ms if change.ended_at_ms is None else change.ended_at_ms,
    )
