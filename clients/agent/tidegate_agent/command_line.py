"""The command line of the agent: join, run, leave, status.

Law: stdout has the result and nothing else, stderr the log and what went wrong. A secret that is given on the command
line can be seen by everybody on the host, so a token may come from a file, from stdin or from the environment.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tidegate_agent.agent import AgentSettings
from tidegate_agent.exit_codes import MEANINGS
from tidegate_agent.identity import Identity, IdentityFolder
from tidegate_agent.join_token import TOKEN_VARIABLE, read_join_token
from tidegate_agent.joining import HostDescription, agent_version, join
from tidegate_agent.leaving import leave
from tidegate_agent.logs import LogFormat, LogLevel, set_up_logs
from tidegate_agent.problems import NotJoined, Problem
from tidegate_agent.root_lock import root_lock
from tidegate_agent.service import identity_of, serve, standing_of
from tidegate_agent.status_files import STATUS_WAIT_SECONDS
from tidegate_agent.status_page import standing_document, standing_page

_EXIT_CODES = "  \n".join(f"{code.value}: {meaning}" for code, meaning in MEANINGS.items())
_USUAL_ROOT = Path("/var/lib/tidegate-agent")
_WIDE = 200
_JOIN_SECONDS = 60.0
_PATIENT_JOIN_SECONDS = 600.0

app = typer.Typer(
    name="tidegate-agent",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    # A traceback with local variables could show a secret.
    pretty_exceptions_show_locals=False,
    help="Runs extension handlers on this host, and reports to a Tidegate server.",
    epilog=f"**Exit codes**\n\n{_EXIT_CODES}",
)


class OutputFormat(StrEnum):
    """For people, or for programs."""

    TABLE = "table"
    JSON = "json"


Root = Annotated[Path, typer.Option("--root", envvar="TIDEGATE_AGENT_ROOT", help="Where everything of the agent lies.")]
Server = Annotated[
    str,
    typer.Option(
        "--server",
        envvar="TIDEGATE_SERVER",
        metavar="HOST:PORT",
        help="The server to join; later on the one that was joined, unless it is named anew.",
        show_default=False,
    ),
]
Token = Annotated[
    str,
    typer.Option("--token", envvar=TOKEN_VARIABLE, help="A join token (tidegate host token).", show_default=False),
]
TokenFile = Annotated[
    str, typer.Option("--token-file", metavar="FILE", help="A file with one; - reads stdin.", show_default=False)
]
Name = Annotated[
    str, typer.Option("--name", help="The host's instance id; without one, its host name.", show_default=False)
]
Zone = Annotated[str, typer.Option("--zone", help="Its zone.", show_default=False)]
FaultDomain = Annotated[int, typer.Option("--fault-domain", min=0, help="Its fault domain.")]
Labels = Annotated[
    list[str] | None, typer.Option("--label", metavar="NAME=VALUE", help="A label; may be given more than once.")
]
ProbeAddress = Annotated[
    str,
    typer.Option(
        "--probe-address", metavar="HOST[:PORT]", help="Where the server sends its health probe.", show_default=False
    ),
]
Level = Annotated[LogLevel, typer.Option("--log-level", envvar="TIDEGATE_AGENT_LOG_LEVEL", help="From which on.")]
Format = Annotated[LogFormat, typer.Option("--log-format", help="How lines are written.")]


@app.command("join")
def join_verb(
    server: Server = "",
    token: Token = "",
    token_file: TokenFile = "",
    root: Root = _USUAL_ROOT,
    name: Name = "",
    zone: Zone = "",
    fault_domain: FaultDomain = 0,
    label: Labels = None,
    probe_address: ProbeAddress = "",
    log_level: Level = LogLevel.INFO,
    log_format: Format = LogFormat.KEYS,
) -> None:
    """Make this machine a host of the token's scale set."""
    set_up_logs(level=log_level, format_=log_format)
    text = _token_text(token, token_file)
    if not text:
        raise typer.BadParameter("Give a join token: --token-file FILE, or --token.")
    description = _description(name, zone, fault_domain, label, probe_address)
    with _problems(), root_lock(root):
        identity = asyncio.run(_join(root, server, text, description, _JOIN_SECONDS))
    typer.echo(identity.host)


