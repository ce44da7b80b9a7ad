"""Calls of the command line: a client for the length of a verb, and what a failed call becomes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.text import Text

from tidegate.cli.console import remarks
from tidegate.cli.credentials_option import shown
from tidegate.cli.exit_codes import code_of_error
from tidegate.cli.refusal_lines import refusal_lines
from tidegate_client import Client, CredentialsUnusable, Retry, TidegateError, credentials_from, why_unreachable

# A person waits for the answer: that a server cannot be reached is told after about a second.
_PATIENCE = Retry(attempts=4)


@contextmanager
def calling(server: str) -> Iterator[Client]:
    """A client of `server`, which shows the credentials that the verb was given.

    A call that fails is told on stderr, and the command ends with its exit code.
    """
    credentials = shown.get()
    try:
        of_channel = None if credentials is None else credentials_from(credentials)
    except CredentialsUnusable as unusable:
        raise typer.BadParameter(str(unusable), param_hint="--credentials") from unusable
    with Client(server, retry=_PATIENCE, credentials=of_channel) as client:
        try:
            yield client
        except TidegateError as error:
            # Whoever copies an id out of it wants it in one piece.
            for line in _told(error, server):
                remarks().print(line, soft_wrap=True)
            raise typer.Exit(code_of_error(error)) from error


def _told(error: TidegateError, server: str) -> Iterator[Text]:
    """Where no server said a word, it may be that the two do not speak alike: then that is told."""
    if error.code.name == "UNAVAILABLE" and not error.reason and (why := why_unreachable(server, shown.get())):
        yield Text("error: ", style="bold red").append(why, style="not bold default")
    else:
        yield from refusal_lines(error, server=server)
