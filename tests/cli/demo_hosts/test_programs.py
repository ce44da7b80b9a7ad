"""Programs of the demo are waited for, killed, started again, and end with whoever began them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidegate.cli.demo_hosts.programs import DidNotBegin, Program

MODULE = """\
import os, sys, time

def main():
    print("one")
    print("ready", os.environ["TIDE"], *sys.argv[1:], flush=True)
    if "fail" in sys.argv:
        raise SystemExit(3)
    time.sleep(60)
"""


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    (tmp_path / "spoken.py").write_text(MODULE)
    made = Program("spoken", ["a", "b"], tmp_path / "log", {"PYTHONPATH": str(tmp_path), "TIDE": "high"})
    yield made
    made.end()


def test_it_is_waited_for_until_it_says_that_it_is_ready(program: Program) -> None:
    program.begin()
    assert program.wait_for("ready", 20) == "ready high a b"


def test_after_a_kill_it_is_another_process_whose_own_words_count(program: Program) -> None:
    program.begin()
    program.wait_for("ready", 20)
    killed = program.kill()
    with pytest.raises(ProcessLookupError):
        os.kill(killed, 0)
    with pytest.raises(DidNotBegin, match="ended: one / ready high a b"):
        program.wait_for("never said", 20)
    program.begin()
    assert program.wait_for("ready", 20) == "ready high a b"
    assert program.process_id != killed


def test_one_that_ends_before_it_is_ready_is_told_with_its_last_words(tmp_path: Path) -> None:
    (tmp_path / "spoken.py").write_text(MODULE)
    failing = Program("spoken", ["fail"], tmp_path / "log", {"PYTHONPATH": str(tmp_path), "TIDE": "low"})
    failing.begin()
    with pytest.raises(DidNotBegin, match="ready low fail"):
        failing.wait_for("something else", 20)
    failing.end()


def test_one_that_says_nothing_is_not_waited_for_for_ever(program: Program) -> None:
    program.begin()
    program.wait_for("ready", 20)
    with pytest.raises(DidNotBegin, match=r"not ready within 0\.1 seconds"):
        program.wait_for("never said", 0.1)


def test_ending_is_harmless_where_it_does_not_run(program: Program) -> None:
    program.end()
    program.begin()
    program.end()
    program.end()


BEGINNER = """\
import sys, threading
from pathlib import Path
from tidegate.cli.demo_hosts.programs import Program

folder = Path(sys.argv[1])
program = Program("spoken", ["x"], folder / "log", {"PYTHONPATH": str(folder), "TIDE": "high"})
# Whatever thread begins it: it lives as long as the process does.
thread = threading.Thread(target=program.begin)
thread.start()
thread.join()
program.wait_for("ready", 20)
print(program.process_id, flush=True)
sys.stdin.read()
"""


def test_it_ends_with_the_process_that_began_it_however_that_ends(tmp_path: Path) -> None:
    (tmp_path / "spoken.py").write_text(MODULE)
    with subprocess.Popen(
        [sys.executable, "-c", BEGINNER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as beginner:
        assert beginner.stdout is not None
        begun = int(beginner.stdout.readline())
        os.kill(begun, 0)
        beginner.kill()
    until = time.monotonic() + 20
    while not is_gone(begun):
        assert time.monotonic() < until
        time.sleep(0.01)


def is_gone(process_id: int) -> bool:
    """No process has this id."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return True
    return False
