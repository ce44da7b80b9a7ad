"""A program that kills its engine at every step of a scenario, and says how things stood then and how they ended.

    python -m tests.agent.crashing SCENARIO FOLDER REMAINDER MODULUS

A step is whatever Python tells its auditors of that changes the disk or starts a process; the engine is killed right
before it. Each attempt is a process of its own, forked from this one, on a root that is as it was before the goal
state. FOLDER/said is a JSON array of them: how it stood after the kill, and after a new engine had the same goal
state. Nobody cuts the power, so nothing waits for the disk.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.agent.handlers import Recipe
from tests.agent.stage import Shelf, Stage, extension
from tidegate_agent.goal_state import HandlerGoal, Wanted
from tidegate_agent.handler_state import read_state
from tidegate_agent.layout import Layout

# Whoever is enabled says so beside its folder; a second one would find the first.
MARKED: Mapping[str, str] = {
    "enable": """for other in ../enabled-*; do
  if [ -e "$other" ] && [ "$other" != "../enabled-$version" ]; then echo "$other and $version" >> ../two-enabled; fi
done
: > ../enabled-$version
say enable success 0 enabled""",
    "disable": "rm -f ../enabled-$version",
    "uninstall": "rm -f ../enabled-$version",
}


_HEAD = """#!/bin/sh
say() {
  echo '[{"version":1.0,"status":{"operation":"'$1'","status":"'$2'"}}]' > status/$ConfigSequenceNumber.status
}
"""


def marked(version: str, scripts: Mapping[str, str], manifest: Mapping[str, object] | None = None) -> Recipe:
    """A handler that leaves a mark while it is enabled."""
    own = {**MARKED, **scripts}
    with_version = {name: f"version={version}\n{script}" for name, script in own.items()}
    return Recipe(version=version, scripts=with_version, manifest=manifest or {}, head=_HEAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A goal state, and what was there before it."""

    before: str | None
    """The version that is enabled; None for none."""
    version: str
    wanted: Wanted = Wanted.ENABLED
    manifest: Mapping[str, object] = field(default_factory=dict)
    """Of the version that is wanted."""
    failing: str = ""
    """The command of the version that is wanted that fails."""
    old_failing: str = ""
    """The command of the version before that fails."""


SCENARIOS: Mapping[str, Scenario] = {
    "fresh": Scenario(before=None, version="2.0.0"),
    "update": Scenario(before="1.0.0", version="2.0.0"),
    "update-without-install": Scenario(
        before="1.0.0", version="2.0.0", manifest={"updateMode": "UpdateWithoutInstall"}
    ),
    "downgrade": Scenario(before="3.0.0", version="2.0.0"),
    "failing-update": Scenario(before="1.0.0", version="2.0.0", failing="update"),
    "failing-enable": Scenario(before="1.0.0", version="2.0.0", failing="enable"),
    "failing-old-uninstall": Scenario(before="1.0.0", version="2.0.0", old_failing="uninstall"),
    "uninstall": Scenario(before="2.0.0", version="2.0.0", wanted=Wanted.UNINSTALL),
}


class Killer:
    """Kills this process right before its step number `at`; counts its steps, with 0 for `at`."""

    CHANGES = frozenset(
        {
            "os.rename",
            "os.remove",
            "os.mkdir",
            "os.rmdir",
            "os.chmod",
            "os.truncate",
            "shutil.rmtree",
            "subprocess.Popen",
        }
    )

    def __init__(self, root: Path, at: int) -> None:
        self._root = str(root)
        self._at = at
        self.steps = 0
        self.is_armed = False
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.is_armed or not (event in self.CHANGES or (event == "open" and self._writes(*arguments))):
            return
        self.steps += 1
        if self.steps == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    def _writes(self, path: object, mode: object, flags: int) -> bool:
        return (
            isinstance(path, str | Path)
            and str(path).startswith(self._root)
            and bool(flags & (os.O_WRONLY | os.O_RDWR))
        )


