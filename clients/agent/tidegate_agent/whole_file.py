"""Files that a killed process leaves either as they were or as they shall be.

Law: for what may be lost when the machine itself goes down, since it is then found out again; what may not be lost is
written by `durable_file`, which waits for the disk.
"""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Writes the whole file with mode 0600, in the place of what was there; only one at a time may write it.

    Raises:
        OSError: it cannot be written; what was there still is.
    """
    beside = path.with_name(f".{path.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    beside.replace(path)
