"""An engine as whoever drives it sees it: done once, gone on with, closed, and not harmed by what handlers do."""

import asyncio
import os
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.agent.conditions import until
from tests.agent.handlers import Recipe
from tests.agent.stage import Stage, extension
from tests.agent.test_command import is_alive
from tidegate_agent.failure import EngineClosed
from tidegate_agent.goal_state import GoalState, Wanted
from tidegate_agent.output import LARGEST_BYTES, Output, leftovers
from tidegate_agent.running import RunningNote
from tidegate_handler.commands import Command


async def test_an_operation_is_carried_out_once_also_after_a_start(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe())
    goal = GoalState(incarnation=1, operation_id="once", handlers=(stage.shelf.handler("1.0.0", extension()),))
    outcome = await stage.engine.apply(goal)
    assert stage.commands() == ["1.0.0 install", "1.0.0 enable"]
    assert await stage.engine.apply(goal) == outcome
    await stage.engine.close()
    assert await stage.new_engine().apply(goal) == outcome
    assert stage.commands() == []
    assert stage.shelf.fetched == 1


async def test_a_new_engine_enables_once_more_what_is_enabled_with_the_settings_it_has(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(type="First"), Recipe(type="Second"))
    second = stage.shelf.handler("1.0.0", extension(name="second", level=1), type="Second")
    await stage.apply(second, stage.shelf.handler("1.0.0", extension(3, name="first"), type="First"))
    assert await stage.engine.enable_again() == ()
    assert stage.commands() == ["1.0.0 install", "1.0.0 enable"] * 2
    settings = {path: path.read_bytes() for path in stage.layout.library.glob("*/config/*.settings")}
    stage.engine = stage.new_engine()
    assert await stage.engine.enable_again() == ()
    assert [(each.handler.rpartition(".")[2], each.command) for each in stage.ended] == [
        ("First", Command.ENABLE),
        ("Second", Command.ENABLE),
    ]
    assert len(settings) == 2
    assert {path: path.read_bytes() for path in settings} == settings
    assert await stage.engine.enable_again() == ()
    assert len(stage.ended) == 2


async def test_where_a_move_failed_what_is_enabled_still_is_enabled_once_more(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe())
    await stage.enable("1.0.0")
    await stage.enable("2.0.0")
    assert stage.commands() == ["1.0.0 install", "1.0.0 enable"]
    stage.engine = stage.new_engine()
    assert await stage.engine.enable_again() == ()
    assert stage.commands() == ["1.0.0 enable"]


async def test_what_is_not_enabled_or_is_to_be_gone_is_not_enabled_again(tmp_path: Path) -> None:
    stage = Stage(
        tmp_path,
        Recipe(type="Never", scripts={"enable": "exit 1"}),
        Recipe(type="Stuck", scripts={"disable": "exit 1"}),
    )
    never = stage.shelf.handler("1.0.0", extension(), type="Never")
    stuck = stage.shelf.handler("1.0.0", extension(), type="Stuck")
    await stage.apply(never, stuck)
    await stage.apply(never, replace(stuck, wanted=Wanted.UNINSTALL))
    assert "1.0.0 disable -> 1" in stage.commands()
    assert stage.states()["Stuck 1.0.0"] == "Enabled"
    stage.engine = stage.new_engine()
    assert await stage.engine.enable_again() == ()
    assert stage.commands() == []


async def test_a_failed_operation_is_not_tried_again_under_its_name(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(scripts={"install": "exit 1"}))
    handler = stage.shelf.handler("1.0.0", extension())
    first = await stage.apply(handler, operation_id="one")
    again = await stage.apply(handler, operation_id="one")
    assert first.failures == again.failures
    assert (again.incarnation, again.operation_id) == (2, "one")
    assert stage.commands() == ["1.0.0 install -> 1"]
    await stage.apply(handler, operation_id="two")
    assert stage.commands() == ["1.0.0 install -> 1"]


async def test_goal_states_that_come_together_are_worked_through_one_after_the_other(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(), Recipe(version="2.0.0"))
    first, second = await asyncio.gather(stage.enable("1.0.0"), stage.enable("2.0.0"))
    assert (first.failures, second.failures) == ((), ())
    assert stage.states() == {"GuestAgentDcrTest 2.0.0": "Enabled"}


async def test_a_closed_engine_lets_the_command_end_begins_no_other_and_is_gone_on_with(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(scripts={"install": "touch ../begun; sleep 0.3; touch ../ended"}))
    under_way = asyncio.create_task(stage.enable("1.0.0"))
    await until((stage.layout.library / "begun").exists)
    await stage.engine.close()
    assert (stage.layout.library / "ended").exists()
    with pytest.raises(EngineClosed):
        await under_way
    with pytest.raises(EngineClosed):
        await stage.enable("1.0.0")
    assert stage.commands() == ["1.0.0 install"]
    stage.engine = stage.new_engine()
    assert (await stage.enable("1.0.0")).failures == ()
    assert stage.commands() == ["1.0.0 enable"]


async def test_a_closing_engine_kills_what_does_not_end_in_its_grace(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(scripts={"install": "echo $$ > ../process; sleep 60"}))
    under_way = asyncio.create_task(stage.enable("1.0.0"))
    process = stage.layout.library / "process"
    await until(lambda: process.exists() and process.read_text().endswith("\n"))
    await stage.engine.close(grace_seconds=0.05)
    with pytest.raises(EngineClosed):
        await under_way
    await until(lambda: not is_alive(int(process.read_text())))


async def test_a_cancelled_caller_leaves_nothing_running_and_the_next_goes_on(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(scripts={"install": "[ -e ../begun ] || { touch ../begun; sleep 60; }"}))
    under_way = asyncio.create_task(stage.enable("1.0.0"))
    await until((stage.layout.library / "begun").exists)
    under_way.cancel()
    with pytest.raises(asyncio.CancelledError):
        await under_way
    assert (await stage.enable("1.0.0")).failures == ()


