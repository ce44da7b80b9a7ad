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
from tidegate.cli.tls_options import TlsCertificate, TlsClientsCa, TlsFolder, TlsKey, TlsNames, read_tls_options
from tidegate.domain.duration import MalformedDuration, parse_duration

Listen = Annotated[
    str, typer.Option("--listen", envvar="TIDEGATE_LISTEN", metavar="HOST:PORT", help="Port 0 takes a free one.")
]
Data = Annotated[
    str,
    typer.Option(
        "--data",
        envvar="TIDEGATE_DATA",
        metavar="DIR",
        help=f"Where the journal is kept; {IN_MEMORY} forgets all at the end. [default: the user's data folder]",
        show_default=False,
    ),
]
Policies = Annotated[
    Path | None,
    typer.Option(
        "--policies",
        envvar="TIDEGATE_POLICIES",
        metavar="DIR",
        help="The folder of the policies, looked at every few seconds. [default: the shipped ones]",
        show_default=False,
    ),
]
Fleet = Annotated[FleetKind, typer.Option("--fleet", help="What runs the machines.")]
Scenario = Annotated[
    Path | None,
    typer.Option("--scenario", metavar="FILE", help="How the simulated fleet behaves: YAML.", show_default=False),
]
Heartbeat = Annotated[
    str, typer.Option("--heartbeat", metavar="DURATION", help="A host says something at least this often.")
]
Silence = Annotated[
    str, typer.Option("--silence", metavar="DURATION", help="A host silent for so long counts as Unknown.")
]
ProbeNetworks = Annotated[
    list[str] | None,
    typer.Option(
        "--probe-network",
        metavar="CIDR",
        help="Probe hosts only in this network; may be repeated. [default: all but reserved ones]",
        show_default=False,
    ),
]
MostActive = Annotated[
    int | None, typer.Option("--max-active", min=1, help="Rolling upgrades at once.", show_default=False)
]
Level = Annotated[LogLevel, typer.Option("--log-level", envvar="TIDEGATE_LOG_LEVEL")]
Format = Annotated[LogFormat, typer.Option("--log-format", envvar="TIDEGATE_LOG_FORMAT")]


def serve(
    listen: Listen = USUAL_LISTEN,
    data: Data = "",
    policies: Policies = None,
    fleet: Fleet = FleetKind.SIMULATED,
    scenario: Scenario = None,
    heartbeat: Heartbeat = "PT15S",
    silence: Silence = "PT1M",
    probe_network: ProbeNetworks = None,
    tls: TlsFolder = None,
    tls_name: TlsNames = None,
    tls_certificate: TlsCertificate = None,
    tls_key: TlsKey = None,
    tls_clients_ca: TlsClientsCa = None,
    max_active: MostActive = None,
    log_level: Level = LogLevel.INFO,
    log_format: Format = LogFormat.CONSOLE,
) -> None:
    """Run a server until SIGINT or SIGTERM. Upgrades under way go on when it is started again."""
    address = _address(listen)
    settings = Settings(
        address=address,
        data=None if data == IN_MEMORY else Path(data) if data else usual_data_folder(),
        policies=policies or shipped_rules_path(),
        policies_shown_as=str(policies) if policies else "rules",
        fleet=fleet,
        scenario=scenario,
        heartbeat_seconds=_seconds(heartbeat, "--heartbeat"),
        silence_seconds=_longer(_seconds(silence, "--silence"), _seconds(heartbeat, "--heartbeat")),
        probe_networks=tuple(probe_network or ()),
        max_active=max_active,
        tls=read_tls_options(
            folder=tls,
            names=tls_name,
            certificate=tls_certificate,
            key=tls_key,
            clients_ca=tls_clients_ca,
            address=address,
            fleet=fleet,
        ),
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


def _address(listen: str) -> Address:
    try:
        return Address.parse(listen)
    except MalformedAddress as malformed:
        raise typer.BadParameter(str(malformed)) from malformed


def _seconds(duration: str, option: str) -> float:
    try:
        seconds = parse_duration(duration)
    except MalformedDuration as malformed:
        raise typer.BadParameter(str(malformed), param_hint=option) from malformed
    if not 1.0 <= seconds <= 86_400.0:
        raise typer.BadParameter("write a duration from PT1S to P1D", param_hint=option)
    return seconds


def _longer(silence_seconds: float, heartbeat_seconds: float) -> float:
    """The first, which must be the longer one, or every host would be silent between two signs of life."""
    if silence_seconds <= heartbeat_seconds:
        raise typer.BadParameter("write a longer duration than --heartbeat has", param_hint="--silence")
    return silence_seconds


async def _serve(settings: Settings) -> None:
    from tidegate.cli.assembly import assemble

    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _stop, loop, told)
    async with assemble(settings) as house:
        where = settings.data or "memory"
        speaks = "" if settings.tls is None else ", TLS"
        typer.echo(f"Tidegate serves {house.address} (data: {where}, policies: {settings.policies}{speaks})")
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
