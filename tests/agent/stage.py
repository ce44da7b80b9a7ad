"""An engine on a root of its own with packages of a test's making, and a record of what it did."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from tests.agent.handlers import Recipe
from tidegate_agent.engine import Engine
from tidegate_agent.goal_state import ExtensionGoal, GoalState, HandlerGoal, PackageReference, Wanted
from tidegate_agent.handler_commands import CommandEnded, Conditions
from tidegate_agent.handler_state import read_state
from tidegate_agent.layout import Layout
from tidegate_agent.report import Outcome
from tidegate_handler.commands import Command
from tidegate_handler.version import HandlerVersion

THUMBPRINT = "A" * 40


class Shelf:
    """Packages, by handler and version."""

    def __init__(self, folder: Path, recipes: Iterable[Recipe]) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)
        self._packages = dict[tuple[str, str, str], PackageReference]()
        self.fetched = 0
        for recipe in recipes:
            path = folder / "new.zip"
            package = recipe.write(path)
            path.rename(folder / package.sha256)
            self._packages[recipe.publisher, recipe.type, recipe.version] = package

    async def fetch(self, package: PackageReference, path: Path) -> None:
        self.fetched += 1
        shutil.copyfile(self._folder / package.sha256, path)

    def handler(
        self,
        version: str,
        *extensions: ExtensionGoal,
        type: str = "GuestAgentDcrTest",  # noqa: A002 - a handler's type is called so everywhere
        publisher: str = "Microsoft.Azure.TestExtensions.Edp",
        wanted: Wanted = Wanted.ENABLED,
        is_multi_config: bool = False,
    ) -> HandlerGoal:
        """A goal for a handler, with its package where there is one."""
        return HandlerGoal(
            publisher=publisher,
            type=type,
            version=HandlerVersion(version),
            wanted=wanted,
            package=self._packages.get((publisher, type, version)),
            extensions=extensions,
            is_multi_config=is_multi_config,
        )


def extension(sequence: int = 0, text: str = "x", name: str = "test", level: int = 0) -> ExtensionGoal:
    """An extension with settings that have a name."""
    return ExtensionGoal(
        extension_name=name,
        has_settings=True,
        sequence_number=sequence,
        public_settings_json=f'{{"name": "{text}"}}',
        dependency_level=level,
    )


class Stage:
    """An engine with its shelf, and what it did."""

    def __init__(
        self,
        folder: Path,
        *recipes: Recipe,
        timeout_seconds: float | None = None,
        status_wait_seconds: float = 20.0,
        shelf: Shelf | None = None,
    ) -> None:
        self.root = folder / "root"
        self.shelf = shelf or Shelf(folder / "shelf", recipes)
        self.ended = list[CommandEnded]()
        self.incarnation = 0
        self._timeout_seconds = timeout_seconds
        self._status_wait_seconds = status_wait_seconds
        self.engine = self.new_engine()
        self.layout = Layout(self.root)

    def new_engine(self) -> Engine:
        """Another engine on the same root, as after a start."""

        def timeout_seconds(command: Command) -> float:
            return self._timeout_seconds or command.timeout_seconds

        return Engine(
            self.root,
            fetch=self.shelf.fetch,
            thumbprint=THUMBPRINT,
            conditions=Conditions(observe=self.ended.append, timeout_seconds=timeout_seconds),
            status_wait_seconds=self._status_wait_seconds,
        )

    async def apply(self, *handlers: HandlerGoal, operation_id: str = "") -> Outcome:
        """Apply the next goal state."""
        self.incarnation += 1
        goal = GoalState(incarnation=self.incarnation, operation_id=operation_id, handlers=handlers)
        return await self.engine.apply(goal)

    async def enable(self, version: str, sequence: int = 0, text: str = "x") -> Outcome:
        """Apply a goal state with one handler of one extension."""
        return await self.apply(self.shelf.handler(version, extension(sequence, text)))

    def commands(self) -> list[str]:
        """What was run since the last time, such as `1.0.0 install`; with the exit code where it failed."""
        told = [
            f"{each.version} {each.command.value}" + (f" -> {each.exit_code}" if each.failure is not None else "")
            for each in self.ended
        ]
        self.ended.clear()
        return told

    def states(self) -> dict[str, str]:
        """The states of all that is there, by type and version."""
        found = {f"{each.name.rpartition('.')[2]} {each.version}": read_state(each) for each in self.layout.handlers()}
        return {name: found[name].value for name in sorted(found)}
