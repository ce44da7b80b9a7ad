"""Where the command line writes: results to stdout, everything about them to stderr; a table or JSON.

Law: what comes from a server or a file is written as it is, never read as markup. Colours appear on a terminal only,
and never where NO_COLOR is set. Nothing is cut off where the output is not a terminal.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any

import typer
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from tidegate_client import document_of
from tidegate_client.messages import Message

_WIDE = 200


class OutputFormat(StrEnum):
    """For people, or for programs."""

    TABLE = "table"
    JSON = "json"


def results() -> Console:
    """The console on stdout."""
    return _console(stderr=False)


def remarks() -> Console:
    """The console on stderr."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _WIDE
    return console


def show(output: OutputFormat, message: Message, page: Callable[[], RenderableType]) -> None:
    """Writes one message: as its JSON, or as the page that `page` makes of it."""
    if output is OutputFormat.JSON:
        write_json(document_of(message))
    else:
        results().print(page(), soft_wrap=False)


def show_all(output: OutputFormat, messages: Iterable[Message], page: Callable[[], RenderableType]) -> None:
    """Writes a list: as one JSON array, or as the page that `page` makes of it."""
    if output is OutputFormat.JSON:
        write_json([document_of(message) for message in messages])
    else:
        results().print(page())


def write_json(document: Any) -> None:  # whatever JSON can say
    """One JSON document over several lines."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def table(titles: Sequence[str], rows: Iterable[Sequence[RenderableType]], *, empty: str) -> RenderableType:
    """A plain table whose cells can be copied; the sentence `empty` where it has no rows."""
    grid = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for title in titles:
        grid.add_column(title, overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return grid if grid.row_count else Text(empty)


def facts_grid(rows: Iterable[tuple[str, RenderableType]]) -> Table:
    """Names on the left, what is so on the right."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(name, Text(value) if isinstance(value, str) else value)
    return grid
