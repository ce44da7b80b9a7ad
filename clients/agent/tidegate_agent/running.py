"""The note of the one command that runs, by which a new agent finds what its forerunner left running.

Law: a command does nothing before its note is written, and no command begins while one of the forerunner's still runs:
two commands of a handler never run at once. The note is for a crash of the agent, not of the machine, where nothing is
left running; so it is not brought to the disk, and one of an earlier boot means nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from tidegate_agent.whole_file import write_whole

_NOTE = "command.json"
_LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """A command that a forerunner began, by its process, which leads a group of its own."""

    process_id: int
    started_ticks: int
    """When the process was started, in the kernel's ticks since the machine's: process ids are used again."""
    ends_at_seconds: float
    """When its time is over, by the clock that counts from the machine's start: nobody sets that one."""


class RunningNote:
    """The note in one folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NOTE

    def write(self, process_id: int, timeout_seconds: float) -> None:
        """Notes that the process has been started.

        Raises:
            OSError: it cannot be written.
        """
        document = {
            "process_id": process_id,
            "started_ticks": _started_ticks(process_id),
            "ends_at_seconds": time.monotonic() + timeout_seconds,
            "boot": _boot(),
        }
        write_whole(self._path, json.dumps(document).encode())

    def clear(self) -> None:
        """Notes that it has ended."""
        self._path.unlink(missing_ok=True)

    def leftover(self) -> Leftover | None:
        """What is still running of a forerunner's, or None."""
        try:
            document = json.loads(self._path.read_bytes())
            is_of_now = document["boot"] == _boot()
            found = Leftover(
                process_id=int(document["process_id"]),
                started_ticks=int(document["started_ticks"]),
                ends_at_seconds=float(document["ends_at_seconds"]),
            )
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        return found if is_of_now and _runs(found) else None

    async def outlast(self) -> None:
        """Waits until a forerunner's command has ended; one whose time is over is killed with its group.

        To kill it at once would leave half an installation behind, which not every handler can mend.
        """
        leftover = self.leftover()
        while leftover is not None and _runs(leftover):
            if time.monotonic() >= leftover.ends_at_seconds:
                kill_group(leftover.process_id)
            await asyncio.sleep(_LOOK_SECONDS)
        self.clear()


def kill_group(process_id: int) -> None:
    """Kills the process group that this process leads."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process_id, signal.SIGKILL)


def _runs(leftover: Leftover) -> bool:
    return _started_ticks(leftover.process_id) == leftover.started_ticks != 0


def _started_ticks(process_id: int) -> int:
    """0 where there is no such process, or it has ended and nobody has asked how."""
    try:
        text = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    # The name of the program comes second, in parentheses, and may hold spaces and parentheses itself.
    fields = text.rpartition(")")[2].split()
    return 0 if fields[0] in {"Z", "X"} else int(fields[19])


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
