"""Calls of the command line: a client for the length of a verb, and what a failed call becomes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from tidegate.cli.console import remarks
from tidegate.cli.exit_codes import code_of_error
from tidegate.cli.refusal_lines import refusal_lines
from tidegate_client import Client, Retry, TidegateError

# A person waits for the answer: that a server cannot be reached is told after about a second.
_PATIENCE = Retry(attempts=4)


@contextmanager
def calling(server: str) -> Iterator[Client]:
    """A client of `server`. A call that fails is told on stderr, and the command ends with its exit code."""
    with Client(server, retry=_PATIENCE) as client:
        try:
            yield client
        except TidegateError as error:
            for line in refusal_lines(error, server=server):
                # Whoever copies an id out of it wants it in one piece.
                remarks().print(line, soft_wrap=True)
            raise typer.Exit(code_of_error(error)) from error
