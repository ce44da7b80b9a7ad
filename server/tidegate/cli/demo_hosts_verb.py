"""The verb `tidegate demo-hosts`: hosts, agents, handlers and probes, all real, on this machine, leaving no trace."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from tidegate.cli.console import remarks, results
from tidegate.cli.exit_codes import ExitCode

_READING_SECONDS = 3.0


def demo_hosts(
    hosts: Annotated[int, typer.Option("--hosts", min=8, max=40, help="How many.")] = 8,
    plain: Annotated[bool, typer.Option("--plain", help="Lines instead of the live view.")] = False,
) -> None:
    """Watch real agents run a real handler: a good version survives two kills, a bad one is brought back."""
    # What the story needs takes half a second to load, which who only asks a question should not wait for.
    from tidegate.cli.demo_hosts.farm import Farm
    from tidegate.cli.demo_hosts.programs import DidNotBegin
    from tidegate.cli.demo_hosts.story import HostsNotReady, Story, policies_folder
    from tidegate.cli.refusal_lines import refusal_lines
    from tidegate.cli.stage import Stage
    from tidegate_client import Client, Retry, TidegateError

    if sys.platform == "win32":
        raise typer.BadParameter("handlers are run as on Linux; this demo needs Linux or a Mac")
    console = results()
    is_drawn = console.is_terminal and not console.is_dumb_terminal and not plain
    stage = Stage(console=console, is_drawn=is_drawn, reading_seconds=_READING_SECONDS if is_drawn else 0.0)
    # The server is killed meanwhile: whoever asks it then asks again until it is back.
    patience = Retry(attempts=100, first_seconds=0.05, most_seconds=0.5)
    with tempfile.TemporaryDirectory(prefix="tidegate-demo-") as folder:
        try:
            with (
                Farm(Path(folder), policies=policies_folder(), host_count=hosts) as farm,
                Client(farm.address, retry=patience, watch_retry=patience, timeout_seconds=30.0) as client,
            ):
                Story(farm, client, stage).tell()
        except TidegateError as error:
            for line in refusal_lines(error):
                remarks().print(line, soft_wrap=True)
            raise typer.Exit(ExitCode.REFUSED) from error
        except (DidNotBegin, HostsNotReady) as mishap:
            remarks().print(f"error: {mishap}", style="bold red", soft_wrap=True)
            raise typer.Exit(ExitCode.REFUSED) from mishap
