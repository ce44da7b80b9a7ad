"""`--credentials` belongs to every verb that asks a server, and to no other."""

from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from tests.cli.conftest import Tidegate
from tests.cli.test_options import commands
from tidegate.cli.credentials_option import shown
from tidegate.cli.main import app


def test_every_verb_that_asks_a_server_has_it_once_and_no_other_verb_has_it() -> None:
    get_command(app)
    for name, command in commands():
        asks = any("--server" in each.opts for each in command.params)
        found = [each for each in command.params if "--credentials" in each.opts]
        assert len(found) == (1 if asks else 0), name
        assert all(each.envvar == "TIDEGATE_CREDENTIALS" for each in found), name


def test_what_cannot_be_shown_is_a_wrong_command_line(tidegate: Tidegate, tmp_path: Path) -> None:
    told = tidegate("policy", "list", "--credentials", tmp_path / "missing.pem")
    assert told.exits == 2
    assert "cannot be read" in told.err


def test_what_one_verb_was_given_the_next_one_does_not_show(
    tidegate: Tidegate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEGATE_CREDENTIALS", str(tmp_path / "missing.pem"))
    assert tidegate("policy", "list").exits == 2
    assert shown.get() is None
    monkeypatch.delenv("TIDEGATE_CREDENTIALS")
    assert tidegate("policy", "list").exits == 0
    assert shown.get() is None


def test_the_help_of_a_verb_tells_of_it() -> None:
    told = CliRunner().invoke(app, ["policy", "list", "--help"], env={"COLUMNS": "160", "NO_COLOR": "1"})
    assert "--credentials" in told.stdout
    assert "TIDEGATE_CREDENTIALS" in told.stdout