@pytest.mark.parametrize(
    ("scripts", "code", "says"),
    [
        ({"enable": "say enable error 17 'the disk is full'"}, 17, "the disk is full"),
        ({"enable": "say enable failed 3 'an unknown word'"}, 3, "an unknown word"),
        ({"enable": "echo rubbish > status/0.status"}, 1012, "malformed"),
        ({"enable": "echo '[]' > status/0.status"}, 1012, "malformed"),
        ({"enable": "rm -f status/0.status; mkdir status/0.status"}, -1, "cannot be read"),
        ({"enable": "head -c 9000000 /dev/zero > status/0.status"}, 1012, "malformed"),
        ({"enable": "head -c 4000 /dev/urandom; exit 1"}, 1009, "Non-zero exit code: 1"),
        ({"enable": "rm bin/enable.sh; exec bin/enable.sh"}, 1009, "Non-zero exit code: 12"),
        ({"install": "chmod -x bin/install.sh; exec bin/install.sh"}, 1007, "Non-zero exit code: 126"),
        ({"install": "kill -9 $$"}, 1007, "Non-zero exit code: "),
        ({"enable": "rm config/HandlerState; mkdir config/HandlerState"}, -1, "The host refused"),
        ({"enable": "rm config/HandlerStatus; mkdir config/HandlerStatus"}, -1, "The host refused"),
        ({"install": "rm HandlerManifest.json"}, 1002, "Failed to load manifest"),
        ({"install": "rm HandlerManifest.json; mkfifo HandlerManifest.json"}, 1002, "Not a file"),
        ({"install": "echo '[]' > HandlerManifest.json"}, 1003, "Malformed manifest"),
    ],
)
async def test_a_handler_that_misbehaves_fails_by_itself(
    tmp_path: Path, scripts: dict[str, str], code: int, says: str
) -> None:
    stage = Stage(tmp_path, Recipe(scripts=scripts), Recipe(type="Sound"))
    bad = stage.shelf.handler("1.0.0", extension(name="bad"))
    sound = stage.shelf.handler("1.0.0", extension(name="sound"), type="Sound")
    outcome = await stage.apply(bad, sound)
    assert [(each.extension_name, each.code) for each in outcome.failures] == [("bad", code)]
    assert says in outcome.failures[0].message
    assert stage.states()["Sound 1.0.0"] == "Enabled"


async def test_a_handler_that_hangs_is_killed_and_fails_with_1011(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(scripts={"enable": "sleep 60"}), timeout_seconds=0.4)
    began = time.monotonic()
    outcome = await stage.enable("1.0.0")
    assert time.monotonic() - began < 20
    assert [(each.code, "Timeout(0.4)" in each.message) for each in outcome.failures] == [(1011, True)]
    assert outcome.handlers[0].handler_state == "Installed"


async def test_a_handler_that_forks_away_is_not_waited_for_and_its_output_is_looked_after(tmp_path: Path) -> None:
    daemon = "say enable success 0 x; setsid sleep 60 & echo $! > ../process"
    stage = Stage(tmp_path, Recipe(scripts={"enable": daemon}))
    began = time.monotonic()
    assert (await stage.enable("1.0.0")).failures == ()
    assert time.monotonic() - began < 30
    assert leftovers(stage.layout.run)
    os.kill(int((stage.layout.library / "process").read_text()), signal.SIGKILL)
    await until(lambda: not leftovers(stage.layout.run))
    await stage.engine.close()


async def test_a_handler_that_fills_its_output_is_told_in_short(tmp_path: Path) -> None:
    flood = "head -c 20000000 /dev/zero | tr '\\0' x; echo at last >&2; exit 1"
    stage = Stage(tmp_path, Recipe(scripts={"install": flood}))
    (failure,) = (await stage.enable("1.0.0")).failures
    assert len(failure.message) <= 4_096
    assert failure.message.endswith("at last\n")
    sizes = [path.stat().st_size for path in stage.root.rglob("*") if path.is_file()]
    assert max(sizes) < 100_000


async def test_what_a_forerunner_left_lying_about_is_cleared_away(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe())
    for folder in (".coming-1", ".going-2", "..coming-3.unpacking"):
        (stage.layout.library / folder).mkdir()
    (stage.layout.run / f"{'a' * 64}.zip").touch()
    (stage.layout.run / "x.output").touch()
    await stage.enable("1.0.0")
    assert stage.layout.unfinished() == ()
    assert not list(stage.layout.run.iterdir())


async def test_beginnings_of_packages_that_nobody_wants_any_more_go_with_the_next_goal_state(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe())
    await stage.enable("1.0.0")
    (stage.layout.run / f".{'a' * 64}.part").touch()
    await stage.enable("1.0.0")
    assert not list(stage.layout.run.iterdir())


def writer(output: Output) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(["sleep", "60"], stdout=output.descriptor, start_new_session=True)


async def test_what_a_forerunner_left_running_does_not_fill_the_disk_while_it_is_waited_for(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe())
    output = Output(stage.layout.run)
    forerunner = writer(output)
    try:
        RunningNote(stage.layout.run).write(forerunner.pid, timeout_seconds=60)
        os.ftruncate(output.descriptor, LARGEST_BYTES + 1)
        under_way = asyncio.create_task(stage.enable("1.0.0"))
        await until(lambda: os.fstat(output.descriptor).st_size == 0)
        assert not under_way.done()
    finally:
        forerunner.kill()
        forerunner.wait()
    assert (await under_way).failures == ()
    output.close()
    await stage.engine.close()
