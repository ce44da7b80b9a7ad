"""Instance upgrades per second through conductor, driver and journal, on machines without delay, every event durable.

The baseline is SQLite by itself with the same settings: one row for each instance, a hundred rows in a transaction.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from pathlib import Path

from benchmarks.fleet_of_one_process import scale_set_id, works
from benchmarks.report import Line
from tidegate.executor.conductor import Conductor, StartRequest
from tidegate.upgrade.plan import UpgradeKind
from tidegate.upgrade.state import StatusCode, Upgrade

AIM_PER_SECOND = 5_000
ROW_BYTES = 120
LARGEST_UPGRADE_SECONDS = 120


def bare_rows_per_second(folder: Path, rows: int) -> float:
    """SQLite alone: WAL, synchronous FULL, a hundred rows in each transaction."""
    store = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    store.execute("PRAGMA journal_mode = WAL")
    store.execute("PRAGMA synchronous = FULL")
    store.execute("CREATE TABLE events (upgrade TEXT, number INTEGER, data BLOB, PRIMARY KEY (upgrade, number))")
    data = bytes(ROW_BYTES)
    begin = time.perf_counter()
    for start in range(0, rows, 100):
        store.execute("BEGIN")
        store.executemany(
            "INSERT INTO events VALUES (?, ?, ?)", [("u", number, data) for number in range(start, start + 100)]
        )
        store.execute("COMMIT")
    seconds = time.perf_counter() - begin
    store.close()
    return rows / seconds


class _Ended:
    """Counts the upgrades that end, and says when all have."""

    def __init__(self, conductor: Conductor, expected: int) -> None:
        self._left = expected
        self.all = asyncio.Event()
        conductor.when_ended(self._note)

    def _note(self, upgrade: Upgrade) -> None:
        assert upgrade.status is StatusCode.COMPLETED, f"{upgrade.upgrade_id} is {upgrade.status}"
        assert upgrade.progress.successful_count == len(upgrade.started.plan.order)
        self._left -= 1
        if self._left == 0:
            self.all.set()


async def upgrades_per_second(scale_sets: int, capacity: int) -> float:
    """All scale sets started at once; from the first start until the last has ended."""
    with tempfile.TemporaryDirectory() as folder:
        async with works(Path(folder), [capacity] * scale_sets) as parts:
            ended = _Ended(parts.conductor, scale_sets)
            begin = time.perf_counter()
            async with asyncio.timeout(LARGEST_UPGRADE_SECONDS), asyncio.TaskGroup() as tasks:
                for number in range(scale_sets):
                    request = StartRequest(scale_set=scale_set_id(number), kind=UpgradeKind.EXTENSION)
                    tasks.create_task(parts.conductor.start(request))
                await ended.all.wait()
            return scale_sets * capacity / (time.perf_counter() - begin)


def measure() -> list[Line]:
    """1, 100 and 1,000 scale sets of 100; then one scale set of 100 to 100,000, which tells the cost per instance."""
    lines = []
    for scale_sets, capacity in ((1, 100), (100, 100), (1_000, 100), (1, 1_000), (1, 10_000), (1, 100_000)):
        reached = asyncio.run(upgrades_per_second(scale_sets, capacity))
        with tempfile.TemporaryDirectory() as folder:
            bare = bare_rows_per_second(Path(folder), 20_000)
        lines.append(
            Line(
                name=f"durable instance upgrades, {scale_sets:,} x {capacity:,} instances",
                reached=f"{reached:,.0f}/s ({1e6 / reached:,.0f} us each)",
                baseline=f"bare SQLite {bare:,.0f} rows/s",
                ratio=f"{reached / bare:.3f}",
                aim=f">= {AIM_PER_SECOND:,}/s; flat per instance",
            )
        )
    return lines
