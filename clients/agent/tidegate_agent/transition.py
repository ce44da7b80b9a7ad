"""How far a move from one version of a handler to another has come, kept so that a new agent goes on with it.

Law: the file is there while the move is under way and no longer. A move that failed has none: its retry begins with
what the states of the two versions say, as WALinuxAgent's does. A step that is noted is not taken again. The notes
are for a crash of the agent; should the machine go down, the states on the disk have the last word. Only that an
uninstall may have begun is on the disk before it does, since no state tells it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from tidegate_agent.durable_file import write_durably
from tidegate_agent.whole_file import write_whole
from tidegate_handler.version import HandlerVersion, MalformedVersion


class Reached(IntEnum):
    """The last step that was taken."""

    PREPARED = 0
    """The new version is unpacked, and its settings are written."""
    DISABLED = 1
    """The old version was disabled, as far as it had to be."""
    UPDATED = 2
    """The update command has run."""
    UNINSTALLING = 3
    """The old version's uninstall command may have begun: should nobody go on, that version counts as gone."""
    UNINSTALLED = 4
    """The uninstall command has run, and the old version's folder is to go."""
    REMOVED = 5
    """The old version is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A move of one handler."""

    from_version: HandlerVersion
    to_version: HandlerVersion
    reached: Reached
    disable_exit_codes: Mapping[str, int]
    """Of the old version's extensions that were disabled, by name; of a single one, by any."""
    uninstall_exit_code: int | None = None

    def at(self, reached: Reached, **changes: object) -> Transition:
        """The move one step further."""
        return dataclasses.replace(self, reached=reached, **changes)  # type: ignore[arg-type]


class TransitionFile:
    """The file of one handler."""

    def __init__(self, state_folder: Path, handler: str) -> None:
        self._path = state_folder / f"{handler.casefold()}.transition"

    def read(self) -> Transition | None:
        """The move under way, or None. A damaged file counts as none: what is done is then read from the states."""
        try:
            document = json.loads(self._path.read_bytes())
            code = document["uninstall_exit_code"]
            return Transition(
                from_version=HandlerVersion(document["from_version"]),
                to_version=HandlerVersion(document["to_version"]),
                reached=Reached(document["reached"]),
                disable_exit_codes={str(name): int(code) for name, code in document["disable_exit_codes"].items()},
                uninstall_exit_code=None if code is None else int(code),
            )
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError, MalformedVersion):
            return None

    def write(self, transition: Transition) -> Transition:
        """Keeps how far it has come."""
        document = {
            "from_version": str(transition.from_version),
            "to_version": str(transition.to_version),
            "reached": int(transition.reached),
            "disable_exit_codes": dict(transition.disable_exit_codes),
            "uninstall_exit_code": transition.uninstall_exit_code,
        }
        write = write_durably if transition.reached is Reached.UNINSTALLING else write_whole
        write(self._path, json.dumps(document).encode())
        return transition

    def clear(self) -> None:
        """It has ended, well or not."""
        self._path.unlink(missing_ok=True)
