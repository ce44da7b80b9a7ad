"""One agent for each root."""

import subprocess
import sys
from pathlib import Path

import pytest

from tidegate_agent.problems import AlreadyRunning
from tidegate_agent.root_lock import root_lock

HOLDER = """\
import sys
from pathlib import Path
from tidegate_agent.root_lock import root_lock
with root_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_root_that_it_makes_is_for_its_owner_alone(tmp_path: Path) -> None:
    with root_lock(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_a_second_agent_in_the_root_is_refused(tmp_path: Path) -> None:
    with root_lock(tmp_path / "a"):
        with pytest.raises(AlreadyRunning, match="Another agent works in"), root_lock(tmp_path / "a"):
            pass
        with root_lock(tmp_path / "b"):
            pass
    with root_lock(tmp_path / "a"):
        pass


def test_a_root_is_free_again_after_its_agent_was_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning), root_lock(tmp_path):
            pass
        holder.kill()
        holder.wait()
    with root_lock(tmp_path):
        pass


def test_what_the_agent_starts_does_not_hold_the_root(tmp_path: Path) -> None:
    with root_lock(tmp_path):
        child = subprocess.Popen(["sleep", "60"])
    try:
        with root_lock(tmp_path):
            pass
    finally:
        child.kill()
        child.wait()
