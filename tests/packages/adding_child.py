"""A process to be killed: it adds a package to a store in a folder, and dies at a given moment of it.

Run as `python -m tests.packages.adding_child FOLDER VERSION MOMENT`. The process kills itself right before the file
operation of that number, counted from 1; without that many it prints `added` and ends well.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.packages.packing import offer, package, pieces
from tidegate.packages.folder import FolderPackageStore

CONTENT = package("to be killed")
# What Python tells before it opens, makes, renames or removes a file.
OPERATIONS = frozenset({"open", "os.mkdir", "os.rename", "os.remove"})


async def main(folder: Path, version: str, moment: int) -> None:
    """Add the package; die before the operation of the number `moment`."""
    store = await FolderPackageStore.open(folder)
    left = moment

    def before(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event in OPERATIONS and isinstance(arguments[0], str | os.PathLike) and str(folder) in str(arguments[0]):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(before)
    await store.add(offer(CONTENT, version), pieces(CONTENT))
    sys.stdout.write("added\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
