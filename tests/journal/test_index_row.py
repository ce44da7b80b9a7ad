"""The row follows its upgrade's events; each end has its status."""

import dataclasses

import pytest

from tests.journal.samples import ONE_OF_EACH, STARTED
from tidegate.journal.index_row import RowChange, change_by, changed, first_row
from tidegate.upgrade.events import (
    CancelAccepted,
    Event,
    InstanceFailed,
    RollingBackBegan,
    UpgradeCancelled,
    UpgradeCompleted,
    UpgradeFaulted,
)
from tidegate.upgrade.state import StatusCode

FAILED = InstanceFailed(at_ms=1, instance_id="1", code="c", message="m")
MOVING = (InstanceFailed, RollingBackBegan, UpgradeCompleted, UpgradeCancelled, UpgradeFaulted)


@pytest.mark.parametrize(
    ("events", "change"),
    [
        ([], RowChange()),
        ([CancelAccepted(at_ms=1)], RowChange()),
        ([FAILED, CancelAccepted(at_ms=1), FAILED], RowChange(failed_count=2)),
        ([FAILED, RollingBackBegan(at_ms=2)], RowChange(failed_count=1, status=StatusCode.ROLLING_BACK)),
        ([RollingBackBegan(at_ms=2), UpgradeFaulted(at_ms=3)], RowChange(status=StatusCode.FAULTED, ended_at_ms=3)),
        ([UpgradeCompleted(at_ms=4)], RowChange(status=StatusCode.COMPLETED, ended_at_ms=4)),
        ([FAILED, UpgradeCancelled(at_ms=5)], RowChange(failed_count=1, status=StatusCode.CANCELLED, ended_at_ms=5)),
    ],
)
def test_events_change_the_row(events: list[Event], change: RowChange) -> None:
    assert change_by(events) == change


@pytest.mark.parametrize("event", [event for event in ONE_OF_EACH[1:] if not isinstance(event, MOVING)], ids=repr)
def test_every_other_event_leaves_the_row_alone(event: Event) -> None:
    assert change_by([event]) == RowChange()


def test_nothing_starts_twice_and_nothing_follows_an_end() -> None:
    with pytest.raises(AssertionError, match="started by start"):
        change_by([STARTED])
    with pytest.raises(AssertionError, match="InstanceFailed follows the end"):
        change_by([UpgradeFaulted(at_ms=1), FAILED])


def test_a_change_is_added_to_the_row_and_leaves_the_rest() -> None:
    row = first_row(STARTED)
    once = changed(row, RowChange(failed_count=2, status=StatusCode.ROLLING_BACK), 5)
    assert once == dataclasses.replace(row, last_sequence=6, failed_count=2, status=StatusCode.ROLLING_BACK)
    twice = changed(once, RowChange(failed_count=1), 2)
    assert twice == dataclasses.replace(once, last_sequence=8, failed_count=3)
    ended = changed(twice, RowChange(status=StatusCode.FAULTED, ended_at_ms=7), 1)
    assert changed(ended, RowChange(), 0) == ended
