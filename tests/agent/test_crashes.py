"""An engine that is killed at any step of any move ends, started anew, as if it had not been; never are two enabled."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.agent.crashing import SCENARIOS
from tidegate_agent.handler_state import read_state
from tidegate_agent.layout import Layout

PARTS = 9
# Of an update every step is tried; of the others, which share most of its steps, every ninth.
ATTEMPTS = [(name, part) for name in SCENARIOS for part in range(PARTS) if name == "update" or part == 4]


@pytest.mark.parametrize(("name", "part"), ATTEMPTS)
async def test_an_engine_killed_at_any_step_ends_as_if_it_had_not_been(
    repository: Path, tmp_path: Path, name: str, part: int
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.agent.crashing", name, str(tmp_path), str(part), str(PARTS)),
        cwd=repository,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(120):
            _, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, errors.decode()
    whole, *attempts = json.loads((tmp_path / "said").read_text())
    steps = whole.pop("steps")
    assert len(attempts) == len([at for at in range(1, steps + 1) if at % PARTS == part]) > 1
    assert not whole["two"]
    for attempt in attempts:
        at = f"killed at step {attempt['at']} of {steps}"
        assert attempt["killed_by"] == signal.SIGKILL, at
        states = list(attempt["after"]["states"].values())
        assert states.count("Enabled") <= 1, at
        assert states.count("Enabled") + states.count("Installed") <= 1, at
        assert len(attempt["after"]["marks"]) <= 1, at
        attempt["ended"].pop("steps")
        assert attempt["ended"] == whole, at


async def run_engine(repository: Path, folder: Path, version: str, kill_at: str = "") -> int:
    """The exit code of a process that applies a goal state for this version."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.agent.run_engine", str(folder), version),
        cwd=repository,
        env={**os.environ, "KILL_AT": kill_at},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(60):
            return await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize(
    "kill_at", ["1.0.0 disable", "2.0.0 update", "1.0.0 uninstall", "2.0.0 install", "2.0.0 enable"]
)
async def test_a_command_that_kills_its_agent_is_outlasted_before_another_begins(
    repository: Path, tmp_path: Path, kill_at: str
) -> None:
    assert await run_engine(repository, tmp_path, "1.0.0") == 0
    said = tmp_path / "root/lib/said"
    said.unlink()
    assert await run_engine(repository, tmp_path, "2.0.0", kill_at) == -signal.SIGKILL
    layout = Layout(tmp_path / "root")
    assert sum(read_state(each).is_installed for each in layout.handlers()) <= 1
    assert await run_engine(repository, tmp_path, "2.0.0", kill_at) == 0
    assert {str(each.version): read_state(each).value for each in layout.handlers()} == {"2.0.0": "Enabled"}
    lines = said.read_text().splitlines()
    # Each begins after the one before has ended, and only the one that was broken off was begun again.
    assert [line.rpartition(" ")[2] for line in lines] == ["begins", "ends"] * 6
    commands = [line.rpartition(" ")[0] for line in lines[::2]]
    whole = ["1.0.0 disable", "2.0.0 update", "1.0.0 uninstall", "2.0.0 install", "2.0.0 enable"]
    at = whole.index(kill_at)
    assert commands == [*whole[: at + 1], *whole[at:]]
