"""The option `--credentials` of every verb that asks a server, and what the command line shows to servers for it.

It is given to those verbs in one place, since it means the same in each and none of them has to know of it: a verb that
has `--server` has this one too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

shown: ContextVar[Path | None] = ContextVar("shown", default=None)
"""The file of the credentials that the verb under way shows; None where it shows none."""


def _remember(verb: typer.Context, given: Path | None) -> Path | None:
    """Until the verb has ended: whatever comes after it shows nothing of its own accord."""
    before = shown.set(given)
    verb.call_on_close(lambda: shown.reset(before))
    return given


Credentials = Annotated[
    Path | None,
    typer.Option(
        "--credentials",
        envvar="TIDEGATE_CREDENTIALS",
        metavar="FILE",
        help="What to show a server that speaks TLS, as `tidegate ca operator` writes it.",
        show_default=False,
        callback=_remember,
    ),
]


class AskingGroup(TyperGroup):
    """The top of the command: whatever below it asks a server may be told what to show."""

    def __init__(self, **attributes: Any) -> None:  # as typer has them
        super().__init__(**attributes)
        for command in _commands_below(self):
            if any("--server" in parameter.opts for parameter in command.params):
                command.params.insert(_after_server(command), _credentials_parameter())


# typer has its own copy of click, whose classes it does not name to the outside (hence `Any`).
def _commands_below(group: Any) -> Iterator[Any]:
    for command in group.commands.values():
        if hasattr(command, "commands"):
            yield from _commands_below(command)
        else:
            yield command


def _after_server(command: Any) -> int:
    return next(index for index, each in enumerate(command.params, 1) if "--server" in each.opts)


def _credentials_parameter() -> Any:
    """The option as typer makes it, of a command that has nothing else; the verb itself is not handed its value."""
    alone = typer.Typer(add_completion=False)

    @alone.command()
    def nothing(credentials: Credentials = None) -> None:
        """Only its option is wanted."""

    command: Any = typer.main.get_command(alone)
    parameter = next(each for each in command.params if "--credentials" in each.opts)
    parameter.expose_value = False
    return parameter
