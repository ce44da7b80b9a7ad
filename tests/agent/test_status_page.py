"""How a host stands, on a page and as a document."""

import io
from dataclasses import replace
from datetime import UTC, datetime

from rich.console import Console

from tests.agent.authorities import TestAuthority
from tidegate_agent.identity import HostTls, Identity
from tidegate_agent.report import ExtensionReport, HandlerReport
from tidegate_agent.status_page import HostStanding, standing_document, standing_page

WELL = HandlerReport(
    publisher="Tests",
    type="Agent",
    version="1.2",
    status="Ready",
    installed_version="1.2",
    handler_state="Enabled",
    message="Plugin enabled",
    extensions=(
        ExtensionReport(extension_name="agent", sequence_number=3, status="success", operation="Enable", message="up"),
    ),
)
FAILED = HandlerReport(
    publisher="Tests",
    type="Other",
    version="2.0",
    status="NotReady",
    code=1009,
    message="[red]over\nlines" + " x" * 500,
)
STANDING = HostStanding(
    identity=Identity(
        host="/ss/virtualMachines/web-7", server="tidegate:50551", credential="hush", thumbprint="AB12", tls=None
    ),
    is_running=True,
    reached_incarnation=4,
    begun_incarnation=0,
    unacknowledged=0,
    handlers=(WELL,),
)


def shown(standing: HostStanding) -> str:
    console = Console(file=io.StringIO(), width=250, no_color=True, markup=False, emoji=False, highlight=False)
    with console.capture() as captured:
        console.print(standing_page(standing))
    return captured.get()


def test_a_host_that_is_well() -> None:
    page = shown(STANDING)
    for text in ("/ss/virtualMachines/web-7", "tidegate:50551", "runs", "AB12", "4 reached"):
        assert text in page
    lines = [line.split() for line in page.splitlines()]
    assert ["Tests.Agent", "1.2", "Ready", "0", "1.2", "enabled", "Plugin", "enabled"] in lines
    assert ["agent", "settings", "3", "success", "0", "Enable", "up"] in lines
    assert "results" not in page
    assert "certificate" not in page
    assert "hush" not in page


def test_a_host_that_is_not() -> None:
    authority = TestAuthority()
    pair = authority.issue()
    tls = HostTls(
        authority_certificate=authority.certificate,
        certificate=pair.certificate,
        key=pair.key,
        received_at=datetime.now(UTC),
    )
    standing = replace(
        STANDING,
        identity=replace(STANDING.identity, tls=tls),
        is_running=False,
        begun_incarnation=5,
        unacknowledged=2,
        handlers=(WELL, FAILED),
    )
    page = shown(standing)
    for text in (
        "does not run",
        "4 reached, 5 begun",
        "2 not yet acknowledged",
        f"expires {tls.expires_at:%Y-%m-%d %H:%M:%S} UTC",
    ):
        assert text in page
    assert "[red]over lines x" in page
    assert page.count(" x") < 110
    assert "PRIVATE" not in page


def test_a_host_without_handlers() -> None:
    assert "It has no handlers." in shown(replace(STANDING, handlers=()))


def test_the_document_has_it_all_and_no_secret() -> None:
    document = standing_document(replace(STANDING, handlers=(WELL, FAILED)))
    assert document["isWell"] is False
    assert document["certificateExpireTime"] is None
    well, failed = document["handlers"]
    assert well["extensions"][0]["sequenceNumber"] == "3"
    assert failed["code"] == 1009
    assert failed["installedVersion"] == ""
    assert "hush" not in str(document)
    assert standing_document(STANDING)["isWell"] is True


def test_an_extension_in_error_is_not_well() -> None:
    broken = replace(WELL, extensions=(replace(WELL.extensions[0], status="error"),))
    assert not replace(STANDING, handlers=(broken,)).is_well
    assert not replace(STANDING, handlers=(FAILED,)).is_well
