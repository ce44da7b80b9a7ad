"""CommandExecution.log of a handler: which commands were run, with what, and how they ended.

Law: it never grows over its bound; when it is full it becomes the older one of two, and the one before that goes.

Source: WALinuxAgent 2.15, exthandlers.py: the name, and one of its own for each of several extensions.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

LARGEST_BYTES = 1_048_576
"""Of each of the two files."""


def log_name(extension_name: str | None) -> str:
    """The name of the log, with the extension's name where the handler supports several."""
    return "CommandExecution.log" if extension_name is None else f"CommandExecution_{extension_name}.log"


def append(folder: Path, extension_name: str | None, text: str) -> None:
    """Write one entry, with the moment in UTC before it.

    Raises:
        OSError: it cannot be written.
    """
    path = folder / log_name(extension_name)
    entry = f"{datetime.now(UTC).isoformat(timespec='milliseconds')} {text.rstrip()}\n".encode("utf-8", "replace")
    if path.exists() and path.stat().st_size + len(entry) > LARGEST_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))
    # The folder is the handler's too, and what it puts there may be a pipe that nobody reads.
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o600)
    try:
        os.write(descriptor, entry)
    finally:
        os.close(descriptor)
