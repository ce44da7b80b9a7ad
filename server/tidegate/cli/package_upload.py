"""A package on its way to a server, as a person sees it: checked here first, then a bar that fills.

Law: a package that no host could use is told place by place before a byte of it is sent. The bar is for terminals.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.text import Text

from tidegate.cli.console import remarks
from tidegate.cli.exit_codes import ExitCode
from tidegate_client.uploading import OnProgress


def check_here(file: Path) -> None:
    """End the command where no host could use the package, or the file cannot be read."""
    # Only who publishes a package needs to know how to read one.
    from tidegate_handler.package import PackageUnusable, inspect

    try:
        inspect(file)
    except PackageUnusable as unusable:
        _tell(Text("error: ", style="bold red").append(f"{file} is no package that a host can use.", "default"))
        for problem in unusable.problems:
            _tell(Text(f"  {problem.place}: ", style="bold").append(problem.message, style="not bold"))
        raise typer.Exit(ExitCode.REFUSED) from unusable
    except OSError as unreadable:
        raise cannot_read(file, unreadable) from unreadable


def cannot_read(file: Path, unreadable: OSError) -> typer.Exit:
    """Tell that the file cannot be read; what to raise."""
    _tell(Text("error: ", style="bold red").append(f"{file} cannot be read: {unreadable.strerror}.", "default"))
    return typer.Exit(ExitCode.REFUSED)


@contextmanager
def shown_progress(file: Path) -> Iterator[OnProgress]:
    """What to tell of each piece, while the block lasts."""
    console = remarks()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(file.name, total=None)

        def on_progress(done: int, size: int) -> None:
            description = f"{file.name} is being checked" if done == size else file.name
            progress.update(task, completed=done, total=size, description=description)

        yield on_progress


def _tell(line: Text) -> None:
    remarks().print(line, soft_wrap=True)
