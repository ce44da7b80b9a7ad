"""Many appends are few statements; each append has an outcome of its own."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.journal.samples import STARTED, upgraded
from tidegate.domain.refusal import UpgradeNotFound
from tidegate.journal.appending import LARGEST_INSERT, append_all, append_of, insert_events
from tidegate.journal.index_row import RowChange
from tidegate.journal.promise import Overtaken
from tidegate.journal.records import to_record
from tidegate.journal.schema import prepare
from tidegate.upgrade.events import InstanceFailed, RollingBackBegan, UpgradeCancelled, UpgradeCompleted
from tidegate.upgrade.state import StatusCode

FAILED = InstanceFailed(at_ms=1, instance_id="1", code="c", message="m")
ROW = """
    INSERT INTO upgrades (
        upgrade_id, scale_set, scale_set_key, kind, "trigger", request_id, status,
        started_at_ms, last_sequence, failed_count
    ) VALUES (?1, ?1, ?1, 'EXTENSION', 'MANUAL', '', 'RollingForward', 1, 0, 0)
"""


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as connection:
        prepare(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        for n in range(40):
            connection.execute(ROW, (f"u{n}",))
        yield connection


def row(connection: sqlite3.Connection, upgrade_id: str) -> tuple[object, ...]:
    columns = "last_sequence, failed_count, status, ended_at_ms"
    found: tuple[object, ...] = connection.execute(
        f"SELECT {columns} FROM upgrades WHERE upgrade_id = ?", (upgrade_id,)
    ).fetchone()
    return found


def sequences(connection: sqlite3.Connection, upgrade_id: str) -> list[int]:
    statement = "SELECT sequence FROM events WHERE upgrade_id = ? ORDER BY sequence"
    return [sequence for (sequence,) in connection.execute(statement, (upgrade_id,))]


def test_an_append_is_written_out_before_it_waits() -> None:
    events = [*upgraded(1), FAILED]
    append = append_of("u1", 7, events)
    first, second = (to_record(event) for event in events)
    assert append.columns == (
        *("u1", 8, "InstanceUpgraded", 1, 0, first.data),
        *("u1", 9, "InstanceFailed", 1, 1, second.data),
    )
    assert append.byte_count == len(first.data) + len(second.data)
    assert (append.event_count, append.change) == (2, RowChange(failed_count=1))
    with pytest.raises(AssertionError, match="started by start"):
        append_of("u1", 0, [STARTED])


def test_each_append_has_an_outcome_of_its_own(connection: sqlite3.Connection) -> None:
    outcomes = append_all(
        connection,
        [
            append_of("u1", 0, upgraded(3)),
            append_of("u2", 1, upgraded(1)),
            append_of("nobody", 0, upgraded(1)),
            append_of("u3", 0, []),
            append_of("u4", 0, [FAILED]),
        ],
    )
    assert [outcomes[n] for n in (0, 3, 4)] == [3, 0, 1]
    assert isinstance(outcomes[1], Overtaken)
    assert isinstance(outcomes[2], UpgradeNotFound)
    assert [sequences(connection, upgrade_id) for upgrade_id in ("u1", "u2", "u3", "u4")] == [[1, 2, 3], [], [], [1]]


def test_appends_to_one_upgrade_follow_each_other_within_a_group(connection: sqlite3.Connection) -> None:
    outcomes = append_all(
        connection,
        [
            append_of("u1", 0, [FAILED, RollingBackBegan(at_ms=4)]),
            append_of("u1", 0, upgraded(1)),
            append_of("u1", 2, [FAILED]),
            append_of("u1", 3, [UpgradeCancelled(at_ms=9)]),
            append_of("u1", 4, upgraded(1)),
            append_of("u1", 4, []),
        ],
    )
    assert [outcomes[n] for n in (0, 2, 3, 5)] == [2, 3, 4, 4]
    assert isinstance(outcomes[1], Overtaken)
    assert isinstance(outcomes[4], AssertionError)
    assert sequences(connection, "u1") == [1, 2, 3, 4]
    assert row(connection, "u1") == (4, 2, "Cancelled", 9)


def test_a_status_stays_when_later_events_of_the_group_do_not_change_it(connection: sqlite3.Connection) -> None:
    append_all(connection, [append_of("u1", 0, [RollingBackBegan(at_ms=4)]), append_of("u1", 1, [FAILED])])
    assert row(connection, "u1") == (2, 1, StatusCode.ROLLING_BACK, None)
    append_all(connection, [append_of("u1", 2, upgraded(1))])
    assert row(connection, "u1") == (3, 1, StatusCode.ROLLING_BACK, None)


def test_one_of_many_rows_moves_by_itself(connection: sqlite3.Connection) -> None:
    append_all(connection, [append_of("u1", 0, [FAILED, UpgradeCompleted(at_ms=9)]), append_of("u2", 0, [FAILED])])
    assert row(connection, "u1") == (2, 1, "Completed", 9)
    assert row(connection, "u2") == (1, 1, "RollingForward", None)
    assert row(connection, "u3") == (0, 0, "RollingForward", None)


@pytest.mark.parametrize("count", [1, 3, LARGEST_INSERT - 1, LARGEST_INSERT, 2 * LARGEST_INSERT + 5])
def test_any_number_of_events_is_inserted_in_order(connection: sqlite3.Connection, count: int) -> None:
    insert_events(connection, append_of("u1", 0, upgraded(count)).columns)
    assert sequences(connection, "u1") == list(range(1, count + 1))


def test_a_large_group_is_a_handful_of_statements(connection: sqlite3.Connection) -> None:
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    append_all(connection, [append_of(f"u{n}", 0, upgraded(20)) for n in range(40)])
    assert len(statements) < 10
    statements.clear()
    append_all(connection, [])
    assert statements == []
