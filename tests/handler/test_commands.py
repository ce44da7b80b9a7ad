"""The commands have the times and the codes that every agent gives them."""

import subprocess
from pathlib import Path

import pytest

from tidegate_handler.commands import AgentCode, Command, shell_line


@pytest.mark.parametrize(
    ("command", "timeout_seconds", "code"),
    [
        (Command.INSTALL, 900, 1007),
        (Command.UPDATE, 900, 1008),
        (Command.ENABLE, 300, 1009),
        (Command.DISABLE, 900, 1010),
        (Command.UNINSTALL, 300, 1000),
    ],
)
def test_a_command_has_its_time_and_its_code(command: Command, timeout_seconds: int, code: int) -> None:
    assert command.timeout_seconds == timeout_seconds
    assert command.failure_code == code
    assert command.manifest_key == f"{command.name.lower()}Command"


def test_the_other_codes_are_those_of_the_linux_agent() -> None:
    assert {code.value for code in AgentCode} == {-1, 0, *range(1000, 1006), *range(1007, 1013)}
    assert AgentCode(1011) is AgentCode.COMMAND_TIMED_OUT
    assert AgentCode(1012) is AgentCode.STATUS_INVALID


@pytest.mark.parametrize("written", ["bin/run install", "/bin/run install", "//bin/run install"])
def test_a_command_is_a_file_of_the_handlers_folder_whatever_slash_stands_before_it(written: str) -> None:
    assert shell_line(Path("/var/lib/agent/A.B-1.0"), written) == "/var/lib/agent/A.B-1.0/bin/run install"


def test_a_folder_is_one_word_for_the_shell_whatever_its_name(tmp_path: Path) -> None:
    base = tmp_path / "my agent's $HOME"
    base.mkdir()
    (base / "run").write_text("#!/bin/sh\necho $1\n")
    (base / "run").chmod(0o700)
    told = subprocess.run(["sh", "-c", shell_line(base, "run here")], capture_output=True, text=True, timeout=20)
    assert (told.returncode, told.stdout) == (0, "here\n")