@app.command("run")
def run_verb(
    server: Server = "",
    token: Token = "",
    token_file: TokenFile = "",
    root: Root = _USUAL_ROOT,
    name: Name = "",
    zone: Zone = "",
    fault_domain: FaultDomain = 0,
    label: Labels = None,
    probe_address: ProbeAddress = "",
    look_seconds: Annotated[
        float, typer.Option("--look-seconds", min=0.05, help="How often handlers' status files are looked at.")
    ] = 5.0,
    status_wait_seconds: Annotated[
        float,
        typer.Option("--status-wait-seconds", min=0.0, help="How long an extension may take to say how it ended."),
    ] = STATUS_WAIT_SECONDS,
    grace_seconds: Annotated[
        float, typer.Option("--grace-seconds", min=0.0, help="How long a running command may go on after SIGTERM.")
    ] = 20.0,
    log_level: Level = LogLevel.INFO,
    log_format: Format = LogFormat.KEYS,
) -> None:
    """Run the agent until SIGTERM. With a token, join first where this has not been done yet."""
    set_up_logs(level=log_level, format_=log_format)
    description = _description(name, zone, fault_domain, label, probe_address)
    settings = AgentSettings(
        look_seconds=look_seconds, status_wait_seconds=status_wait_seconds, grace_seconds=grace_seconds
    )
    with _problems(), root_lock(root):
        text = "" if IdentityFolder(root).has_joined else _token_text(token, token_file)
        join_first = partial(_join, root, server, text, description, _PATIENT_JOIN_SECONDS) if text else None
        code = asyncio.run(
            serve(root, server=server, join_first=join_first, probe_address=probe_address, settings=settings)
        )
    raise typer.Exit(code)


@app.command("leave")
def leave_verb(
    root: Root = _USUAL_ROOT,
    server: Server = "",
    force: Annotated[bool, typer.Option("--force", help="Forget this host also where no server can be told.")] = False,
    log_level: Level = LogLevel.INFO,
    log_format: Format = LogFormat.KEYS,
) -> None:
    """Leave the scale set for good, and forget who this host was. What it runs stays as it is."""
    set_up_logs(level=log_level, format_=log_format)
    with _problems():
        if not IdentityFolder(root).has_joined:
            raise NotJoined(str(root))
        with root_lock(root):
            asyncio.run(leave(root, identity=identity_of(root, server), force=force))


@app.command("status")
def status_verb(
    root: Root = _USUAL_ROOT,
    output: Annotated[OutputFormat, typer.Option("--output", "-o", help="For people, or JSON.")] = OutputFormat.TABLE,
) -> None:
    """Show who this host is and how its handlers stand; needs no server."""
    with _problems():
        standing = asyncio.run(standing_of(root))
    if output is OutputFormat.JSON:
        typer.echo(json.dumps(standing_document(standing), indent=2, ensure_ascii=False))
    else:
        console = Console(highlight=False, markup=False, emoji=False)
        if not console.is_terminal:
            console.width = _WIDE
        console.print(standing_page(standing))


async def _join(root: Path, server: str, text: str, description: HostDescription, patience_seconds: float) -> Identity:
    if not server:
        raise typer.BadParameter("Name the server to join: --server HOST:PORT.")
    token = read_join_token(text)
    return await join(
        IdentityFolder(root), server=server, token=token, description=description, patience_seconds=patience_seconds
    )


def _token_text(token: str, token_file: str) -> str:
    if not token_file:
        return token
    if token_file == "-":
        return sys.stdin.read()
    try:
        return Path(token_file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as unreadable:
        why = unreadable.strerror if isinstance(unreadable, OSError) else "it is no text"
        raise typer.BadParameter(f"{token_file} cannot be read: {why}.") from unreadable


def _description(
    name: str, zone: str, fault_domain: int, labels: list[str] | None, probe_address: str
) -> HostDescription:
    wrong = [label for label in labels or [] if not label.partition("=")[0] or "=" not in label]
    if wrong:
        raise typer.BadParameter(f"Write a label as NAME=VALUE, not as {wrong[0]!r}.")
    return HostDescription(
        instance_id=name or socket.gethostname().partition(".")[0],
        zone=zone,
        fault_domain=fault_domain,
        labels=dict(label.split("=", 1) for label in labels or []),
        probe_address=probe_address,
    )


@contextmanager
def _problems() -> Iterator[None]:
    """What went wrong is told on stderr, with what to do, and the command ends with its exit code."""
    try:
        yield
    except Problem as problem:
        typer.echo(f"error: {problem.message}", err=True)
        typer.echo(f"advice: {problem.advice}", err=True)
        raise typer.Exit(problem.exit_code) from problem


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tidegate-agent {agent_version()}")
        raise typer.Exit


@app.callback()
def top(
    _: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    # What every invocation takes before its verb. A docstring here would take the place of the help above.
    return
