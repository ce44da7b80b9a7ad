"""A folder of policies on disk: `*.yaml` are policies, `rehearsals/*.yaml` try them.

Law: a folder is read as a whole. What is neither is left alone, and so is everything that begins with a dot.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tidegate.policy.source import PolicySource

_SUFFIXES = (".yaml", ".yml")
REHEARSALS = "rehearsals"

Fingerprint = tuple[tuple[str, int, int], ...]
"""Each file's name, its size in bytes and when it changed in nanoseconds: equal as long as nothing changed."""


class UnreadableFolder(Exception):
    """The folder or a file in it cannot be read; the message says which and why."""


def read_policies(folder: Path, shown_as: str) -> Sequence[PolicySource]:
    """Every policy of the folder, by name; problems will call a file `{shown_as}/{name}`.

    Raises:
        UnreadableFolder: the folder is not there, or a file in it is no readable UTF-8.
    """
    return [_source(path, f"{shown_as}/{path.name}" if shown_as else path.name) for path in _files(folder)]


def read_rehearsals(folder: Path, shown_as: str) -> Sequence[PolicySource]:
    """Every rehearsal of the folder, by name; none where it has none.

    Raises:
        UnreadableFolder: as `read_policies`.
    """
    inner = folder / REHEARSALS
    return read_policies(inner, f"{shown_as}/{REHEARSALS}" if shown_as else REHEARSALS) if inner.is_dir() else []


def fingerprint(folder: Path) -> Fingerprint:
    """What the policies of the folder look like from outside; empty where there is no such folder."""
    found = []
    try:
        for path in _files(folder):
            state = path.stat()
            found.append((path.name, state.st_size, state.st_mtime_ns))
    except (OSError, UnreadableFolder):
        # Somebody is changing the folder, or it is gone. The next look tells.
        return ()
    return tuple(found)


def _files(folder: Path) -> Sequence[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as unreadable:
        raise UnreadableFolder(f"{folder} cannot be read: {unreadable.strerror}.") from unreadable
    return [path for path in entries if path.suffix in _SUFFIXES and not path.name.startswith(".") and path.is_file()]


def _source(path: Path, name: str) -> PolicySource:
    try:
        return PolicySource(file=name, text=path.read_text(encoding="utf-8"))
    except OSError as unreadable:
        raise UnreadableFolder(f"{path} cannot be read: {unreadable.strerror}.") from unreadable
    except UnicodeDecodeError as unreadable:
        raise UnreadableFolder(f"{path} is not UTF-8: {unreadable.reason} at byte {unreadable.start}.") from unreadable
