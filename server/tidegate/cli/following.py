"""Following an upgrade to its end: drawn on a terminal, line by line elsewhere, as JSON for programs."""

from __future__ import annotations

import json

import typer
from rich.console import Console
from rich.live import Live

from tidegate.cli.console import OutputFormat, remarks, results
from tidegate.cli.event_lines import lines_of
from tidegate.cli.exit_codes import ExitCode, code_of_status
from tidegate.cli.live_view import LiveView
from tidegate.cli.watch_picture import Picture
from tidegate_client import Client, TidegateError, Watch, WatchItem, document_of
from tidegate_client.messages import UpgradeSnapshot

_FRAMES_PER_SECOND = 8
_MANY_INSTANCES = 20_000
"""Above so many a picture takes long enough to draw that one in a second must do."""


def follow(
    client: Client, name: str, output: OutputFormat, *, resume_token: str = "", is_plain: bool = False
) -> ExitCode:
    """Follows the upgrade `name`, or the latest of the scale set `name`; how it ended.

    Raises:
        TidegateError: there is none, or the server stays away for too long.
    """
    console = results()
    if output is OutputFormat.JSON:
        return _write_documents(client, name, resume_token)
    # Without a snapshot there is nothing to draw: a resumed watch tells its events line by line.
    if is_plain or resume_token or not console.is_terminal or console.is_dumb_terminal:
        return _write_lines(client, name, resume_token, console)
    return draw(client, name, console)


def draw(client: Client, name: str, console: Console) -> ExitCode:
    """Follows it in a live view that stays when it is over."""
    picture = Picture()
    view = LiveView(picture)

    def tell_break(error: TidegateError) -> None:
        view.remark = f"connection lost, trying again: {error.message}"

    with (
        client.watch_rolling_upgrade(name, on_break=tell_break) as watch,
        Live(view, console=console, refresh_per_second=_FRAMES_PER_SECOND, vertical_overflow="crop") as live,
    ):
        for item in watch:
            picture.take(item)
            view.remark = ""
            if len(picture.statuses) > _MANY_INSTANCES:
                live.refresh_per_second = 1
        live.vertical_overflow = "visible"
    return code_of_status(picture.upgrade.status)


def _write_lines(client: Client, name: str, resume_token: str, console: Console) -> ExitCode:
    picture = Picture()
    with client.watch_rolling_upgrade(name, resume_token=resume_token, on_break=_remark_break) as watch:
        for item in watch:
            picture.take(item)
            for line in lines_of(item, picture):
                console.print(line, soft_wrap=True)
    return _outcome(client, name, picture)


def _write_documents(client: Client, name: str, resume_token: str) -> ExitCode:
    picture = Picture()
    with client.watch_rolling_upgrade(name, resume_token=resume_token, on_break=_remark_break) as watch:
        for item in watch:
            picture.take(item)
            typer.echo(_document(item, watch))
    return _outcome(client, name, picture)


def _outcome(client: Client, name: str, picture: Picture) -> ExitCode:
    """How it ended. A watch that went on after the last event is told nothing any more, so then the server is asked."""
    if picture.is_ended:
        return code_of_status(picture.upgrade.status)
    is_scale_set = "/rollingupgrades/" not in name.lower()
    ended = (
        client.get_latest_rolling_upgrade(name) if is_scale_set else client.get_rolling_upgrade(name).rolling_upgrade
    )
    return code_of_status(ended.status)


def _document(item: WatchItem, watch: Watch) -> str:
    """One line, the shape of the contract's WatchRollingUpgradeResponse."""
    kind = "snapshot" if isinstance(item, UpgradeSnapshot) else "event"
    return json.dumps({kind: document_of(item), "resumeToken": watch.resume_token}, ensure_ascii=False)


def _remark_break(error: TidegateError) -> None:
    remarks().print(f"connection lost, trying again: {error.message}", style="yellow", soft_wrap=True)
