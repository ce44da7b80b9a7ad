"""Hosts, in a table and on a page."""

from google.protobuf.duration_pb2 import Duration

from tests.cli.samples import SCALE_SET, at, page
from tidegate.cli.host_pages import host_page, hosts_table
from tidegate_client.messages import ExtensionReport, HandlerReport, Host

WELL = HandlerReport(
    publisher="Tests",
    type="Agent",
    version="1.2",
    status="Ready",
    installed_version="1.2",
    handler_state="Enabled",
    message="Plugin enabled",
    extensions=[
        ExtensionReport(extension_name="agent", sequence_number=3, status="success", operation="Enable", message="up")
    ],
)
FAILED = HandlerReport(publisher="Tests", type="Other", version="2.0", status="NotReady", code=1009, message="[bold]")
WEB_7 = Host(
    name=f"{SCALE_SET}/virtualMachines/web-7",
    zone="2",
    fault_domain=1,
    labels={"b": "2", "a": "1"},
    probe_address="127.0.0.1:8080",
    agent_version="0.1.0",
    platform="linux x86_64",
    join_time=at(0),
    last_heard_time=at(60),
    is_connected=True,
    clock_skew=Duration(seconds=-86_400),
    goal_incarnation=5,
    reached_incarnation=4,
    handlers=[WELL, FAILED],
)


def test_hosts_have_a_line_each() -> None:
    silent = Host(name=f"{SCALE_SET}/virtualMachines/web-8", goal_incarnation=2, reached_incarnation=2)
    lines = page(hosts_table([WEB_7, silent]), width=200).splitlines()
    assert lines[1].split()[:5] == ["web-7", "shop/web", "2", "1", "yes"]
    assert "2026-01-01 00:01:00 UTC  4 reached of 5  127.0.0.1:8080" in lines[1]
    assert lines[2].split() == ["web-8", "shop/web", "-", "0", "no", "never", "2", "reached", "-"]


def test_a_host_that_says_nothing_is_silent_whether_or_not_its_stream_is_open() -> None:
    for is_connected in (True, False):
        silent = Host(name=f"{SCALE_SET}/virtualMachines/web-8", is_connected=is_connected, is_silent=True)
        assert page(hosts_table([silent]), width=200).splitlines()[1].split()[4] == "silent"
    assert "tidegate host token" in page(hosts_table([]))


def test_a_host_shows_who_it_is_and_how_its_handlers_stand() -> None:
    shown = page(host_page(WEB_7), width=200)
    for text in (
        f"{SCALE_SET}/virtualMachines/web-7",
        "a=1, b=2",
        "0.1.0 on linux x86_64",
        "2026-01-01 00:00:00 UTC",
        "4 reached of 5",
        "24 h 0 min behind",
    ):
        assert text in shown
    lines = [line.split() for line in shown.splitlines()]
    assert ["Tests.Agent", "1.2", "Ready", "0", "1.2", "enabled", "Plugin", "enabled"] in lines
    assert ["agent", "settings", "3", "success", "0", "Enable", "up"] in lines
    assert ["Tests.Other", "2.0", "NotReady", "1009", "-", "[bold]"] in lines


def test_a_clock_that_is_right_is_neither_ahead_nor_behind() -> None:
    shown = page(host_page(Host(name="h", join_time=at(0), clock_skew=Duration(nanos=-8_000_000))), width=200)
    assert "as the server's" in shown


def test_a_host_without_handlers_says_so() -> None:
    shown = page(host_page(Host(name="h", join_time=at(0))), width=200)
    assert "It has told of no handler." in shown
    assert "it cannot be probed" in shown
    assert "clock" not in shown
