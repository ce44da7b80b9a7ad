"""Secret files: written once, for their owner alone, and read only while that is so.

Law: a secret file is made with the mode 0600 and never over another file; no link is followed to it. One that others
may read or write is not used, since nobody can tell who has a copy.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tidegate.trust.unusable import KeyFileUnsafe

_OTHERS = 0o077
_OTHERS_WRITE = 0o022
_MOST_BYTES = 1_048_576


def write_secret(path: Path, secret: bytes) -> None:
    """Write a new file for its owner alone, durably.

    Raises:
        FileExistsError: something is there already, be it a link that leads nowhere.
        KeyFileUnsafe: it cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(handle)
        _sync_folder(path.parent)
    except FileExistsError:
        raise
    except OSError as failure:
        raise KeyFileUnsafe(f"{path} cannot be written: {failure.strerror}.") from failure


def read_secret(path: Path) -> bytes:
    """What the file holds.

    Raises:
        FileNotFoundError: there is none.
        KeyFileUnsafe: others may read or write it, it is no plain file, or it cannot be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as failure:
        why = "it is a link; name the file itself" if path.is_symlink() else failure.strerror
        raise KeyFileUnsafe(f"{path} cannot be read: {why}.") from failure
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise KeyFileUnsafe(f"{path} is no plain file.")
        if found.st_mode & _OTHERS:
            raise KeyFileUnsafe(f"{path} is open to others than its owner. Run: chmod 600 {path}")
        return os.read(handle, _MOST_BYTES)
    finally:
        os.close(handle)


def private_folder(folder: Path) -> None:
    """Make the folder, 0700, with those above it; one that is there must not be writable by others.

    Raises:
        KeyFileUnsafe: it cannot be made, or others may write into it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = folder.stat().st_mode
    except OSError as failure:
        raise KeyFileUnsafe(f"The folder {folder} cannot be used: {failure.strerror}.") from failure
    if mode & _OTHERS_WRITE:
        raise KeyFileUnsafe(f"Others than its owner may write into the folder {folder}. Run: chmod 700 {folder}")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
