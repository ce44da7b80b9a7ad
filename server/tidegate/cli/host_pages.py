"""Hosts in a table, and one host on a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from tidegate.cli.console import facts_grid, table
from tidegate.cli.short_names import group_and_name, last_part, moment_text, seconds_text
from tidegate_client.messages import ExtensionReport, HandlerReport, Host

_READY = frozenset({"ready"})
_WELL = frozenset({"success", "transitioning"})
_CLOCK_OFF_SECONDS = 60.0


def hosts_table(hosts: Iterable[Host]) -> RenderableType:
    """One line for each host."""
    return table(
        ["host", "scale set", "zone", "fault domain", "connected", "last heard", "goal state", "probe", "agent"],
        (
            [
                last_part(each.name),
                group_and_name(_scale_set(each.name)),
                each.zone or "-",
                str(each.fault_domain),
                _connected(each),
                _last_heard(each),
                _goal_state(each),
                each.probe_address or "-",
                each.agent_version,
            ]
            for each in hosts
        ),
        empty="No host has joined; make a token for one: tidegate host token",
    )


def host_page(host: Host) -> RenderableType:
    """One host with its handlers."""
    return Group(facts_grid(_facts(host)), Text(), _handlers(host.handlers))


def _facts(host: Host) -> Iterator[tuple[str, RenderableType]]:
    yield "host", host.name
    yield "zone", host.zone or "none"
    yield "fault domain", str(host.fault_domain)
    if host.labels:
        yield "labels", ", ".join(f"{name}={value}" for name, value in sorted(host.labels.items()))
    yield "probe", host.probe_address or "none: it cannot be probed"
    yield "agent", " on ".join(filter(None, [host.agent_version, host.platform]))
    yield "joined", moment_text(host.join_time)
    yield "connected", _connected(host)
    yield "last heard", _last_heard(host)
    yield "goal state", _goal_state(host)
    if host.HasField("clock_skew"):
        yield "clock", _clock(host.clock_skew.ToTimedelta().total_seconds())


def _scale_set(name: str) -> str:
    return name.rpartition("/virtualMachines/")[0]


def _connected(host: Host) -> Text:
    if host.is_silent:
        return Text("silent", style="red")
    return Text("yes") if host.is_connected else Text("no", style="red")


def _last_heard(host: Host) -> str:
    return moment_text(host.last_heard_time) if host.HasField("last_heard_time") else "never"


def _goal_state(host: Host) -> str:
    if host.reached_incarnation == host.goal_incarnation:
        return f"{host.reached_incarnation} reached"
    return f"{host.reached_incarnation} reached of {host.goal_incarnation}"


def _clock(ahead_seconds: float) -> Text:
    if abs(ahead_seconds) < 1.0:
        return Text("as the server's")
    told = f"{seconds_text(abs(ahead_seconds))} {'ahead' if ahead_seconds >= 0 else 'behind'}"
    return Text(told, style="red" if abs(ahead_seconds) > _CLOCK_OFF_SECONDS else "")


def _handlers(reports: Sequence[HandlerReport]) -> RenderableType:
    return table(
        ["handler", "version", "status", "code", "installed", ""],
        (row for report in reports for row in _rows(report)),
        empty="It has told of no handler.",
    )


def _rows(report: HandlerReport) -> Iterator[Sequence[RenderableType]]:
    yield [
        f"{report.publisher}.{report.type}",
        report.version,
        _status(report.status, well=report.status.lower() in _READY),
        str(report.code),
        " ".join(filter(None, [report.installed_version, report.handler_state.lower()])) or "-",
        report.message,
    ]
    yield from (_extension(extension) for extension in report.extensions)


def _extension(report: ExtensionReport) -> Sequence[RenderableType]:
    return [
        Text(f"  {report.extension_name}", style="dim"),
        Text(f"settings {report.sequence_number}", style="dim"),
        _status(report.status, well=report.status in _WELL),
        str(report.code),
        report.operation,
        report.message,
    ]


def _status(status: str, *, well: bool) -> Text:
    return Text(status, style="" if well else "red")
