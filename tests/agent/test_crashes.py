"""An engine that is killed at any step of any move ends, started anew, as if it had not been; never are two enabled."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest

from tests.agent.crashing import SCENARIOS

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
