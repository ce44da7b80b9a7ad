"""What must outlive a crash of the agent: the goal state it has begun, the results it owes, and how far it has come.

Law: a result is on the disk before the goal state counts as reached, and stays there until the server has acknowledged
it, so it may be told twice and is never lost. The outbox is bounded: while it is full no goal state is begun.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog
from google.protobuf.message import DecodeError

from tidegate.v1.agent_service_pb2 import GoalState, GoalStateResult
from tidegate_agent.durable_file import private_folder, write_durably

log = structlog.stdlib.get_logger(__name__)

_FOLDER, _FILE = "link", "outbox.json"
MOST_RESULTS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What the file says."""

    reached: int = 0
    begun: GoalState | None = None
    results: tuple[GoalStateResult, ...] = ()


class Outbox:
    """The outbox of one root, in the one file `{root}/link/outbox.json`."""

    def __init__(self, root: Path, *, most_results: int = MOST_RESULTS) -> None:
        """Reads what an earlier agent left. A file that cannot be read counts as none: the server then sends the goal
        state again, and working through it a second time does no harm."""
        self._path = root / _FOLDER / _FILE
        self._most_results = most_results
        self._turn = asyncio.Lock()
        self._room = asyncio.Condition()
        self._kept = _read(self._path)

    @property
    def reached_incarnation(self) -> int:
        """The incarnation of the last goal state that was worked through; 0 for none."""
        return self._kept.reached

    @property
    def begun(self) -> GoalState | None:
        """The goal state that was begun and not worked through, if there is one."""
        return self._kept.begun

    @property
    def results(self) -> tuple[GoalStateResult, ...]:
        """Those that are on the disk and that the server has not acknowledged, the oldest first."""
        return self._kept.results

    async def begin(self, goal: GoalState) -> None:
        """Notes that the goal state is begun, once there is room for its result.

        Raises:
            OSError: it cannot be written, on a full disk for one.
        """
        async with self._room:
            await self._room.wait_for(lambda: len(self.results) < self._most_results)
        async with self._turn:
            await self._write(replace(self._kept, begun=goal))

    async def keep(self, result: GoalStateResult) -> None:
        """Keeps the result of a goal state, which counts as reached from now on.

        Raises:
            OSError: it cannot be written, on a full disk for one.
        """
        async with self._turn:
            reached = max(self._kept.reached, result.incarnation)
            results = (*_without(self._kept.results, result.incarnation), result)
            await self._write(_Kept(reached=reached, begun=None, results=results))

    async def acknowledged(self, incarnation: int) -> None:
        """Forgets the result: the server has it. One that is not there does no harm."""
        async with self._turn:
            left = replace(self._kept, results=_without(self._kept.results, incarnation))
            if left == self._kept:
                return
            try:
                await self._write(left)
            except OSError as full:
                # After a start it is told once more, which does no harm; to stop hearing the server would.
                log.warning("outbox not written", file=str(self._path), why=str(full))
                self._kept = left
        async with self._room:
            self._room.notify_all()

    async def emptied(self) -> None:
        """Returns once every result has been acknowledged."""
        async with self._room:
            await self._room.wait_for(lambda: not self.results)

    async def _write(self, kept: _Kept) -> None:
        # The disk may take its time; the link goes on meanwhile, with what is on the disk already.
        await asyncio.to_thread(_write, self._path, kept)
        self._kept = kept


def forget_outbox(root: Path) -> None:
    """Forgets it all, as a host does that leaves: another host counts its goal states anew."""
    (root / _FOLDER / _FILE).unlink(missing_ok=True)


def _without(results: tuple[GoalStateResult, ...], incarnation: int) -> tuple[GoalStateResult, ...]:
    return tuple(result for result in results if result.incarnation != incarnation)


def _write(path: Path, kept: _Kept) -> None:
    document = {
        "reachedIncarnation": kept.reached,
        "begun": None if kept.begun is None else _packed(kept.begun),
        "results": [_packed(result) for result in kept.results],
    }
    private_folder(path.parent)
    write_durably(path, json.dumps(document).encode())


def _read(path: Path) -> _Kept:
    try:
        document: Any = json.loads(path.read_bytes())  # whatever JSON can say
        begun = document["begun"]
        return _Kept(
            reached=int(document["reachedIncarnation"]),
            begun=None if begun is None else GoalState.FromString(_unpacked(begun)),
            results=tuple(GoalStateResult.FromString(_unpacked(text)) for text in document["results"]),
        )
    except FileNotFoundError:
        return _Kept()
    except (OSError, ValueError, KeyError, TypeError, binascii.Error, DecodeError) as damaged:
        log.warning("outbox unreadable", file=str(path), why=type(damaged).__name__)
        return _Kept()


def _packed(message: GoalState | GoalStateResult) -> str:
    return base64.b64encode(message.SerializeToString()).decode()


def _unpacked(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
