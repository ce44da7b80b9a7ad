"""What one folder of a handler hands on to another: its past, which its successor has to know.

Law: copied, never moved, so that a crash in between loses nothing; only plain files, no links, and none that is larger
than the agent would ever read.

Source: WALinuxAgent 2.15, exthandlers.py (copy_status_files). It unpacks a version that is tried again over what is
there; so settings, statuses and the handler's own note outlast a new attempt here too.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from tidegate_agent.durable_file import sync_file, sync_folder
from tidegate_agent.layout import HandlerFolder
from tidegate_agent.status_files import LARGEST_BYTES


def hand_on(old: HandlerFolder, new: HandlerFolder) -> None:
    """Copy what the next version has to know: which settings the handler has seen, and its status files.

    The handler's note is on the disk then: without it a handler runs settings again that it ran before.
    """
    if _copy(old.recent_sequence, new.recent_sequence):
        sync_file(new.recent_sequence)
        sync_folder(new.path)
    for path in _files(old.status, "*"):
        _copy(path, new.status / path.name)


def hand_on_attempt(before: HandlerFolder, again: HandlerFolder) -> None:
    """Copy what a version that is unpacked once more has to know of its last attempt, its settings included."""
    hand_on(before, again)
    for pattern in ("*.settings", "*.HandlerState"):
        for path in _files(before.config, pattern):
            _copy(path, again.config / path.name)


def _files(folder: Path, pattern: str) -> Iterator[Path]:
    return folder.glob(pattern) if folder.is_dir() else iter(())


def _copy(path: Path, to: Path) -> bool:
    """Whether there was something to copy."""
    # Handlers write beside us and rename; what is gone by now was not meant to stay.
    with contextlib.suppress(FileNotFoundError):
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST_BYTES:
            shutil.copy2(path, to)
            return True
    return False
