"""Our agent's engine on the same packages and goal states as the peer, and what it says in the same words."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.agent.peer.disk import papers, states
from tests.agent.peer.packages import PUBLISHER, Shelf, told
from tests.agent.peer.scenarios import Extension, Handler, Step
from tests.agent.peer.sight import Said, Seen, environment_of
from tidegate_agent.engine import Engine
from tidegate_agent.goal_state import ExtensionGoal, GoalState, HandlerGoal, PackageReference, Wanted
from tidegate_agent.report import ExtensionReport, HandlerReport
from tidegate_handler.version import HandlerVersion

STATUS_WAIT_SECONDS = 5.0
"""The handlers have said how they ended by the time their enable command ends, or never will."""


class Ours:
    """Our engine under a root of its own; `record` is where the handlers will tell what ran."""

    def __init__(self, root: Path, shelf: Shelf, record: Path) -> None:
        self._root = root
        self._shelf = shelf
        self._record = record
        self._incarnation = 0
        self._engine: Engine | None = None
        self._files = dict[str, Path]()

    async def apply(self, step: Step) -> Seen:
        """Has it work one goal state through."""
        if step.after_restart:
            await self.close()
        self._engine = self._engine or Engine(self._root, fetch=self._fetch, status_wait_seconds=STATUS_WAIT_SECONDS)
        before = len(told(self._record))
        self._incarnation += 1
        handlers = tuple(map(self._goal, step.handlers))
        await self._engine.apply(GoalState(incarnation=self._incarnation, handlers=handlers))
        # Twice, as the peer reports twice: what one report finds out about a heartbeat is told by the next.
        self._engine.status()
        reports = self._engine.status()
        new = told(self._record)[before:]
        return Seen(
            deeds=[f"{each.moment} {each.deed}" for each in new],
            environments=[environment_of(each) for each in new],
            states=states(self._root),
            papers=papers(self._root),
            said=_said(reports, step),
        )

    async def close(self) -> None:
        """Ends it."""
        if self._engine is not None:
            await self._engine.close()
            self._engine = None

    async def _fetch(self, package: PackageReference, path: Path) -> None:
        shutil.copyfile(self._files[package.sha256], path)

    def _goal(self, handler: Handler) -> HandlerGoal:
        file = self._shelf.file(handler.name, handler.version)
        bare = (ExtensionGoal(extension_name="alone"),) if not handler.is_uninstalled else ()
        return HandlerGoal(
            publisher=PUBLISHER,
            type=handler.type,
            version=HandlerVersion(handler.version),
            wanted=Wanted.UNINSTALL if handler.is_uninstalled else Wanted.ENABLED,
            package=self._reference(file) if file is not None else None,
            extensions=tuple(_goal(each) for each in handler.extensions) or bare,
            is_multi_config=handler.has_several,
        )

    def _reference(self, file: Path) -> PackageReference:
        content = file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        self._files[digest] = file
        return PackageReference(sha256=digest, size_bytes=len(content))


def _goal(extension: Extension) -> ExtensionGoal:
    return ExtensionGoal(
        extension_name=extension.name or "alone",
        has_settings=True,
        sequence_number=extension.sequence,
        public_settings_json=extension.public,
        dependency_level=extension.level,
    )


def _said(reports: Sequence[HandlerReport], step: Step) -> Sequence[Said]:
    several = {handler.type: handler.has_several for handler in step.handlers}
    said = list[Said]()
    for report in reports:
        for extension in report.extensions or (None,):
            said.append(_said_of_one(report, extension, has_several=several[report.type]))
    return sorted(said, key=lambda each: (each.type, each.extension))


def _said_of_one(report: HandlerReport, extension: ExtensionReport | None, *, has_several: bool) -> Said:
    return Said(
        type=report.type,
        version=report.version,
        status=report.status,
        code=report.code,
        message=report.message if report.status == "Ready" else "",
        extension=extension.extension_name if extension is not None and has_several else "",
        sequence=extension.sequence_number if extension is not None else None,
        extension_status=extension.status if extension is not None else "",
        extension_code=extension.code if extension is not None else None,
        operation=extension.operation if extension is not None else "",
    )
