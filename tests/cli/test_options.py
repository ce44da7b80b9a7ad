"""The options that many verbs share are the same everywhere."""

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from tidegate.cli.main import app
from tidegate.cli.options import USUAL_SERVER

LOCAL = {"serve", "demo", "demo-hosts", "policy check", "ca init", "ca operator", "ca show"}


def commands() -> Iterator[tuple[str, Any]]:
    """Every verb with its command, a class of typer's own copy of click."""
    top: Any = get_command(app)
    for name, command in top.commands.items():
        inner = getattr(command, "commands", None)
        if inner is None:
            yield name, command
        else:
            yield from ((f"{name} {verb}", each) for verb, each in inner.items())


def test_every_verb_that_asks_a_server_may_be_told_which() -> None:
    for name, command in commands():
        server = [each for each in command.params if "--server" in each.opts]
        assert bool(server) is (name not in LOCAL), name
        assert all(each.envvar == "TIDEGATE_SERVER" and each.default == USUAL_SERVER for each in server), name


def test_every_verb_that_shows_something_can_show_it_to_a_program() -> None:
    silent = {"serve", "demo", "demo-hosts", "scale-set delete", "catalog withdraw", "host remove"}
    silent |= {"ca init", "ca operator"}
    for name, command in commands():
        assert any({"--output", "-o"} <= set(each.opts) for each in command.params) is (name not in silent), name


def test_a_scale_set_is_named_alike_everywhere() -> None:
    for name, command in commands():
        options = {opt for each in command.params for opt in each.opts}
        assert ("-g" in options) is ("-n" in options) is ("--resource-group" in options), name
        if "-g" in options:
            assert "--subscription" in options, name
