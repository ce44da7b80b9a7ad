"""The state and the status of a handler, in the two files of its config folder that say how far it has come.

Law: each file is whole and on the disk before the next step begins, so that after a crash the files are the truth.

Source: WALinuxAgent 2.15, exthandlers.py (ExtHandlerState, ExtHandlerStatusValue, get_installed_version).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tidegate_agent.durable_file import remove_durably, write_durably
from tidegate_agent.layout import HandlerFolder
from tidegate_agent.reading import Files, NotAFile
from tidegate_agent.whole_file import write_whole
from tidegate_handler.settings import read_settings_name, settings_name, status_name

READY, NOT_READY = "Ready", "NotReady"

_STATE, _STATUS = "HandlerState", "HandlerStatus"
_STATE_OF_EXTENSION = f".{_STATE}"
_ENABLED, _DISABLED = "enabled", "disabled"
_NOTHING_TO_READ = (FileNotFoundError, NotADirectoryError, NotAFile)
"""What a handler brings about that takes its folder apart; that the host cannot read a file is told otherwise."""


class HandlerState(StrEnum):
    """How far a version of a handler has come."""

    NOT_INSTALLED = "NotInstalled"
    INSTALLED = "Installed"
    ENABLED = "Enabled"
    FAILED_UPGRADE = "FailedUpgrade"

    @property
    def is_installed(self) -> bool:
        """Whether the version counts as installed."""
        return self in {HandlerState.INSTALLED, HandlerState.ENABLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerStatus:
    """What the agent says of a handler."""

    status: str
    code: int = 0
    message: str = ""


def read_state(folder: HandlerFolder, files: Files | None = None) -> HandlerState:
    """How far it has come; a folder without the file, or with what nobody can read, counts as not installed."""
    try:
        return (files or Files()).read(folder.config / _STATE, _state)
    except (*_NOTHING_TO_READ, ValueError):
        return HandlerState.NOT_INSTALLED


def write_state(folder: HandlerFolder, state: HandlerState) -> None:
    """Keeps how far it has come."""
    write_durably(folder.config / _STATE, state.value.encode())


def installed(folders: Iterable[HandlerFolder], files: Files | None = None) -> HandlerFolder | None:
    """The highest version that counts as installed, or None."""
    those = [folder for folder in folders if read_state(folder, files).is_installed]
    return max(those, key=lambda folder: folder.version, default=None)


def read_status_of_handler(folder: HandlerFolder, files: Files | None = None) -> HandlerStatus | None:
    """What was last said of it, or None where nothing was or the file is damaged."""
    try:
        return (files or Files()).read(folder.config / _STATUS, _status)
    except (*_NOTHING_TO_READ, ValueError, KeyError, TypeError):
        return None


def write_status_of_handler(folder: HandlerFolder, status: HandlerStatus, *, is_last: bool = True) -> None:
    """Keeps what is said of it; what is not the last word for now does not have to outlast a power cut."""
    document = {
        "name": folder.name,
        "version": str(folder.version),
        "status": status.status,
        "code": status.code,
        "message": status.message,
    }
    write = write_durably if is_last else write_whole
    write(folder.config / _STATUS, json.dumps(document).encode())


def enabled_extensions(folder: HandlerFolder) -> tuple[str, ...]:
    """The names of the extensions that are enabled, of a handler that supports several."""
    return tuple(name for name, is_enabled in _extensions(folder) if is_enabled)


def write_extension_state(folder: HandlerFolder, extension_name: str, *, is_enabled: bool) -> None:
    """Keeps whether one extension of several is enabled."""
    word = _ENABLED if is_enabled else _DISABLED
    write_durably(folder.config / f"{extension_name}{_STATE_OF_EXTENSION}", word.encode())


def forget_extension(folder: HandlerFolder, extension_name: str) -> None:
    """Removes the settings, the status and at last the state of one extension of several."""
    for sequence_number in settings_of(folder, extension_name):
        (folder.config / settings_name(sequence_number, extension_name)).unlink(missing_ok=True)
        (folder.status / status_name(sequence_number, extension_name)).unlink(missing_ok=True)
    remove_durably(folder.config / f"{extension_name}{_STATE_OF_EXTENSION}")


def settings_of(folder: HandlerFolder, extension_name: str) -> tuple[int, ...]:
    """The sequence numbers of the settings files of one extension of several, the lowest first."""
    known = (read_settings_name(path.name) for path in _files(folder))
    return tuple(sorted(sequence for sequence, name in filter(None, known) if name == extension_name))


def _state(content: bytes) -> HandlerState:
    return HandlerState(content.decode().strip())


def _status(content: bytes) -> HandlerStatus:
    document = json.loads(content)
    return HandlerStatus(status=str(document["status"]), code=int(document["code"]), message=str(document["message"]))


def _extensions(folder: HandlerFolder) -> Iterator[tuple[str, bool]]:
    for path in _files(folder):
        name = path.name.removesuffix(_STATE_OF_EXTENSION)
        if name and name != path.name:
            yield name, _is_enabled(path)


def _is_enabled(path: Path) -> bool:
    try:
        return Files().read(path, bytes.strip) == _ENABLED.encode()
    except _NOTHING_TO_READ:
        return False


def _files(folder: HandlerFolder) -> list[Path]:
    return sorted(folder.config.iterdir()) if folder.config.is_dir() else []
