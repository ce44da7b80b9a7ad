"""One agent for each root: whoever holds the lock on `{root}/agent.lock` works there.

Law: the lock belongs to the process, so a crash leaves nothing behind that somebody would have to clear away.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tidegate_agent.problems import AlreadyRunning

_LOCK = "agent.lock"


@contextmanager
def root_lock(root: Path) -> Iterator[None]:
    """Holds the root, making it where there is none yet.

    Raises:
        AlreadyRunning: another agent holds it.
    """
    root.mkdir(parents=True, exist_ok=True)
    # No handler inherits it, as Python's files are: one that outlives the agent would keep the root locked.
    descriptor = os.open(root / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(str(root)) from None
        yield
    finally:
        os.close(descriptor)
