"""Memory for each watched instance: what one upgrade with a watcher costs a process, at growing sizes.

The baseline is the same scale set without any upgrade, so that the machines of the simulated fleet do not count.
"""

from __future__ import annotations

import asyncio
import gc
import tempfile
import tracemalloc
from pathlib import Path

from benchmarks.fleet_of_one_process import scale_set_id, works
from benchmarks.report import Line
from tidegate.executor.conductor import StartRequest
from tidegate.upgrade.plan import UpgradeKind

SIZES = (1_000, 10_000)
MOST_SECONDS = 120


async def bytes_per_instance(capacity: int) -> tuple[float, float]:
    """Of the executor for a watched, finished upgrade, and of the fleet for the machines themselves."""
    with tempfile.TemporaryDirectory() as folder:
        gc.collect()
        tracemalloc.start()
        try:
            async with works(Path(folder), [capacity]) as parts:
                gc.collect()
                before, _ = tracemalloc.get_traced_memory()
                started = await parts.conductor.start(
                    StartRequest(scale_set=scale_set_id(0), kind=UpgradeKind.EXTENSION)
                )
                watcher = parts.hub.watch(started.upgrade_id)
                async with asyncio.timeout(MOST_SECONDS):
                    async for _item in watcher:
                        pass
                gc.collect()
                after, _ = tracemalloc.get_traced_memory()
                return (after - before) / capacity, before / capacity
        finally:
            tracemalloc.stop()


def measure() -> list[Line]:
    """At each size."""
    lines = []
    for capacity in SIZES:
        upgrade_bytes, fleet_bytes = asyncio.run(bytes_per_instance(capacity))
        lines.append(
            Line(
                name=f"memory for each watched instance, {capacity:,} instances",
                reached=f"{upgrade_bytes:,.0f} bytes",
                baseline=f"the simulated machine itself, {fleet_bytes:,.0f} bytes",
                ratio=f"{upgrade_bytes / fleet_bytes:.2f}",
                aim="flat per instance",
            )
        )
    return lines
