"""The engine beside the golden traces of the real agent: commands, environment, states and reports, step by step.

The handlers are ours, with the name of the one in the trace; a command that fails there fails here with the same code.
Versions are given to our engine as the server resolves them, so a goal state of `2.0` comes as 2.0.1.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.agent.handlers import Recipe
from tests.agent.stage import Stage, extension
from tests.agent.trace_lines import Step, command_line, read_trace, report_lines
from tidegate_agent.goal_state import ExtensionGoal, HandlerGoal, Wanted

HANDLER = "Microsoft.Azure.TestExtensions.Edp.GuestAgentDcrTest"
LIFECYCLES = ("walinuxagent-2.15-lifecycle.txt", "debian-waagent-2.7.3-lifecycle.txt")
FAILURES = "walinuxagent-2.15-update-failures.txt"
MISSING = "exit 127"
GOES_ON = {"continueOnUpdateFailure": True}

SCRIPT = Recipe(
    type="CustomScript",
    publisher="Microsoft.Azure.Extensions",
    version="2.1.6",
    scripts={
        "enable": r"""if [ "$name" = good ]; then
  say Enable success 0 'Enable succeeded: \n[stdout]\ndep1\n\n[stderr]\n'
else
  say Enable error 0 'Enable failed: failed to execute command: command terminated with exit status=7\n[stdout]\n'
fi"""
    },
)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent's own environment wins over what it adds, so it must be without the contract's variables."""
    for name in list(os.environ):
        if name in {"VERSION", "ConfigSequenceNumber", "ConfigExtensionName"} or name.startswith("AZURE_GUEST_AGENT_"):
            monkeypatch.delenv(name)


async def check(stage: Stage, step: Step, *handlers: HandlerGoal) -> None:
    """Apply the goal state, and hold what happened to the step of the trace."""
    await stage.apply(*handlers)
    check_lines(stage, step)
    states = {f"{HANDLER}-{name.split(' ')[1]}": state for name, state in stage.states().items()}
    match step.folders:
        case (list() as folders, dict() as expected):
            assert sorted(states) == [each for each in folders if not each.endswith(".zip")], step.title
            # The trace's states leave out a folder of which only the list tells.
            assert {name: states[name] for name in expected} == expected, step.title
        case list() as folders:
            assert sorted(states) == [each for each in folders if not each.endswith(".zip")], step.title
        case dict() as expected:
            assert {name.rpartition("-")[2]: state for name, state in states.items()} == expected, step.title
        case other:
            assert other is None


def check_lines(stage: Stage, step: Step) -> None:
    commands = [command_line(each) for each in stage.ended]
    stage.ended.clear()
    assert [*commands, *report_lines(stage.engine.status(), stage.layout.library)] == step.lines, step.title


# A step of the life cycle: the version and the settings' number of its goal state.
LIFE: Mapping[str, tuple[str, int]] = {
    "fresh 1.1.5": ("1.1.5", 0),
    "new settings": ("1.1.5", 1),
    "same goal state again": ("1.1.5", 1),
    "upgrade ->1.2.0 (UpdateWithInstall)": ("1.2.0", 1),
    "upgrade ->1.3.0 (UpdateWithoutInstall)": ("1.3.0", 1),
    "upgrade ->1.4.0 (update cmd fails)": ("1.4.0", 1),
    "retry 1.4.0": ("1.4.0", 1),
    "->1.4.1 (enable fails)": ("1.4.1", 1),
    "fix forward ->1.4.2": ("1.4.2", 1),
    "DOWNGRADE ->1.2.0": ("1.2.0", 1),
}


@pytest.mark.parametrize("file", LIFECYCLES)
async def test_a_whole_life_is_that_of_the_trace(shared_data: Path, tmp_path: Path, file: str) -> None:
    trace = read_trace(shared_data / "agent-traces" / file)
    stage = Stage(
        tmp_path,
        *(Recipe(version=version) for version in ("1.1.5", "1.2.0", "1.4.2")),
        Recipe(version="1.3.0", manifest={"updateMode": "UpdateWithoutInstall"}),
        Recipe(version="1.4.0", scripts={"update": MISSING}),
        Recipe(version="1.4.1", scripts={"enable": MISSING}),
        SCRIPT,
    )
    for title, (version, sequence) in LIFE.items():
        (step,) = trace.pop(title)
        await check(stage, step, stage.shelf.handler(version, extension(sequence, title)))
    (step,) = trace.pop("uninstall")
    await check(stage, step, stage.shelf.handler("1.2.0", extension(1), wanted=Wanted.UNINSTALL))
    first, second = trace.pop("two with dependency levels")
    assert not trace, "every scenario of the trace is compared"

    def two(sequence: int, text: str) -> tuple[HandlerGoal, HandlerGoal]:
        script = extension(sequence, text, name="script", level=1)
        return (
            stage.shelf.handler("1.1.5", extension(sequence, "dep2", level=2)),
            stage.shelf.handler("2.1.6", script, type=SCRIPT.type, publisher=SCRIPT.publisher),
        )

    await check(stage, first, *two(0, "good"))
    await check(stage, second, *two(1, "bad"))


