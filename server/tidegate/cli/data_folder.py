"""The folder of a server's data, held by one server at a time.

Law: the folder is locked as long as the process lives, however it ends; a second server is told who is there. The
journal would keep two apart by itself, but the file of a simulated fleet stands for machines, and those are one's own.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOCK = "server.lock"
JOURNAL = "journal.sqlite"
FLEET = "simulated-fleet.sqlite"
HOSTS = "hosts.sqlite"
PACKAGES = "packages"


class FolderUnusable(Exception):
    """The folder cannot be made or written, or another server has it; the message says which."""


@contextmanager
def held(folder: Path) -> Iterator[Path]:
    """The folder, made where there is none, for this process alone.

    Raises:
        FolderUnusable: it cannot be had.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as unusable:
        raise FolderUnusable(f"The data folder {folder} cannot be used: {unusable.strerror}.") from unusable
    try:
        _take(lock, folder)
        yield folder
    finally:
        os.close(lock)


def _take(lock: int, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as taken:
        who = os.pread(lock, 32, 0).decode("ascii", "replace").strip()
        raise FolderUnusable(f"Another server, process {who or '?'}, has the data folder {folder}.") from taken
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode("ascii"), 0)
