"""A process to be killed: it appends to several upgrades at once, for ever, and says what was acknowledged.

Run as `python -m tests.journal.appending_child PATH`. For every acknowledgement it prints `upgrade sequence`.
"""

import asyncio
import sys

from tests.journal.samples import started, upgraded
from tidegate.journal.promise import Journal
from tidegate.journal.sqlite import SqliteStore

UPGRADES = 8


async def drive(journal: Journal, number: int) -> None:
    """Start the upgrade, or take it up again, and append to it until the end of this process."""
    row = await journal.start(started(f"u{number}", f"web{number}", request_id="only"))
    while True:
        sequence = await journal.append(row.upgrade_id, row.last_sequence, upgraded(1 + number))
        sys.stdout.write(f"{row.upgrade_id} {sequence}\n")
        sys.stdout.flush()
        latest = await journal.row(row.upgrade_id)
        assert latest is not None
        assert latest.last_sequence == sequence
        row = latest


async def main(path: str) -> None:
    """Drive all upgrades at once."""
    store = await SqliteStore.open(path)
    await asyncio.gather(*(drive(store.journal, number) for number in range(UPGRADES)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
