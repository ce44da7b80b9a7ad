"""The goal states that were worked through, with how they ended, so that none is worked through twice.

Law: an outcome is on the disk before anybody is told of it. An operation id is known whatever goal state carries it, a
goal state without one by its incarnation and by what it says; the latest few are remembered, older ones are forgotten.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from tidegate_agent.durable_file import private_folder, remove_durably, write_durably
from tidegate_agent.goal_state import GoalState
from tidegate_agent.report import Outcome

MOST = 64
"""So many are remembered, the latest."""

_FOLDER = "finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    number: int
    digest: str
    outcome: Outcome


class Finished:
    """What one root remembers.

    Raises:
        OSError: the folder cannot be read or made.
    """

    def __init__(self, state_folder: Path) -> None:
        self._folder = private_folder(state_folder / _FOLDER)
        records = (_read(path) for path in sorted(self._folder.glob("*.json")))
        self._records = [record for record in records if record is not None]

    def find(self, goal: GoalState) -> Outcome | None:
        """How it ended, or None where it was not worked through or that is too long ago."""
        for record in reversed(self._records):
            outcome = record.outcome
            if goal.operation_id and outcome.operation_id == goal.operation_id:
                return replace(outcome, incarnation=goal.incarnation)
            is_same = (outcome.incarnation, outcome.operation_id) == (goal.incarnation, goal.operation_id)
            if is_same and record.digest == _digest(goal):
                return outcome
        return None

    def keep(self, goal: GoalState, outcome: Outcome) -> None:
        """Remember how it ended, durably."""
        number = self._records[-1].number + 1 if self._records else 1
        record = _Record(number=number, digest=_digest(goal), outcome=outcome)
        write_durably(self._path(record), msgspec.json.encode(record))
        self._records.append(record)
        while len(self._records) > MOST:
            remove_durably(self._path(self._records.pop(0)))

    def _path(self, record: _Record) -> Path:
        return self._folder / f"{record.number:012d}.json"


def _read(path: Path) -> _Record | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Record)
    except msgspec.MsgspecError:
        return None


def _digest(goal: GoalState) -> str:
    """Of what it says but for the protected settings, which are encrypted anew each time they are sent."""
    said = [
        (
            handler.publisher,
            handler.type,
            str(handler.version),
            handler.wanted.value,
            handler.package.sha256 if handler.package is not None else "",
            handler.is_multi_config,
            [
                (
                    each.extension_name,
                    each.has_settings,
                    each.sequence_number,
                    each.public_settings_json,
                    each.dependency_level,
                )
                for each in handler.extensions
            ],
        )
        for handler in goal.handlers
    ]
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()
