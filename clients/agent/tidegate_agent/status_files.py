"""The status files of extensions, read and waited for.

Law: a file that cannot be judged is looked at again before it is believed, since some handlers write it in place and we
may come in between. A status is over when it says success or error; one that is not there yet says nothing.

Source: WALinuxAgent 2.15, exthandlers.py (collect_ext_status, is_ext_handling_complete): five tries, two seconds apart.
There an agent sleeps between its tries; here each look at the file is one, so that nobody waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tidegate_agent.goal_state import ExtensionGoal
from tidegate_agent.reading import Files
from tidegate_agent.report import ExtensionReport, ExtensionSubstatus
from tidegate_handler.commands import AgentCode
from tidegate_handler.status import ExtensionStatus, StatusMalformed, StatusValue, read_status

TRIES = 5
"""So often in a row a file has to be unreadable or malformed before that is what it says."""

STATUS_WAIT_SECONDS = 1_200.0
"""How long an extension may usually take to say how it ended: Azure gives a handler twenty minutes for an upgrade, and
so does the shipped policy for an instance."""
LARGEST_BYTES = 8 * 1_048_576
"""A status file that is larger is not even read."""

_FIRST_LOOK_SECONDS, _LONGEST_LOOK_SECONDS = 0.005, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """An extension whose status is waited for, and where it will stand."""

    handler: str
    """The handler's name, for messages."""
    extension: ExtensionGoal
    path: Path


class StatusFiles:
    """Reads status files, and remembers of the bad ones how often they were so."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._tries: dict[Path, int] = {}

    def report(self, awaited: Awaited) -> ExtensionReport:
        """What the file says now of the extension."""
        status = self._look(awaited)
        return ExtensionReport(
            extension_name=awaited.extension.extension_name,
            sequence_number=awaited.extension.sequence_number,
            status=status.status.value,
            code=status.code,
            operation=status.operation,
            message=status.message,
            substatus=tuple(
                ExtensionSubstatus(name=part.name, status=part.status.value, code=part.code, message=part.message)
                for part in status.substatus
            ),
        )

    async def all_over(self, several: Sequence[Awaited], timeout_seconds: float) -> bool:
        """Wait until every status is success or error; False where they were not in time."""
        ends_at = asyncio.get_running_loop().time() + timeout_seconds
        look_seconds = _FIRST_LOOK_SECONDS
        while not all(self._look(awaited).is_terminal for awaited in several):
            remaining_seconds = ends_at - asyncio.get_running_loop().time()
            if remaining_seconds <= 0:
                return False
            await asyncio.sleep(min(look_seconds, remaining_seconds))
            look_seconds = min(_LONGEST_LOOK_SECONDS, look_seconds * 2)
        return True

    def _look(self, awaited: Awaited) -> ExtensionStatus:
        path = awaited.path
        try:
            status = self._files.read(path, _judged, LARGEST_BYTES)
        except FileNotFoundError:
            self._tries.pop(path, None)
            return _missing(awaited)
        except (OSError, StatusMalformed) as bad:
            tries = self._tries[path] = self._tries.get(path, 0) + 1
            return _missing(awaited) if tries < TRIES else _bad(awaited, bad)
        self._tries.pop(path, None)
        return status


def _judged(content: bytes) -> ExtensionStatus:
    if len(content) > LARGEST_BYTES:
        raise StatusMalformed(f"The status file has more than {LARGEST_BYTES} bytes.")
    return read_status(content)


def _missing(awaited: Awaited) -> ExtensionStatus:
    message = (
        f"This status is being reported by the Guest Agent since no status file was reported by extension "
        f"{awaited.handler}: {awaited.path}"
    )
    return ExtensionStatus(status=StatusValue.TRANSITIONING, code=AgentCode.SUCCESS, message=message)


def _bad(awaited: Awaited, bad: OSError | StatusMalformed) -> ExtensionStatus:
    sequence = awaited.extension.sequence_number
    if isinstance(bad, OSError):
        message = f"The status of {awaited.handler} for the sequence number {sequence} cannot be read: {bad.strerror}"
        return ExtensionStatus(status=StatusValue.ERROR, code=AgentCode.UNKNOWN_FAILURE, message=message)
    message = f"The status of {awaited.handler} for the sequence number {sequence} is malformed. {bad.message}"
    return ExtensionStatus(status=StatusValue.ERROR, code=bad.code, message=message)
