"""The verbs of `tidegate host`: token, list, show, remove."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from tidegate.cli.calling import calling
from tidegate.cli.console import OutputFormat, remarks, show, show_all
from tidegate.cli.host_pages import host_page, hosts_table
from tidegate.cli.naming import instance_of, scale_set_name
from tidegate.cli.options import USUAL_SERVER, Group, Name, Output, ScaleSet, Server, Subscription
from tidegate.cli.short_names import moment_text
from tidegate.domain.duration import MalformedDuration, parse_duration
from tidegate_client.messages import CreateJoinTokenResponse

verbs = typer.Typer(no_args_is_help=True, help="Let real machines join, see them, and let them go.")

HostWords = Annotated[
    list[str],
    typer.Argument(
        metavar="HOST", help="The host's name as listed, SCALE_SET HOST, or HOST with -g and -n.", show_default=False
    ),
]


@verbs.command("token")
def token(
    scale_set: ScaleSet = "",
    group: Group = "",
    name: Name = "",
    subscription: Subscription = "",
    instance_id: Annotated[
        str, typer.Option("--instance-id", help="Only the host of this name may use it.", show_default=False)
    ] = "",
    time_to_live: Annotated[
        str, typer.Option("--ttl", metavar="DURATION", help="How long it is good for: PT1M to P30D.")
    ] = "PT1H",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write it to a file that only you can read, not to stdout."),
    ] = None,
    server: Server = USUAL_SERVER,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Make a token with which one host may join a scale set, once: `tidegate-agent join --token-file FILE`."""
    target = scale_set_name(scale_set, group=group, name=name, subscription=subscription)
    length = _length(time_to_live)
    if out is not None and out.exists():
        # A token must not end up in a file that others can read already, or take the place of something else.
        raise typer.BadParameter(f"{out} exists already; name another file, or remove it.")
    with calling(server) as client:
        made = client.create_join_token(target, instance_id=instance_id, time_to_live=length)
        if out is not None:
            _write_privately(out, made.token)
            made.ClearField("token")
        _tell(made, output, out)


def _length(text: str) -> timedelta:
    try:
        return timedelta(seconds=parse_duration(text))
    except (MalformedDuration, OverflowError) as malformed:
        raise typer.BadParameter(f"--ttl {text!r} is no such duration: write PT1M to P30D.") from malformed


def _write_privately(path: Path, text: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as refused:
        raise typer.BadParameter(f"{path} cannot be written: {os.strerror(refused.errno or 0)}.") from refused
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{text}\n")


def _tell(made: CreateJoinTokenResponse, output: OutputFormat, out: Path | None) -> None:
    if output is OutputFormat.JSON:
        show(output, made, lambda: "")
        return
    if out is None:
        # In one piece, so that it can be copied or piped.
        typer.echo(made.token)
    told = f"It is good for one host until {moment_text(made.expire_time)}"
    remarks().print(f"{told}, and stands in {out}." if out is not None else f"{told}.", style="dim", soft_wrap=True)


@verbs.command("list")
def list_hosts(
    scale_set: ScaleSet = "",
    group: Group = "",
    name: Name = "",
    subscription: Subscription = "",
    server: Server = USUAL_SERVER,
    output: Output = OutputFormat.TABLE,
) -> None:
    """List the hosts that have joined, of one scale set or of all."""
    is_named = scale_set or group or name
    target = scale_set_name(scale_set, group=group, name=name, subscription=subscription) if is_named else ""
    with calling(server) as client:
        listed = list(client.list_hosts(scale_set=target))
        show_all(output, listed, lambda: hosts_table(listed))


@verbs.command("show")
def show_host(
    host: HostWords,
    group: Group = "",
    name: Name = "",
    subscription: Subscription = "",
    server: Server = USUAL_SERVER,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Show one host with what its agent last said of its handlers."""
    target = _host_name(host, group=group, name=name, subscription=subscription)
    with calling(server) as client:
        found = client.get_host(target)
        show(output, found, lambda: host_page(found))


@verbs.command("remove")
def remove(
    host: HostWords,
    group: Group = "",
    name: Name = "",
    subscription: Subscription = "",
    server: Server = USUAL_SERVER,
) -> None:
    """Let a host go, whether it can be reached or not. What it runs stays as it is; its agent ends."""
    target = _host_name(host, group=group, name=name, subscription=subscription)
    with calling(server) as client:
        client.remove_host(target)


def _host_name(words: list[str], *, group: str, name: str, subscription: str) -> str:
    scale_set, instance_id = instance_of(words, group=group, name=name, subscription=subscription)
    return f"{scale_set}/virtualMachines/{instance_id}"