async def update(shared_data: Path, tmp_path: Path, title: str, *recipes: Recipe) -> tuple[Stage, list[Step]]:
    """The steps of a failing update, once 1.0.0 is there and 2.0.0 was wanted as often as the trace has it."""
    steps = read_trace(shared_data / "agent-traces" / FAILURES)[title]
    stage = Stage(tmp_path, *recipes)
    # The trace tells only the commands of the first goal state.
    await stage.enable("1.0.0", 0, "a")
    commands = [command_line(each) for each in stage.ended]
    assert commands == steps[0].lines
    stage.ended.clear()
    for step in steps[1:]:
        if "9.9.9" not in step.title and "3.0.0" not in step.title:
            await check(stage, step, stage.shelf.handler("2.0.0", extension(1, "b")))
    return stage, steps


@pytest.mark.parametrize(
    ("title", "old", "new", "manifest"),
    [
        ("old disable fails, continueOnUpdateFailure absent", {"disable": MISSING}, {}, {}),
        ("old disable fails, NEW manifest continueOnUpdateFailure=true", {"disable": MISSING}, {}, GOES_ON),
        ("old uninstall fails, continueOnUpdateFailure absent", {"uninstall": MISSING}, {}, {}),
        ("old uninstall fails, NEW manifest continueOnUpdateFailure=true", {"uninstall": MISSING}, {}, GOES_ON),
        ("new update fails even with continueOnUpdateFailure=true", {}, {"update": MISSING}, GOES_ON),
    ],
)
async def test_an_update_fails_as_the_trace_says(
    shared_data: Path,
    tmp_path: Path,
    title: str,
    old: Mapping[str, str],
    new: Mapping[str, str],
    manifest: Mapping[str, object],
) -> None:
    recipes = Recipe(version="1.0.0", scripts=old), Recipe(version="2.0.0", scripts=new, manifest=manifest)
    _, steps = await update(shared_data, tmp_path, title, *recipes)
    assert len(steps) >= 2


async def test_a_failed_install_is_tried_again_and_a_later_version_is_installed_afresh(
    shared_data: Path, tmp_path: Path
) -> None:
    failing = Recipe(version="2.0.0", scripts={"install": MISSING})
    recipes = Recipe(version="1.0.0"), failing, Recipe(version="3.0.0")
    stage, steps = await update(shared_data, tmp_path, "new install fails", *recipes)
    await check(stage, steps[-1], stage.shelf.handler("3.0.0", extension(2, "c")))


async def test_a_version_without_a_package_leaves_the_old_one_running(shared_data: Path, tmp_path: Path) -> None:
    recipes = Recipe(version="1.0.0"), Recipe(version="2.0.0")
    stage, steps = await update(shared_data, tmp_path, "version requested not in manifest", *recipes)
    await check(stage, steps[-1], stage.shelf.handler("9.9.9", extension(2, "c")))
    (report,) = stage.engine.status()
    assert (report.installed_version, report.handler_state) == ("2.0.0", "Enabled")


async def test_a_goal_state_is_carried_out_by_the_version_that_the_server_resolved(
    shared_data: Path, tmp_path: Path
) -> None:
    (step,) = read_trace(shared_data / "agent-traces" / FAILURES)[
        "single-version goal state 2.0 (matches by prefix -> highest)"
    ]
    stage = Stage(tmp_path, Recipe(version="2.0.1"))
    await check(stage, step, stage.shelf.handler("2.0.1", extension(0, "x")))


async def test_no_settings_are_an_empty_file_and_no_status(shared_data: Path, tmp_path: Path) -> None:
    (step,) = read_trace(shared_data / "agent-traces" / FAILURES)["no settings"]
    stage = Stage(tmp_path, Recipe(version="1.0.0"))
    await check(stage, step, stage.shelf.handler("1.0.0", ExtensionGoal(extension_name="test")))
    (folder,) = stage.layout.handlers()
    assert sorted(each.name for each in folder.config.iterdir()) == step.config
    assert (folder.config / "0.settings").read_bytes() == b""


HEARTBEATS = (
    '[{"version":1.0,"heartbeat":{"status":"Ready","code":0,"formattedMessage":{"lang":"en-US","message":"hb ok"}}}]',
    '[{"version":1.0,"heartbeat":{"status":"ready","code":0,"Message":"docs form"}}]',
    '[{"version":1.0,"heartbeat":{"status":"NotReady","code":5,"formattedMessage":{"lang":"en-US",'
    '"message":"svc down"}}}]',
    '[{"version":1.0,"heartbeat":{"status":"Ready","code":0}}]',
    "{}",
)


async def test_heartbeats_are_told_as_the_trace_says(shared_data: Path, tmp_path: Path) -> None:
    first, *looks = read_trace(shared_data / "agent-traces" / FAILURES)["heartbeat"]
    stage = Stage(tmp_path, Recipe(version="1.0.0", manifest={"reportHeartbeat": True}))
    (handler,) = (stage.shelf.handler("1.0.0", extension(0, "x")),)
    # The outcome of the goal state is the first report, and the trace's; each look at the status is another one.
    outcome = await stage.apply(handler)
    commands = [command_line(each) for each in stage.ended]
    stage.ended.clear()
    assert [*commands, *report_lines(outcome.handlers, stage.layout.library)] == first.lines
    (folder,) = stage.layout.handlers()
    for look, heartbeat in zip(looks, HEARTBEATS, strict=True):
        assert look.title.startswith(f"hb {heartbeat[:80]}")
        folder.heartbeat.write_text(heartbeat)
        written = time.time() - float(look.title.rpartition(" age ")[2])
        os.utime(folder.heartbeat, (written, written))
        check_lines(stage, look)
