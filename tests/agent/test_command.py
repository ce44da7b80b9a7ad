import asyncio
import os
import time
from pathlib import Path

import pytest

from tests.agent.conditions import until
from tests.agent.test_running import sleeper
from tidegate_agent import output
from tidegate_agent.command import Ended, run_command
from tidegate_agent.output import leftovers, look_after
from tidegate_agent.running import RunningNote


async def run(tmp_path: Path, line: str, timeout_seconds: float = 20.0, **environment: str) -> Ended:
    folder = tmp_path / "handler"
    folder.mkdir(exist_ok=True)
    run_folder = tmp_path / "run"
    run_folder.mkdir(exist_ok=True)
    return await run_command(
        line,
        folder=folder,
        environment={"PATH": os.environ["PATH"], **environment},
        timeout_seconds=timeout_seconds,
        run_folder=run_folder,
    )


def is_alive(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_command_runs_in_its_folder_with_its_environment_and_no_input(tmp_path: Path) -> None:
    ended = await run(
        tmp_path, 'pwd; echo "$GREETING"; cat; echo "[$TIDEGATE_GO]"; echo wrong >&2; exit 3', GREETING="hi"
    )
    assert ended.exit_code == 3
    assert ended.output == f"[stdout]\n{tmp_path / 'handler'}\nhi\n[]\n\n\n[stderr]\nwrong\n"
    assert list((tmp_path / "run").iterdir()) == []


async def test_a_command_leads_a_session_and_a_group_of_its_own(tmp_path: Path) -> None:
    ended = await run(tmp_path, 'cut -d" " -f1,5,6 /proc/$$/stat')
    process, group, session = ended.output.splitlines()[1].split()
    assert process == group == session
    assert int(process) != os.getsid(0)


@pytest.mark.parametrize(("line", "code"), [("./missing.sh", 127), ("./plain", 126), ("kill -9 $$", -9)])
async def test_a_command_that_is_missing_or_cannot_be_run_ends_with_the_shells_code(
    tmp_path: Path, line: str, code: int
) -> None:
    (tmp_path / "handler").mkdir()
    (tmp_path / "handler/plain").write_text("#!/bin/sh\n")
    assert (await run(tmp_path, line)).exit_code == code


async def test_when_its_time_is_over_the_whole_group_is_killed(tmp_path: Path) -> None:
    began = time.monotonic()
    ended = await run(tmp_path, "sleep 60 & echo $!; sleep 60", timeout_seconds=0.3)
    assert ended.exit_code is None
    assert time.monotonic() - began < 20
    await until(lambda: not is_alive(int(ended.output.splitlines()[1])))


async def test_what_forks_away_and_keeps_its_output_is_not_waited_for(tmp_path: Path) -> None:
    began = time.monotonic()
    ended = await run(tmp_path, "setsid sleep 60 & echo $!")
    assert ended.exit_code == 0
    assert time.monotonic() - began < 30
    process_id = int(ended.output.splitlines()[1])
    assert is_alive(process_id)
    held = leftovers(tmp_path / "run")
    assert len(held) == 2
    os.kill(process_id, 9)
    await until(lambda: all(look_after(path) is None for path in held))


async def test_output_without_end_fills_no_disk_and_makes_nobody_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "LARGEST_BYTES", 65_536)
    ended = asyncio.create_task(run(tmp_path, "echo begin; head -c 50000000 /dev/zero | tr '\\0' x; echo done >&2"))
    largest = 0
    while not ended.done():
        largest = max([largest, *(path.stat().st_blocks * 512 for path in leftovers(tmp_path / "run"))])
        await asyncio.sleep(0.01)
    assert (await ended).exit_code == 0
    assert largest < 50_000_000
    text = (await ended).output
    assert len(text) < 3_300
    assert text.endswith("[stderr]\ndone\n")


async def test_a_caller_that_is_cancelled_leaves_nothing_running(tmp_path: Path) -> None:
    marker = tmp_path / "handler/process"
    task = asyncio.create_task(run(tmp_path, "echo $$ > process; sleep 60"))
    await until(lambda: marker.exists() and marker.read_text().endswith("\n"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not is_alive(int(marker.read_text()))
    # What was killed with it may hold its output for another moment.
    await until(lambda: all(look_after(path) is None for path in leftovers(tmp_path / "run")))
    assert list((tmp_path / "run").iterdir()) == []


async def test_the_note_is_there_while_a_command_runs(tmp_path: Path) -> None:
    ended = await run(tmp_path, "cat ../run/command.json; echo; echo $$")
    note, process_id = ended.output.splitlines()[1:3]
    assert f'"process_id": {process_id},' in note


async def test_a_folder_that_is_gone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with pytest.raises(FileNotFoundError):
        await run_command(
            "true", folder=tmp_path / "none", environment={}, timeout_seconds=1, run_folder=tmp_path / "run"
        )
    assert list((tmp_path / "run").iterdir()) == []


async def test_no_command_begins_while_one_of_a_forerunner_still_runs(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    process = sleeper()
    try:
        RunningNote(tmp_path / "run").write(process.pid, timeout_seconds=0.2)
        ended = await run(tmp_path, f"cut -d' ' -f3 /proc/{process.pid}/stat || echo gone")
        assert ended.output.splitlines()[1] in {"Z", "gone"}
    finally:
        process.kill()
        process.wait()
