"""The reading of small files that are looked at again and again, and seldom change.

Law: a file that did not change is not read again, and one that may have changed is. A change within the grain of the
clock of the file system leaves no trace, so a file counts as unchanged only once it is older than that. A handler may
put anything in the place of a file: what is none is refused, so that a pipe that nobody writes to keeps nobody waiting.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

T = TypeVar("T")

GRAIN_SECONDS = 2.0
"""A file that was written more recently may be written again without looking any different."""
_MOST = 256


class NotAFile(OSError):
    """Something is there, but no file: a folder, a pipe, a socket, or a link that leads round in a circle."""


def open_file(path: Path) -> BinaryIO:
    """Opens a file to be read, and never waits.

    Raises:
        NotAFile: what is there is none.
        OSError: it cannot be read.
    """
    with _no_file_told(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if not stat.S_ISREG(mode := os.fstat(descriptor).st_mode):
        os.close(descriptor)
        code = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
        raise NotAFile(code, os.strerror(code) if code == errno.EISDIR else "Not a file", str(path))
    return os.fdopen(descriptor, "rb")


@contextlib.contextmanager
def _no_file_told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as refused:
        # The kernel says this of a circle of links, and of a socket.
        if refused.errno in {errno.ELOOP, errno.ENXIO}:
            raise NotAFile(refused.errno, refused.strerror, str(path)) from refused
        raise


class Files:
    """Reads files, and remembers what they said."""

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[Hashable, object]] = {}

    def read(self, path: Path, parse: Callable[[bytes], T], most_bytes: int = 1_048_576) -> T:
        """What the file says, read by `parse`, which always says the same of the same bytes.

        At most `most_bytes` and one more are read and given to `parse`. What it raises is not remembered.

        Raises:
            NotAFile: what is there is no file.
            OSError: the file cannot be read.
        """
        key = (path, parse)
        with _no_file_told(path):
            found = path.stat()
        looks = (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        known = self._known.get(key)
        if known is not None and known[0] == looks:
            return cast("T", known[1])
        with open_file(path) as file:
            value = parse(file.read(most_bytes + 1))
        self._known.pop(key, None)
        # Written again after it was looked at, it is newer than that look, and so not remembered either.
        if time.time() - found.st_mtime > GRAIN_SECONDS:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[key] = (looks, value)
        return value
