"""One agent for each root: whoever holds the lock on `{root}/agent.lock` works there.

Law: the lock belongs to the process, so a crash leaves nothing behind that somebody would have to clear away.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tidegate_agent.durable_file import private_folder
from tidegate_agent.problems import AlreadyRunning

_LOCK = "agent.lock"
_ATTEMPTS, _PAUSE_SECONDS = 5, 0.05
"""Whoever looks whether the root is held holds it for a moment too."""


@contextmanager
def root_lock(root: Path) -> Iterator[None]:
    """Holds the root, making it where there is none yet.

    Raises:
        AlreadyRunning: another agent holds it.
    """
    private_folder(root)
    # No handler inherits it, as Python's files are: one that outlives the agent would keep the root locked.
    descriptor = os.open(root / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not any(_locked(descriptor, fcntl.LOCK_EX, attempt) for attempt in range(_ATTEMPTS)):
            raise AlreadyRunning(str(root))
        yield
    finally:
        os.close(descriptor)


def is_held(root: Path) -> bool:
    """Whether an agent works in the root now."""
    try:
        descriptor = os.open(root / _LOCK, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _locked(descriptor, fcntl.LOCK_SH, 0)
    finally:
        os.close(descriptor)


def _locked(descriptor: int, how: int, attempt: int) -> bool:
    if attempt:
        time.sleep(_PAUSE_SECONDS)
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
