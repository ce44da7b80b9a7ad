"""Debian's `waagent` as a peer: the driver's process, and what it answers in our words."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.agent.peer.disk import papers, states
from tests.agent.peer.packages import RECORD, Shelf, told
from tests.agent.peer.scenarios import Extension, Handler, Step
from tests.agent.peer.sight import Said, Seen, environment_of, type_of

DRIVER = Path(__file__).with_name("driver.py")
DEBIAN_PYTHON = Path("/usr/bin/python3")
PYTHON = DEBIAN_PYTHON if DEBIAN_PYTHON.exists() else Path(sys.executable)
SECOND_LENGTH = 0.02
"""How long one of its seconds takes; it sleeps two for each command."""
ANSWER_SECONDS = 60.0


class Waagent:
    """The agent of the package in a folder, under a root of its own."""

    def __init__(self, unpacked: Path, root: Path, shelf: Shelf) -> None:
        root.mkdir(exist_ok=True)
        self._unpacked = unpacked
        self._root = root
        self._shelf = shelf
        self._record = root / "record"
        self._incarnation = 0
        self._process: asyncio.subprocess.Process | None = None

    async def apply(self, step: Step) -> Seen:
        """Has it work one goal state through."""
        if step.after_restart:
            await self.close()
        before = len(told(self._record))
        self._incarnation += 1
        aggregate = await self._ask(
            {
                "incarnation": self._incarnation,
                "packages": {
                    handler: {version: str(file) for version, file in files.items()}
                    for handler, files in self._shelf.files().items()
                },
                "extensions": [_goal(each) for each in step.handlers],
            }
        )
        new = told(self._record)[before:]
        return Seen(
            deeds=[f"{each.moment} {each.deed}" for each in new],
            environments=[environment_of(each) for each in new],
            states=states(self._root),
            papers=papers(self._root),
            said=_said(aggregate["handlerAggregateStatus"]),
        )

    async def close(self) -> None:
        """Ends the process."""
        if self._process is None:
            return
        process, self._process = self._process, None
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), ANSWER_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    # The answer is what the agent would upload; its shape is checked by reading it.
    async def _ask(self, order: Mapping[str, object]) -> Any:
        process = self._process or await self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(order).encode() + b"\n")
        await process.stdin.drain()
        line = await asyncio.wait_for(process.stdout.readline(), ANSWER_SECONDS)
        assert line, f"waagent ended: {(self._root / 'stderr').read_text()}"
        return json.loads(line)

    async def _start(self) -> asyncio.subprocess.Process:
        with (self._root / "stderr").open("ab") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *(str(PYTHON), "-W", "ignore", str(DRIVER)),
                *(str(self._unpacked), str(self._root), str(SECOND_LENGTH)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                limit=1 << 22,
                env={**os.environ, RECORD: str(self._record)},
            )
        return self._process


def _goal(handler: Handler) -> Mapping[str, object]:
    """A handler as vmSettings say it."""
    goal: dict[str, object] = {
        "name": handler.name,
        "version": handler.version,
        "location": "here",
        "state": "uninstall" if handler.is_uninstalled else "enabled",
        "settings": [_settings(each, handler) for each in handler.extensions],
        **({"dependsOn": [_level(each, handler) for each in handler.extensions]} if handler.extensions else {}),
    }
    if handler.has_several:
        return {**goal, "isMultiConfig": True}
    return {**goal, "settingsSeqNo": handler.extensions[0].sequence if handler.extensions else 0}


def _settings(extension: Extension, handler: Handler) -> Mapping[str, object]:
    settings: dict[str, object] = {"publicSettings": extension.public}
    if not handler.has_several:
        return settings
    state = "disabled" if handler.is_uninstalled else "enabled"
    return {**settings, "extensionName": extension.name, "seqNo": extension.sequence, "extensionState": state}


def _level(extension: Extension, handler: Handler) -> Mapping[str, object]:
    level: dict[str, object] = {"dependsOnExtension": [], "dependencyLevel": extension.level}
    return {**level, "name": extension.name} if handler.has_several else level


def _said(aggregate: Sequence[Mapping[str, Any]]) -> Sequence[Said]:
    return sorted(map(_said_of_one, aggregate), key=lambda said: (said.type, said.extension))


def _said_of_one(handler: Mapping[str, Any]) -> Said:
    settings = handler.get("runtimeSettingsStatus")
    status = settings["settingsStatus"]["status"] if settings else {}
    return Said(
        type=type_of(handler["handlerName"]),
        version=handler["handlerVersion"],
        status=handler["status"],
        code=handler["code"],
        message=handler["formattedMessage"]["message"] if handler["status"] == "Ready" else "",
        extension=settings.get("extensionName", "") if settings else "",
        sequence=settings["sequenceNumber"] if settings else None,
        extension_status=status.get("status", ""),
        extension_code=status.get("code"),
        operation=status.get("operation") or "",
    )
