"""The verb `tidegate demo`: everything there is, within a minute, on this machine, without leaving a trace."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from tidegate.cli.calling import calling
from tidegate.cli.console import results
from tidegate.cli.logs import LogFormat, LogLevel, set_up_logs
from tidegate.cli.settings import Address, Settings
from tidegate.cli.shipped_rules import shipped_rules_path

_READING_SECONDS = 2.5


def demo(
    speed: Annotated[
        float, typer.Option("--speed", min=0.1, max=100, help="So many times as quick.", show_default=False)
    ] = 1.0,
    plain: Annotated[bool, typer.Option("--plain", help="Lines instead of the live view.")] = False,
) -> None:
    """Watch three scale sets: one is upgraded, one is stopped in time, one may not begin."""
    # The server's parts take half a second to load, which who only asks a question should not wait for.
    from tidegate.cli.demo.definitions import scenario_text
    from tidegate.cli.demo.embedded import embedded_server
    from tidegate.cli.demo.story import Story
    from tidegate.cli.stage import Stage

    set_up_logs(level=LogLevel.ERROR, format_=LogFormat.CONSOLE)
    console = results()
    is_drawn = console.is_terminal and not console.is_dumb_terminal and not plain
    reading_seconds = _READING_SECONDS / speed if is_drawn else 0.0
    stage = Stage(console=console, is_drawn=is_drawn, reading_seconds=reading_seconds)
    with tempfile.TemporaryDirectory(prefix="tidegate-demo-") as folder:
        scenario = Path(folder) / "fleet.yaml"
        scenario.write_text(scenario_text(speed), encoding="utf-8")
        settings = Settings(
            address=Address(host="127.0.0.1", port=0),
            data=Path(folder) / "data",
            policies=shipped_rules_path(),
            policies_shown_as="rules",
            scenario=scenario,
        )
        with embedded_server(settings) as address, calling(str(address)) as client:
            Story(client, stage, speed).tell()
