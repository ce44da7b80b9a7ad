"""What a command writes to stdout and stderr: files that never fill the disk and never make the command wait.

Law: a file is emptied whenever it has grown over its bound, which `O_APPEND` lets whoever writes not notice; its
beginning is kept. A process that a command left behind goes on writing as it likes: as long as anybody holds the file
open the lock that we took on it lasts, so we know which files to look after, also after the agent was started anew.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from pathlib import Path

from tidegate_handler.commands import OUTPUT_CHARACTERS

LARGEST_BYTES = 1_048_576
"""A file that has grown over this is emptied at the next look."""

_BEGINNING_BYTES = OUTPUT_CHARACTERS * 4
"""Enough for that many characters, whatever they are."""
_SUFFIX = ".output"


class Output:
    """One file that a command writes to.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"{uuid.uuid4().hex}{_SUFFIX}"
        self.descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(self.descriptor, fcntl.LOCK_SH)
        self._beginning: bytes | None = None

    def look(self) -> None:
        """Empties it where it has grown too large."""
        if os.fstat(self.descriptor).st_size > LARGEST_BYTES:
            if self._beginning is None:
                self._beginning = os.pread(self.descriptor, _BEGINNING_BYTES, 0)
            os.ftruncate(self.descriptor, 0)

    def text(self) -> str:
        """Its first characters, at most `OUTPUT_CHARACTERS`; what is not UTF-8 is told as escapes."""
        beginning = self._beginning
        if beginning is None:
            beginning = os.pread(self.descriptor, _BEGINNING_BYTES, 0)
        return beginning.decode("utf-8", "backslashreplace")[:OUTPUT_CHARACTERS]

    def close(self) -> None:
        """Lets go of it; the file goes too, unless somebody still writes to it."""
        os.close(self.descriptor)
        look_after(self._path)


def leftovers(folder: Path) -> list[Path]:
    """The files in the folder that somebody wrote to, and perhaps still does."""
    return sorted(folder.glob(f"*{_SUFFIX}"))


def look_after(path: Path) -> int | None:
    """Delete the file where nobody has it open any more, else empty it where it is too large.

    Returns how many bytes were in it; None where it is gone.
    """
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
        return None
    except BlockingIOError:
        size_bytes = os.fstat(descriptor).st_size
        if size_bytes > LARGEST_BYTES:
            os.ftruncate(descriptor, 0)
        return size_bytes
    finally:
        os.close(descriptor)


def both(standard_output: str, standard_error: str) -> str:
    """The two in one text of about `OUTPUT_CHARACTERS`: each gets half, and what the other leaves over.

    Where one is cut its end is kept, since that is mostly where the reason stands.
    """
    half = OUTPUT_CHARACTERS // 2
    for_output = max(half, OUTPUT_CHARACTERS - len(standard_error))
    for_error = max(half, OUTPUT_CHARACTERS - len(standard_output))
    return f"[stdout]\n{standard_output[-for_output:]}\n\n[stderr]\n{standard_error[-for_error:]}"
