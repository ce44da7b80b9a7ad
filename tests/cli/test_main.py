"""The command as a whole: its help, its version, its completion."""

import subprocess
import sys
from collections.abc import Sequence

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from tidegate.cli.exit_codes import MEANINGS
from tidegate.cli.main import app

VERBS = (
    "serve",
    "demo",
    "start",
    "latest",
    "watch",
    "plan",
    "explain",
    "list",
    "cancel",
    "pause",
    "resume",
    "scale-set|put",
    "scale-set|get",
    "scale-set|list",
    "scale-set|delete",
    "scale-set|instances",
    "subscription|enroll",
    "subscription|withdraw",
    "subscription|get",
    "subscription|list",
    "catalog|publish",
    "catalog|withdraw",
    "catalog|types",
    "catalog|versions",
    "policy|list",
    "policy|show",
    "policy|check",
    "policy|evaluate",
)


def told(*words: str, columns: int = 100) -> str:
    """What the command line says, one space between words, without frames."""
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": str(columns), "NO_COLOR": "1", "TERM": "dumb"})
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.replace("│", " ").split())


def test_the_help_names_every_verb_and_every_exit_code() -> None:
    shown = told("--help")
    for verb in {verb.partition("|")[0] for verb in VERBS}:
        assert f" {verb} " in shown
    for code, meaning in MEANINGS.items():
        assert f"{code.value}: {meaning}" in shown


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_page_with_a_sentence_for_each_option(verb: str) -> None:
    shown = told(*verb.split("|"), "--help")
    assert f"Usage: tidegate {verb.replace('|', ' ')}" in shown
    command = _command(verb.split("|"))
    for parameter in command.params:
        has_help = bool(getattr(parameter, "help", None))
        assert has_help or parameter.name in {"log_level", "log_format"}, f"{verb}: {parameter.name} says nothing"


def _command(path: Sequence[str]):  # type: ignore[no-untyped-def]  # a class of typer's own copy of click
    command = get_command(app)
    for word in path:
        command = command.commands[word]  # type: ignore[attr-defined]  # it is a group
    return command


def test_the_version_is_told() -> None:
    assert told("--version").startswith("tidegate ")


def test_completion_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    # How a shell asks for what may come next.
    asked = {"_TIDEGATE_COMPLETE": "complete_bash", "COMP_WORDS": "tidegate scale-set in", "COMP_CWORD": "2"}
    for name, value in asked.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app, [], prog_name="tidegate")
    assert result.stdout.split() == ["instances"]


def test_asking_for_help_does_not_load_the_server() -> None:
    script = (
        "import sys, tidegate.cli.main; "
        "print([name for name in sys.modules if name.startswith(('tidegate.api', 'tidegate.executor', 'structlog'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_command_can_be_run_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from tidegate.cli.main import main; main()", "nonsense"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "No such command" in done.stderr
