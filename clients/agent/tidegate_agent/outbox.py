"""What must outlive a crash of the agent: the goal state it has begun, the results it owes, and how far it has come.

Law: a result is on the disk before the goal state counts as reached, and stays there until the server has acknowledged
it, so it may be told twice and is never lost. The outbox is bounded: while it is full no goal state is begun.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from google.protobuf.message import DecodeError

from tidegate.v1.agent_service_pb2 import GoalState, GoalStateResult
from tidegate_agent.durable_file import private_folder, write_durably

log = structlog.stdlib.get_logger(__name__)

_FOLDER, _FILE = "link", "outbox.json"
MOST_RESULTS = 16


class Outbox:
    """The outbox of one root, in the one file `{root}/link/outbox.json`."""

    def __init__(self, root: Path, *, most_results: int = MOST_RESULTS) -> None:
        """Reads what an earlier agent left. A file that cannot be read counts as none: the server then sends the goal
        state again, and working through it a second time does no harm."""
        self._path = root / _FOLDER / _FILE
        self._most_results = most_results
        self._turn = asyncio.Lock()
        self._room = asyncio.Condition()
        self._reached = 0
        self._begun: GoalState | None = None
        self._results: dict[int, GoalStateResult] = {}
        self._read()

    @property
    def reached_incarnation(self) -> int:
        """The incarnation of the last goal state that was worked through; 0 for none."""
        return self._reached

    @property
    def begun(self) -> GoalState | None:
        """The goal state that was begun and not worked through, if there is one."""
        return self._begun

    @property
    def results(self) -> tuple[GoalStateResult, ...]:
        """Those that the server has not acknowledged, the oldest first."""
        return tuple(self._results[incarnation] for incarnation in sorted(self._results))

    async def begin(self, goal: GoalState) -> None:
        """Notes that the goal state is begun, once there is room for its result.

        Raises:
            OSError: it cannot be written, on a full disk for one.
        """
        async with self._room:
            await self._room.wait_for(lambda: len(self._results) < self._most_results)

        def note() -> None:
            self._begun = goal

        await self._change(note)

    async def keep(self, result: GoalStateResult) -> None:
        """Keeps the result of a goal state, which counts as reached from now on.

        Raises:
            OSError: it cannot be written, on a full disk for one.
        """

        def note() -> None:
            self._results[result.incarnation] = result
            self._reached = max(self._reached, result.incarnation)
            self._begun = None

        await self._change(note)

    async def acknowledged(self, incarnation: int) -> None:
        """Forgets the result: the server has it. One that is not there does no harm."""
        if incarnation not in self._results:
            return

        def note() -> None:
            self._results.pop(incarnation, None)

        try:
            await self._change(note)
        except OSError as full:
            # After a start it is told once more, which does no harm; to stop hearing the server would.
            log.warning("outbox not written", file=str(self._path), why=str(full))
        async with self._room:
            self._room.notify_all()

    async def emptied(self) -> None:
        """Returns once every result has been acknowledged."""
        async with self._room:
            await self._room.wait_for(lambda: not self._results)

    async def _change(self, note: Callable[[], None]) -> None:
        async with self._turn:
            note()
            content = self._text().encode()
            # The disk may take its time; the link goes on meanwhile.
            await asyncio.to_thread(self._write, content)

    def _write(self, content: bytes) -> None:
        private_folder(self._path.parent)
        write_durably(self._path, content)

    def _text(self) -> str:
        return json.dumps(
            {
                "reachedIncarnation": self._reached,
                "begun": None if self._begun is None else _packed(self._begun),
                "results": [_packed(result) for result in self.results],
            }
        )

    def _read(self) -> None:
        try:
            document: Any = json.loads(self._path.read_bytes())  # whatever JSON can say
            reached = int(document["reachedIncarnation"])
            begun = document["begun"]
            goal = None if begun is None else GoalState.FromString(_unpacked(begun))
            results = [GoalStateResult.FromString(_unpacked(text)) for text in document["results"]]
        except FileNotFoundError:
            return
        except (ValueError, KeyError, TypeError, binascii.Error, DecodeError) as damaged:
            log.warning("outbox unreadable", file=str(self._path), why=type(damaged).__name__)
            return
        self._reached, self._begun = reached, goal
        self._results = {result.incarnation: result for result in results}


def forget_outbox(root: Path) -> None:
    """Forgets it all, as a host does that leaves: another host counts its goal states anew."""
    (root / _FOLDER / _FILE).unlink(missing_ok=True)


def _packed(message: GoalState | GoalStateResult) -> str:
    return base64.b64encode(message.SerializeToString()).decode()


def _unpacked(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
