import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.agent.handlers import Recipe
from tests.agent.stage import Shelf
from tidegate_agent.failure import CommandFailed, CommandTimedOut, EngineClosed, StepFailed
from tidegate_agent.goal_state import ExtensionGoal
from tidegate_agent.handler_commands import CommandEnded, Conditions, HandlerCommands, load_manifest
from tidegate_agent.layout import HandlerFolder, Layout
from tidegate_agent.unpacking import unpack_handler
from tidegate_handler.commands import Command
from tidegate_handler.package import Limits

EXTENSION = ExtensionGoal(extension_name="web", has_settings=True, sequence_number=4)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name in {"VERSION", "ConfigSequenceNumber", "ConfigExtensionName"} or name.startswith("AZURE_GUEST_AGENT_"):
            monkeypatch.delenv(name)


class Handler:
    """A handler that was unpacked, and its commands."""

    def __init__(self, tmp_path: Path, timeout_seconds: float) -> None:
        self.layout = Layout(tmp_path / "root")
        self.ended = list[CommandEnded]()
        conditions = Conditions(
            wire_protocol_address="192.0.2.1",
            timeout_seconds=lambda command: timeout_seconds,
            observe=self.ended.append,
        )
        self.commands = HandlerCommands(self.layout, conditions)
        self.folder: HandlerFolder | None = None

    async def run(
        self, command: Command, extension: ExtensionGoal | None = EXTENSION, *, several: bool = False
    ) -> None:
        assert self.folder is not None
        await self.commands.run(
            self.folder, command, extension=extension, is_multi_config=several, additions={"VERSION": "2.0"}
        )

    @property
    def log(self) -> str:
        assert self.folder is not None
        return "".join(path.read_text() for path in (self.layout.logs / self.folder.name).glob("CommandExecution*.log"))


async def handler(tmp_path: Path, scripts: Mapping[str, str] | None = None, timeout_seconds: float = 20.0) -> Handler:
    made = Handler(tmp_path, timeout_seconds)
    shelf = Shelf(tmp_path / "shelf", [Recipe(head="#!/bin/sh", scripts=scripts or {})])
    goal = shelf.handler("1.0.0")
    made.folder = made.layout.folder(goal.name, goal.version)
    await unpack_handler(made.layout, made.folder, goal, shelf.fetch, Limits())
    return made


async def test_a_command_has_the_contracts_environment(tmp_path: Path) -> None:
    made = await handler(tmp_path, {"enable": "env"})
    assert made.folder is not None
    await made.run(Command.ENABLE)
    expected = [
        f"AZURE_GUEST_AGENT_EXTENSION_PATH={made.folder.path}",
        "AZURE_GUEST_AGENT_EXTENSION_VERSION=1.0.0",
        "AZURE_GUEST_AGENT_WIRE_PROTOCOL_ADDRESS=192.0.2.1",
        'AZURE_GUEST_AGENT_EXTENSION_SUPPORTED_FEATURES=[{"Key": "ExtensionTelemetryPipeline", "Value": "1.0"}]',
        "ConfigSequenceNumber=4",
        "VERSION=2.0",
        f"PATH={os.environ['PATH']}",
    ]
    assert [line for line in expected if f"\n{line}\n" not in made.log] == []
    assert "ConfigExtensionName" not in made.log


async def test_one_of_several_is_told_its_name_and_has_a_log_of_its_own(tmp_path: Path) -> None:
    made = await handler(tmp_path, {"enable": "env"})
    assert made.folder is not None
    await made.run(Command.ENABLE, several=True)
    assert (made.layout.logs / made.folder.name / "CommandExecution_web.log").exists()
    assert "ConfigExtensionName=web" in made.log


async def test_the_agents_own_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ConfigSequenceNumber", "99")
    made = await handler(tmp_path, {"enable": "env"})
    await made.run(Command.ENABLE)
    assert "\nConfigSequenceNumber=99\n" in made.log


async def test_no_command_is_told_the_join_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_JOIN_TOKEN", "tgj1_hush")
    made = await handler(tmp_path, {"enable": "env"})
    await made.run(Command.ENABLE)
    assert "PATH=" in made.log
    assert "hush" not in made.log


@pytest.mark.parametrize("command", Command)
async def test_each_command_fails_with_its_own_code(tmp_path: Path, command: Command) -> None:
    made = await handler(tmp_path, {command.value: "echo out; echo why >&2; exit 53"})
    with pytest.raises(CommandFailed) as failed:
        await made.run(command, None)
    assert failed.value.code == command.failure_code
    assert failed.value.exit_code == 53
    assert str(failed.value).endswith(f"bin/{command.value}.sh\n[stdout]\nout\n\n\n[stderr]\nwhy\n")
    (ended,) = made.ended
    assert (ended.command, ended.exit_code, ended.failure) == (command, 53, failed.value)
    assert "why" in made.log


async def test_a_command_that_hangs_has_the_code_1011(tmp_path: Path) -> None:
    made = await handler(tmp_path, {"install": "echo begun; sleep 60"}, timeout_seconds=0.4)
    with pytest.raises(CommandTimedOut, match="begun") as failed:
        await made.run(Command.INSTALL)
    assert failed.value.code == 1011


@pytest.mark.parametrize(("content", "code"), [(None, 1002), (b"rubbish", 1003), (b"[]", 1003)])
async def test_a_manifest_that_is_gone_or_spoilt_has_its_codes(
    tmp_path: Path, content: bytes | None, code: int
) -> None:
    made = await handler(tmp_path)
    assert made.folder is not None
    made.folder.manifest.unlink()
    if content is not None:
        made.folder.manifest.write_bytes(content)
    with pytest.raises(StepFailed) as failed:
        load_manifest(made.folder)
    assert failed.value.code == code


async def test_what_cannot_be_started_fails_with_the_commands_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await handler(tmp_path)
    # More than the kernel takes for a new process.
    monkeypatch.setenv("TOO_LARGE", "x" * 200_000)
    with pytest.raises(StepFailed, match="Failed to launch") as failed:
        await made.run(Command.ENABLE)
    assert failed.value.code == 1009


async def test_after_a_stop_nothing_begins(tmp_path: Path) -> None:
    made = await handler(tmp_path)
    made.commands.stop()
    with pytest.raises(EngineClosed):
        await made.run(Command.ENABLE)
    assert made.ended == []
