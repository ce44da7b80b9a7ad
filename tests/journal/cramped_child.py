"""A process whose disk fills up and gets room again: the largest size of a file is lowered, then raised.

Run as `python -m tests.journal.cramped_child PATH`; it prints what it met, one line each.
"""

import asyncio
import resource
import sys
from pathlib import Path

from tests.journal.samples import STARTED, everything, upgraded
from tidegate.domain.refusal import JournalUnavailable
from tidegate.journal.promise import Journal
from tidegate.journal.sqlite import SqliteStore

ROOM_BYTES = 300_000


async def append_until_refused(journal: Journal, sequence: int) -> tuple[int, str]:
    """The last acknowledged sequence number, and why there is none after it."""
    for _ in range(1_000):
        try:
            sequence = await journal.append("u1", sequence, upgraded(500))
        except JournalUnavailable as unavailable:
            return sequence, unavailable.why
    raise AssertionError("the disk never was full")


async def main(path: Path) -> None:
    """Fill the disk, free it, go on, and look whether everything is there."""
    store = await SqliteStore.open(path)
    await store.journal.start(STARTED)
    unlimited, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM_BYTES, hard))
    sequence, why = await append_until_refused(store.journal, 1)
    row = await store.journal.row("u1")
    entries = await everything(store.journal, "u1")
    lines = [f"full: {why}", f"readable: {row is not None and row.last_sequence == sequence == len(entries)}"]
    resource.setrlimit(resource.RLIMIT_FSIZE, (unlimited, hard))
    sequence = await store.journal.append("u1", sequence, upgraded(500))
    await store.close()
    again = await SqliteStore.open(path)
    lines.append(f"complete: {len(await everything(again.journal, 'u1')) == sequence}")
    await again.close()
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
