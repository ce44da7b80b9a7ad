"""What a host reports, in the words of every fleet."""

import pytest

from tests.domain.examples import WEB
from tests.fleets.agents.cards import card, entry, profile, report, status
from tests.fleets.agents.world import AGENT
from tidegate.domain.extension import ExtensionState, ProvisioningState
from tidegate.domain.health import ProbeState
from tidegate.domain.host import ExtensionFailure, HandlerReport
from tidegate.domain.order import ExtensionMove, InstanceOrder
from tidegate.domain.version import Version
from tidegate.fleets.agents.host_card import HostCard, Presence, UnderWay
from tidegate.fleets.agents.host_state import code_text, instance_of, read_version

SUCCEEDED, FAILED, UPDATING = ProvisioningState.SUCCEEDED, ProvisioningState.FAILED, ProvisioningState.UPDATING
FAILURE = ExtensionFailure(extension_name="Agent", code=1009, message="no")


def state(host: HostCard) -> ExtensionState:
    return instance_of(host, profile(entry()), ProbeState.NONE).extensions["Agent"]


def at(*handlers: HandlerReport, reached: int = 1, goal: int = 1, ran: str = "") -> HostCard:
    """A host that reports these, at a goal state."""
    return card(
        handlers=handlers,
        wanted={AGENT.key: "2.0"},
        reached_incarnation=reached,
        goal_incarnation=goal,
        ran_well={AGENT.key: ran} if ran else {},
    )


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (report(extensions=[status()]), (SUCCEEDED, "", "")),
        (report(), (SUCCEEDED, "", "")),
        (report(status="ready"), (SUCCEEDED, "", "")),
        (report(extensions=[status(state="warning")]), (SUCCEEDED, "", "")),
        (report(extensions=[status(state="transitioning")]), (UPDATING, "", "")),
        (report(extensions=[status(state="error", code=51, message="no disk")]), (FAILED, "51", "no disk")),
        (report(extensions=[status(state="error", message="no disk")]), (FAILED, "", "no disk")),
        (report(extensions=[status("other", "error", code=1)]), (SUCCEEDED, "", "")),
        (report(status="NotReady", code=1009, message="exit 9"), (FAILED, "1009", "exit 9")),
        (report(status="Unresponsive", message="silent"), (FAILED, "", "silent")),
        (report(status="NotReady", code=-1, message="no package"), (FAILED, "-1", "no package")),
    ],
)
def test_a_report_says_how_an_extension_stands(
    handler: HandlerReport, expected: tuple[ProvisioningState, str, str]
) -> None:
    found = state(at(handler))
    assert (found.provisioning_state, found.code, found.message) == expected


def test_half_of_the_way_is_no_failure() -> None:
    assert state(at(report(status="NotReady"), reached=0)).provisioning_state is UPDATING
    assert state(at(reached=0)).provisioning_state is UPDATING, "nothing was reported yet"


def test_what_failed_shows_whatever_is_reported_since_and_keeps_the_version_that_ran_well() -> None:
    host = at(report("2.5"), ran="2.0")
    host.failures["agent"] = FAILURE
    found = state(host)
    assert (found.provisioning_state, found.code, found.message) == (FAILED, "1009", "no")
    assert str(found.version) == "2.0"


def test_what_an_order_moves_is_updating_and_nothing_else_is() -> None:
    host = at(report())
    order = InstanceOrder(
        operation_id="u1",
        scale_set=WEB,
        instance_id="a",
        moves=(ExtensionMove(extension_name="AGENT", version=Version("2.5")),),
    )
    host.failures["agent"] = FAILURE
    host.under_way = UnderWay(order=order, incarnation=2, refused=())
    found = instance_of(host, profile(entry(), entry("Monitor", "1.10")), ProbeState.NONE).extensions
    assert (found["Agent"].provisioning_state, found["Agent"].code) == (UPDATING, "")


@pytest.mark.parametrize(
    ("ran", "installed", "wanted", "shown"),
    [
        ("2.0", "2.5", "2.6", "2.0"),
        ("", "2.5", "2.6", "2.5"),
        ("", "", "2.6", "2.6"),
        ("", "", "", "2.0"),
        ("", "latest", "2.6", "2.6"),
    ],
)
def test_the_version_is_the_one_that_ran_well_or_is_installed_or_is_wanted(
    ran: str, installed: str, wanted: str, shown: str
) -> None:
    host = at(report(installed=installed), ran=ran)
    host.wanted[AGENT.key] = wanted
    assert str(state(host).version) == shown


def test_an_extension_that_left_the_profile_is_not_shown_and_the_profiles_spelling_is() -> None:
    host = at(report())
    assert not instance_of(host, profile(), ProbeState.NONE).extensions
    renamed = instance_of(host, profile(entry("web", type="AGENT")), ProbeState.NONE)
    assert renamed.extensions["web"].name == "web"


def test_where_a_host_stands_is_what_it_said_when_it_joined() -> None:
    instance = instance_of(card("web-0"), profile(), ProbeState.HEALTHY)
    assert (instance.instance_id, instance.zone, instance.fault_domain) == ("web-0", "1", 2)
    assert (instance.probe, instance.is_reachable, instance.image_version) == (ProbeState.HEALTHY, True, "")


def test_a_silent_host_cannot_be_reached() -> None:
    assert not instance_of(card(presence=Presence.SILENT), profile(), ProbeState.UNKNOWN).is_reachable


def test_codes_and_versions_that_are_none() -> None:
    assert (code_text(0), code_text(-1), code_text(1009)) == ("", "-1", "1009")
    assert read_version("rubbish") is None
