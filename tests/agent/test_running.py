import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tidegate_agent.running import RunningNote, kill_group


def sleeper() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(["sleep", "60"], start_new_session=True)


async def test_what_a_forerunner_left_running_is_found_and_killed_when_its_time_is_over(tmp_path: Path) -> None:
    process = sleeper()
    try:
        RunningNote(tmp_path).write(process.pid, timeout_seconds=0.1)
        leftover = RunningNote(tmp_path).leftover()
        assert leftover is not None
        assert leftover.process_id == process.pid
        began = time.monotonic()
        async with asyncio.timeout(20):
            await RunningNote(tmp_path).outlast()
        assert time.monotonic() - began >= 0.05
        assert process.wait() == -signal.SIGKILL
    finally:
        process.kill()
        process.wait()
    assert not (tmp_path / "command.json").exists()


async def test_a_clock_that_was_set_does_not_change_when_its_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = sleeper()
    try:
        RunningNote(tmp_path).write(process.pid, timeout_seconds=0.1)
        yesterday = time.time() - 86_400
        monkeypatch.setattr(time, "time", lambda: yesterday)
        async with asyncio.timeout(20):
            await RunningNote(tmp_path).outlast()
        assert process.wait() == -signal.SIGKILL
    finally:
        process.kill()
        process.wait()


async def test_a_command_that_ends_in_time_is_waited_for(tmp_path: Path) -> None:
    process = sleeper()
    RunningNote(tmp_path).write(process.pid, timeout_seconds=60)
    waiting = asyncio.create_task(RunningNote(tmp_path).outlast())
    await asyncio.wait({waiting}, timeout=0.1)
    assert not waiting.done()
    kill_group(process.pid)
    async with asyncio.timeout(20):
        await waiting
    process.wait()


async def test_another_process_with_the_same_id_is_let_alone(tmp_path: Path) -> None:
    process = sleeper()
    try:
        note = RunningNote(tmp_path)
        note.write(process.pid, timeout_seconds=0)
        path = tmp_path / "command.json"
        text = path.read_text()
        path.write_text(text.replace('"started_ticks": ', '"started_ticks": 1'))
        await note.outlast()
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


async def test_a_note_of_an_earlier_boot_and_a_damaged_one_mean_nothing(tmp_path: Path) -> None:
    note = RunningNote(tmp_path)
    assert note.leftover() is None
    note.write(os.getpid(), timeout_seconds=0)
    path = tmp_path / "command.json"
    text = path.read_text()
    path.write_text(text.replace('"boot": "', '"boot": "another'))
    assert note.leftover() is None
    path.write_text(text[: len(text) // 2])
    assert note.leftover() is None
    note.clear()
    note.clear()


def test_a_group_that_is_gone_is_killed_without_a_word() -> None:
    process = sleeper()
    kill_group(process.pid)
    process.wait()
    kill_group(process.pid)
