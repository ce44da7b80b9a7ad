"""Uploads: a file on its way to a server, message by message.

Law: a file is read piece by piece and never held as a whole. What goes wrong here, with the file or in the caller's own
call-back, is raised as it is and not as a failed call; the server then keeps nothing of what it got.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

from google.protobuf.message import Message

from tidegate_client.calls import ResponseT

PIECE_BYTES = 262_144
LEAST_BYTES_PER_SECOND = 1_048_576
"""A connection that is slower than this needs a `timeout_seconds` of its own."""

OnProgress = Callable[[int, int], None]
"""Told how many bytes have been handed over, and of how many. The synchronous client calls it in another thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload(Generic[ResponseT]):
    """One call that sends a file: its header from the file's size and SHA-256, then its pieces."""

    path: str
    file: Path
    header: Callable[[int, str], Message]
    piece: Callable[[bytes], Message]
    response: type[ResponseT]


class Sending:
    """One attempt to send an upload. Everything here waits for the disk, so asyncio callers need a thread for it."""

    def __init__(self, upload: Upload[ResponseT], on_progress: OnProgress | None) -> None:
        """Digests the file; raises OSError where it cannot be read."""
        self._upload = upload
        self._on_progress = on_progress or (lambda done, size: None)
        self._failure: Exception | None = None
        self._done = 0
        self._has_begun = False
        with upload.file.open("rb") as file:
            self._sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            self.size_bytes = file.tell()

    def seconds(self, usual_seconds: float) -> float:
        """How long it may take where the caller did not say."""
        return usual_seconds + self.size_bytes / LEAST_BYTES_PER_SECOND

    def message(self) -> Message | None:
        """The next message, or None where all is said, or nothing more can be: `check` then raises why."""
        try:
            return self._next()
        except Exception as failure:  # noqa: BLE001 - grpc would only tell that there was one; `check` raises it
            self._failure = failure
            return None

    def check(self) -> None:
        """Raises what went wrong on our side, if anything did."""
        if self._failure is not None:
            raise self._failure

    def _next(self) -> Message | None:
        if not self._has_begun:
            self._has_begun = True
            self._on_progress(0, self.size_bytes)
            return self._upload.header(self.size_bytes, self._sha256)
        # Opened for each piece: nobody knows when the last is asked for, where a call ends early.
        with self._upload.file.open("rb", buffering=0) as file:
            file.seek(self._done)
            piece = file.read(PIECE_BYTES)
        if not piece:
            return None
        message = self._upload.piece(piece)
        self._done += len(piece)
        self._on_progress(self._done, self.size_bytes)
        return message
