"""From a package's name to the folder of a handler that is ready for its first command.

Law: the folder is whole when it appears, its state included, so nothing ever has to ask whether it is half there.

Source: WALinuxAgent 2.15, exthandlers.py (download, initialize).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from tidegate_agent.durable_file import write_durably
from tidegate_agent.failure import PackageFailed
from tidegate_agent.goal_state import HandlerGoal, PackageReference
from tidegate_agent.handing_on import hand_on_attempt
from tidegate_agent.handler_state import HandlerState, write_state
from tidegate_agent.layout import HandlerFolder, Layout, clear
from tidegate_agent.problems import Problem
from tidegate_handler.commands import AgentCode
from tidegate_handler.environment import EVENTS_FOLDER, handler_environment_text
from tidegate_handler.package import Limits, PackageUnusable, unpack

Fetch = Callable[[PackageReference, Path], Awaitable[None]]
"""Writes the package, checked, to the path; raises a `Problem` or an `OSError` where it cannot be had."""


async def unpack_handler(
    layout: Layout, folder: HandlerFolder, goal: HandlerGoal, fetch: Fetch, limits: Limits
) -> None:
    """Fetch the goal's package and put it at `folder`, not installed.

    What was there goes, but for its settings, statuses and the handler's note of what it has seen.

    Raises:
        PackageFailed: it cannot be had (1004), or is no package that can be run (1005).
        StepFailed: the goal has no package.
        OSError: the disk takes no more.
    """
    assert goal.package is not None, "a handler without a package never comes so far"
    package = layout.run / f"{goal.package.sha256}.zip"
    try:
        await fetch(goal.package, package)
    except Problem as problem:
        raise PackageFailed(problem.message, AgentCode.PACKAGE_DOWNLOAD_ERROR) from problem
    try:
        # A package may be large, and its unpacking must not keep the loop from the other handlers and hosts.
        aside = await asyncio.to_thread(_place, layout, folder, package, limits)
    except PackageUnusable as unusable:
        raise PackageFailed(str(unusable), AgentCode.PACKAGE_EXTRACTION_ERROR) from unusable
    finally:
        package.unlink(missing_ok=True)
    if aside is not None:
        await asyncio.to_thread(clear, aside)


def leftover_packages(layout: Layout, wanted: Iterable[PackageReference]) -> tuple[Path, ...]:
    """Packages, and beginnings of packages, that nobody wants any more."""
    digests = tuple(package.sha256 for package in wanted)
    files = [path for path in layout.run.iterdir() if path.suffix in {".zip", ".part"}]
    return tuple(path for path in files if not path.name.lstrip(".").startswith(digests))


def _place(layout: Layout, folder: HandlerFolder, package: Path, limits: Limits) -> Path | None:
    coming = HandlerFolder(name=folder.name, version=folder.version, path=layout.coming())
    try:
        unpack(package, coming.path, limits)
        for private in (coming.config, coming.status):
            private.mkdir(mode=0o700, exist_ok=True)
            private.chmod(0o700)
        logs = layout.log_folder(folder.name)
        (logs / EVENTS_FOLDER).mkdir(mode=0o700, exist_ok=True)
        write_durably(coming.environment, handler_environment_text(folder.name, folder.path, logs).encode())
        if folder.exists:
            hand_on_attempt(folder, coming)
        write_state(coming, HandlerState.NOT_INSTALLED)
        return layout.place(coming.path, folder)
    except BaseException:
        clear(coming.path)
        raise
