"""Following an upgrade: drawn, in lines, or as JSON; over breaks of the connection."""

import io
import json
from collections.abc import Iterator

import grpc
import pytest
from rich.console import Console

from tests.cli.samples import SCALE_SET, UPGRADE, event, instances, snapshot, upgrade
from tests.client.scripted_server import Fails, ScriptedServer
from tidegate.cli.console import OutputFormat
from tidegate.cli.exit_codes import ExitCode
from tidegate.cli.following import draw, follow
from tidegate.v1.rolling_upgrade_service_pb2 import (
    GetLatestRollingUpgradeResponse,
    GetRollingUpgradeResponse,
    WatchRollingUpgradeResponse,
)
from tidegate_client import Client, Retry
from tidegate_client.messages import EventType, InstanceStatus, Phase, StatusCode, UpgradeEvent, UpgradeSnapshot

AT_ONCE = Retry(attempts=5, first_seconds=0.0, most_seconds=0.0)
GONE = Fails(code=grpc.StatusCode.UNAVAILABLE, message="Socket closed")
WAITING = InstanceStatus.INSTANCE_STATUS_WAITING


def response(item: UpgradeSnapshot | UpgradeEvent) -> WatchRollingUpgradeResponse:
    if isinstance(item, UpgradeSnapshot):
        return WatchRollingUpgradeResponse(snapshot=item, resume_token="t7")
    return WatchRollingUpgradeResponse(event=item, resume_token=f"t{item.sequence}")


def end(sequence: int) -> UpgradeEvent:
    return event(
        sequence,
        EventType.EVENT_TYPE_UPGRADE_FAULTED,
        status=StatusCode.STATUS_CODE_FAULTED,
        phase=Phase.PHASE_ENDED,
    )


@pytest.fixture
def client() -> Iterator[Client]:
    """A client of a server that goes away once in the middle of a watch."""
    first = [response(snapshot(instances(WAITING, WAITING))), response(event(8, EventType.EVENT_TYPE_WAVE_BEGAN, "0"))]
    second = [response(event(9, EventType.EVENT_TYPE_INSTANCE_FAILED, "0", code="E")), response(end(10))]
    with ScriptedServer() as server:
        server.script_stream("WatchRollingUpgrade", *first, GONE)
        server.script_stream("WatchRollingUpgrade", *second)
        with Client(server.target, watch_retry=AT_ONCE) as connected:
            yield connected


def test_lines_go_on_over_a_break_which_is_remarked(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    assert follow(client, UPGRADE, OutputFormat.TABLE) is ExitCode.FAULTED
    captured = capsys.readouterr()
    assert captured.err == "connection lost, trying again: Socket closed\n"
    lines = captured.out.splitlines()
    assert [line.split("  ")[1] for line in lines[3:]] == [
        "upgrading 0",
        "0 failed: E: ",
        "Faulted after 10 s: 0 done, 0 failed, 0 under way, 0 waiting",
    ]


def test_json_has_every_event_once(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    assert follow(client, UPGRADE, OutputFormat.JSON) is ExitCode.FAULTED
    first, *rest = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["snapshot"]["instances"][0]["status"] == "INSTANCE_STATUS_WAITING"
    assert [(line["event"]["sequence"], line["resumeToken"]) for line in rest] == [
        ("8", "t8"),
        ("9", "t9"),
        ("10", "t10"),
    ]


def test_a_terminal_is_drawn_on_and_keeps_the_last_picture(client: Client) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80, height=24, no_color=True)
    assert draw(client, UPGRADE, console) is ExitCode.FAULTED
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "shop/web" in shown
    assert " after 10 s: 0 done" in shown.splitlines()[-2]


@pytest.mark.parametrize("output", list(OutputFormat))
@pytest.mark.parametrize("name", [UPGRADE, SCALE_SET])
def test_a_watch_resumed_after_the_last_event_still_tells_how_it_ended(name: str, output: OutputFormat) -> None:
    faulted = upgrade()
    faulted.status = StatusCode.STATUS_CODE_FAULTED
    with ScriptedServer() as server:
        for _ in range(2):
            server.script_stream("WatchRollingUpgrade")
        server.script("GetRollingUpgrade", GetRollingUpgradeResponse(rolling_upgrade=faulted))
        server.script("GetLatestRollingUpgrade", GetLatestRollingUpgradeResponse(rolling_upgrade=faulted))
        with Client(server.target, watch_retry=AT_ONCE) as client:
            assert follow(client, name, output, resume_token="t10") is ExitCode.FAULTED
