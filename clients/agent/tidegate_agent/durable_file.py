"""Files that a crash leaves either as they were or as they shall be, readable by their owner alone.

Law: what a function here wrote is on the disk when it returns, the folder's entry included.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_durably(path: Path, content: bytes) -> None:
    """Writes the whole file with mode 0600, in the place of what was there.

    Raises:
        OSError: it cannot be written, on a full disk for one; what was there still is.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def remove_durably(path: Path) -> None:
    """Removes the file, if it is there."""
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def private_folder(path: Path) -> Path:
    """The folder, made with mode 0700 where there is none yet."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def sync_file(path: Path) -> None:
    """Brings the content of a file to the disk that somebody else wrote."""
    _sync(os.open(path, os.O_RDONLY))


def sync_folder(path: Path) -> None:
    """Brings the folder's entries to the disk."""
    _sync(os.open(path, os.O_RDONLY | os.O_DIRECTORY))


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