class Theatre:
    """The scenario's folder, and attempts in it."""

    def __init__(self, folder: Path, scenario: Scenario) -> None:
        self._folder = folder
        self._scenario = scenario
        self._before = folder / "before"
        self._root = folder / "root"
        scripts = {scenario.failing: "exit 3"} if scenario.failing else {}
        old = {scenario.old_failing: "exit 4"} if scenario.old_failing else {}
        recipes = [marked(each, old) for each in ("1.0.0", "3.0.0")]
        self._shelf = Shelf(folder / "shelf", [*recipes, marked(scenario.version, scripts, scenario.manifest)])

    def stage(self) -> Stage:
        return Stage(self._folder, shelf=self._shelf)

    async def prepare(self) -> None:
        stage = self.stage()
        if self._scenario.before is not None:
            outcome = await stage.enable(self._scenario.before)
            assert not outcome.failures
        await stage.engine.close()
        shutil.copytree(self._root, self._before)

    def reset(self) -> None:
        shutil.rmtree(self._root)
        shutil.copytree(self._before, self._root)

    async def attempt(self, killer: Killer) -> Mapping[str, object]:
        """How the goal state ended, where nobody killed the engine."""
        stage = self.stage()
        stage.incarnation = 1
        goal: HandlerGoal = stage.shelf.handler(self._scenario.version, extension(1), wanted=self._scenario.wanted)
        killer.is_armed = True
        outcome = await stage.apply(goal, operation_id="once")
        killer.is_armed = False
        await stage.engine.close()
        reports = [
            f"{each.version} {each.status} {each.code}, {each.installed_version} {each.handler_state}"
            for each in stage.engine.status()
        ]
        failures = [f"{each.extension_name} {each.code}" for each in outcome.failures]
        return {"reports": reports, "failures": failures, **self.states()}

    def states(self) -> Mapping[str, object]:
        """How the disk stands, whoever reads it."""
        layout = Layout(self._root)
        return {
            "states": {str(each.version): read_state(each).value for each in layout.handlers()},
            "marks": sorted(each.name for each in layout.library.glob("enabled-*")),
            "two": (layout.library / "two-enabled").exists(),
        }


def in_child(work: Callable[[], Awaitable[object]]) -> tuple[int, Any]:
    """The signal that ended the child, 0 for none, and what its work gave, by way of JSON."""
    reading, writing = os.pipe()
    process_id = os.fork()
    if process_id == 0:
        os.close(reading)
        try:
            os.write(writing, json.dumps(asyncio.run(_awaited(work))).encode())
            os._exit(0)
        except BaseException:  # noqa: BLE001 - a child must not go on as its parent would
            traceback.print_exc()
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        said = file.read()
    _, status = os.waitpid(process_id, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child says why on stderr"
    return (os.WTERMSIG(status), None) if os.WIFSIGNALED(status) else (0, json.loads(said))


async def _awaited(work: Callable[[], Awaitable[object]]) -> object:
    return await work()


def main() -> None:
    name, folder, remainder, modulus = sys.argv[1:]
    theatre = Theatre(Path(folder), SCENARIOS[name])
    os.fsync = lambda fd: None
    in_child(theatre.prepare)

    async def attempted(at: int) -> Mapping[str, object]:
        killer = Killer(Path(folder) / "root", at)
        ended = await theatre.attempt(killer)
        return {"steps": killer.steps, **ended}

    _, whole = in_child(lambda: attempted(0))
    said = [whole]
    for at in range(1, whole["steps"] + 1):
        if at % int(modulus) == int(remainder):
            theatre.reset()
            killed_by, _ = in_child(lambda at=at: attempted(at))  # type: ignore[misc]
            after = theatre.states()
            _, ended = in_child(lambda: attempted(0))
            said.append({"at": at, "killed_by": killed_by, "after": after, "ended": ended})
    Path(folder, "said").write_text(json.dumps(said))


if __name__ == "__main__":
    main()
