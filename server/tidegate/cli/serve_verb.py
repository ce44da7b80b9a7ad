"""The verb `tidegate serve`: reads its options, runs a server until it is told to stop."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from tidegate.cli.console import remarks
from tidegate.cli.exit_codes import ExitCode
from tidegate.cli.garbage import look_seldom_for_garbage
from tidegate.cli.logs import LogFormat, LogLevel, set_up_logs
from tidegate.cli.settings import (
    IN_MEMORY,
    USUAL_LISTEN,
    Address,
    FleetKind,
    MalformedAddress,
    Settings,
    usual_data_folder,
)
from tidegate.cli.shipped_rules import shipped_rules_path

_OPEN_DOOR = (
    "{address} can be reached from other machines, and whoever reaches it may start and cancel upgrades: "
    "there is no password. Say --listen-anywhere if that is meant."
)


def serve(
    listen: Annotated[
        str, typer.Option("--listen", envvar="TIDEGATE_LISTEN", metavar="HOST:PORT", help="Port 0 takes a free one.")
    ] = USUAL_LISTEN,
    listen_anywhere: Annotated[
        bool, typer.Option("--listen-anywhere", help="Allow a --listen that other machines can reach.")
    ] = False,
    data: Annotated[
        str,
        typer.Option(
            "--data",
            envvar="TIDEGATE_DATA",
            metavar="DIR",
            help=f"Where the journal is kept; {IN_MEMORY} forgets all at the end. [default: the user's data folder]",
            show_default=False,
        ),
    ] = "",
    policies: Annotated[
        Path | None,
        typer.Option(
            "--policies",
            envvar="TIDEGATE_POLICIES",
            metavar="DIR",
            help="The folder of the policies, looked at every few seconds. [default: the shipped ones]",
            show_default=False,
        ),
    ] = None,
    fleet: Annotated[FleetKind, typer.Option("--fleet", help="What runs the machines.")] = FleetKind.SIMULATED,
    scenario: Annotated[
        Path | None,
        typer.Option("--scenario", metavar="FILE", help="How the simulated fleet behaves: YAML.", show_default=False),
    ] = None,
    max_active: Annotated[
        int | None, typer.Option("--max-active", min=1, help="Rolling upgrades at once.", show_default=False)
    ] = None,
    log_level: Annotated[LogLevel, typer.Option("--log-level", envvar="TIDEGATE_LOG_LEVEL")] = LogLevel.INFO,
    log_format: Annotated[LogFormat, typer.Option("--log-format", envvar="TIDEGATE_LOG_FORMAT")] = LogFormat.CONSOLE,
) -> None:
    """Run a server until SIGINT or SIGTERM. Upgrades under way go on when it is started again."""
    settings = Settings(
        address=_address(listen, listen_anywhere),
        data=None if data == IN_MEMORY else Path(data) if data else usual_data_folder(),
        policies=policies or shipped_rules_path(),
        policies_shown_as=str(policies) if policies else "rules",
        fleet=fleet,
        scenario=scenario,
        max_active=max_active,
    )
    # The server's parts take half a second to load, which who only asks a question should not wait for.
    from tidegate.cli.assembly import CannotServe

    set_up_logs(level=log_level, format_=log_format, for_good=True)
    look_seldom_for_garbage()
    try:
        with asyncio.Runner(loop_factory=_quickest_loop()) as runner:
            runner.run(_serve(settings))
    except CannotServe as cannot:
        remarks().print(f"error: {cannot}", style="bold red", soft_wrap=True)
        raise typer.Exit(ExitCode.REFUSED) from cannot


def _address(listen: str, listen_anywhere: bool) -> Address:
    try:
        address = Address.parse(listen)
    except MalformedAddress as malformed:
        raise typer.BadParameter(str(malformed)) from malformed
    if not (address.is_loopback or listen_anywhere):
        raise typer.BadParameter(_OPEN_DOOR.format(address=address))
    return address


async def _serve(settings: Settings) -> None:
    from tidegate.cli.assembly import assemble

    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _stop, loop, told)
    async with assemble(settings) as house:
        where = settings.data or "memory"
        typer.echo(f"Tidegate serves {house.address} (data: {where}, policies: {settings.policies})")
        sys.stdout.flush()
        await told.wait()


def _stop(loop: asyncio.AbstractEventLoop, told: asyncio.Event) -> None:
    # Whoever asks a second time does not want to wait for the first.
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.remove_signal_handler(number)
    told.set()


def _quickest_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop's, where the extra `speed` is installed."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop
    make_loop: Callable[[], asyncio.AbstractEventLoop] = importlib.import_module("uvloop").new_event_loop
    return make_loop
