"""How a host stands, for a person and for a program: read from its root, without a server and beside a running agent.

Law: what a handler wrote is shown as it is, never read as markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf.json_format import MessageToDict
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tidegate_agent.identity import Identity
from tidegate_agent.messages import report_messages
from tidegate_agent.report import ExtensionReport, HandlerReport

_READY = frozenset({"ready"})
_WELL = frozenset({"success", "transitioning"})


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStanding:
    """What is known of a host from its root."""

    identity: Identity
    is_running: bool
    """An agent works in the root now."""
    reached_incarnation: int
    begun_incarnation: int
    """Of the goal state that was begun and not worked through; 0 for none."""
    unacknowledged: int
    """Results that the server has not acknowledged."""
    handlers: tuple[HandlerReport, ...]

    @property
    def is_well(self) -> bool:
        """Whether every handler and every extension of it is."""
        return all(
            handler.status.lower() in _READY and all(each.status in _WELL for each in handler.extensions)
            for handler in self.handlers
        )


def standing_page(standing: HostStanding) -> RenderableType:
    """One page: who the host is, then a line for each handler and each extension."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in _facts(standing):
        facts.add_row(name, Text(value))
    if not standing.handlers:
        return Group(facts, Text(), Text("It has no handlers."))
    return Group(facts, Text(), _handlers(standing.handlers))


def _facts(standing: HostStanding) -> Iterator[tuple[str, str]]:
    identity = standing.identity
    yield "host", identity.host
    yield "server", identity.server
    yield "agent", "runs" if standing.is_running else "does not run"
    if identity.tls is not None:
        yield "certificate", f"expires {identity.tls.expires_at:%Y-%m-%d %H:%M:%S} UTC"
    yield "thumbprint", identity.thumbprint
    yield (
        "goal state",
        f"{standing.reached_incarnation} reached"
        + (f", {standing.begun_incarnation} begun" if standing.begun_incarnation else ""),
    )
    if standing.unacknowledged:
        yield "results", f"{standing.unacknowledged} not yet acknowledged by the server"


def _handlers(reports: Sequence[HandlerReport]) -> Table:
    grid = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for title in ("handler", "version", "status", "code", "installed", ""):
        grid.add_column(title, overflow="fold")
    for report in reports:
        installed = " ".join(filter(None, [report.installed_version, report.handler_state.lower()])) or "-"
        grid.add_row(
            Text(f"{report.publisher}.{report.type}"),
            Text(report.version),
            Text(report.status, style="" if report.status.lower() in _READY else "red"),
            Text(str(report.code)),
            Text(installed),
            Text(_one_line(report.message)),
        )
        for extension in report.extensions:
            grid.add_row(*_extension(extension))
    return grid


def _extension(report: ExtensionReport) -> tuple[Text, ...]:
    return (
        Text(f"  {report.extension_name}", style="dim"),
        Text(f"settings {report.sequence_number}", style="dim"),
        Text(report.status, style="" if report.status in _WELL else "red"),
        Text(str(report.code)),
        Text(report.operation),
        Text(_one_line(report.message)),
    )


def _one_line(text: str, most: int = 200) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]}..."


def standing_document(standing: HostStanding) -> dict[str, Any]:  # a JSON object
    """The same as a JSON object; handlers are the contract's HandlerReport, nothing left out."""
    tls = standing.identity.tls
    return {
        "host": standing.identity.host,
        "server": standing.identity.server,
        "isRunning": standing.is_running,
        "isWell": standing.is_well,
        "thumbprint": standing.identity.thumbprint,
        "certificateExpireTime": None if tls is None else tls.expires_at.isoformat(),
        "reachedIncarnation": standing.reached_incarnation,
        "begunIncarnation": standing.begun_incarnation,
        "unacknowledgedResults": standing.unacknowledged,
        "handlers": [
            MessageToDict(message, always_print_fields_with_no_presence=True)
            for message in report_messages(standing.handlers)
        ],
    }
