"""What the Application Health extension says, and how it and the load balancer's probe make one state."""

from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.application_health import application_health, health_of, is_application_health, worst
from tidegate.domain.extension import ExtensionType
from tidegate.domain.health import ProbeState
from tidegate.domain.host import ExtensionReport, HandlerReport, Substatus

NONE, INITIALIZING, HEALTHY, UNHEALTHY, UNKNOWN = (
    ProbeState.NONE,
    ProbeState.INITIALIZING,
    ProbeState.HEALTHY,
    ProbeState.UNHEALTHY,
    ProbeState.UNKNOWN,
)
LINUX = ExtensionType(publisher="Microsoft.ManagedServices", type="ApplicationHealthLinux")
WINDOWS = ExtensionType(publisher="MICROSOFT.managedservices", type="applicationHealthWINDOWS")
OTHER = ExtensionType(publisher="Contoso", type="Agent")
WELL = "Application found to be healthy"


def handler(
    *substatus: Substatus,
    extension_type: ExtensionType = LINUX,
    status: str = "Ready",
    code: int = 0,
    extension_status: str = "success",
) -> HandlerReport:
    extension = ExtensionReport(
        extension_name="health", sequence_number=0, status=extension_status, operation="enable", substatus=substatus
    )
    return HandlerReport(
        extension_type=extension_type, version="2.0.10", status=status, code=code, extensions=(extension,)
    )


def binary(status: str) -> Substatus:
    """What version 1 writes, and version 2 beside the rich one."""
    return Substatus(name="AppHealthStatus", status=status, message=WELL)


def rich(message: str, status: str = "success") -> Substatus:
    return Substatus(name="ApplicationHealthState", status=status, message=message)


def said(*substatus: Substatus) -> ProbeState:
    return application_health([handler(*substatus)], is_expected=True)


@pytest.mark.parametrize(
    ("status", "state"),
    [("success", HEALTHY), ("error", UNHEALTHY), ("transitioning", INITIALIZING), ("warning", UNKNOWN), ("", UNKNOWN)],
)
def test_version_1_says_it_by_its_status(status: str, state: ProbeState) -> None:
    assert said(binary(status)) is state


@pytest.mark.parametrize(
    ("parts", "state"),
    [
        ((binary("success"), rich("Healthy")), HEALTHY),
        ((binary("success"), rich("Initializing", "transitioning")), INITIALIZING),
        ((binary("error"), rich("Unhealthy")), UNHEALTHY),
        ((binary("error"), rich("Unknown", "error")), UNKNOWN),
    ],
)
def test_version_2_says_it_by_the_message_beside_which_the_binary_one_is_coarse(
    parts: tuple[Substatus, ...], state: ProbeState
) -> None:
    assert said(*parts) is state
    assert said(*reversed(parts)) is state


@pytest.mark.parametrize("message", ["", "Busy", "Draining", "None", "Application found to be healthy"])
def test_a_rich_state_that_nobody_knows_is_unknown(message: str) -> None:
    assert said(binary("success"), rich(message)) is UNKNOWN


def test_names_are_compared_without_regard_to_case() -> None:
    assert said(Substatus(name="applicationhealthSTATE", status="success", message="HEALTHY ")) is HEALTHY
    assert said(Substatus(name="apphealthstatus", status="Error")) is UNHEALTHY


def test_custom_metrics_and_other_parts_say_nothing() -> None:
    metrics = Substatus(name="CustomMetrics", status="success", message='{"rollingUpgrade":{"SkipUpgrade":true}}')
    assert said(binary("success"), rich("Healthy"), metrics) is HEALTHY
    assert said(metrics) is INITIALIZING


@pytest.mark.parametrize(
    ("status", "state"),
    [("success", INITIALIZING), ("transitioning", INITIALIZING), ("warning", INITIALIZING), ("error", UNKNOWN)],
)
def test_an_extension_that_has_said_nothing_yet_is_waited_for_unless_it_failed(status: str, state: ProbeState) -> None:
    assert application_health([handler(extension_status=status)], is_expected=True) is state


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        ("ready", 0, HEALTHY),
        ("Installing", 0, INITIALIZING),
        ("NotReady", 0, INITIALIZING),
        ("NotReady", 1009, UNKNOWN),
        ("NotReady", -1, UNKNOWN),
        ("Unresponsive", 0, UNKNOWN),
        ("whatever", 0, UNKNOWN),
    ],
)
def test_what_a_handler_said_before_it_failed_is_not_true_any_more(status: str, code: int, state: ProbeState) -> None:
    report = handler(binary("success"), rich("Healthy"), status=status, code=code)
    assert application_health([report], is_expected=True) is state


def test_without_a_report_an_extension_of_the_profile_is_waited_for_and_no_other() -> None:
    assert application_health([], is_expected=True) is INITIALIZING
    assert application_health([], is_expected=False) is NONE
    assert application_health([handler(binary("error"), extension_type=OTHER)], is_expected=False) is NONE
    bare = HandlerReport(extension_type=LINUX, version="1.0", status="Ready")
    assert application_health([bare], is_expected=True) is INITIALIZING


def test_both_systems_have_their_type() -> None:
    assert is_application_health(LINUX)
    assert is_application_health(WINDOWS)
    assert not is_application_health(OTHER)
    assert application_health([handler(binary("error"), extension_type=WINDOWS)], is_expected=True) is UNHEALTHY


def test_of_several_the_worst_counts() -> None:
    reports = [handler(rich("Healthy")), handler(rich("Unknown"), extension_type=WINDOWS)]
    assert application_health(reports, is_expected=True) is UNKNOWN


@pytest.mark.parametrize(
    ("load_balancer", "application", "state"),
    [
        (NONE, NONE, NONE),
        (HEALTHY, NONE, HEALTHY),
        (NONE, HEALTHY, HEALTHY),
        (HEALTHY, HEALTHY, HEALTHY),
        (HEALTHY, INITIALIZING, INITIALIZING),
        (INITIALIZING, NONE, INITIALIZING),
        (HEALTHY, UNHEALTHY, UNHEALTHY),
        (UNHEALTHY, HEALTHY, UNHEALTHY),
        (INITIALIZING, UNKNOWN, UNKNOWN),
        (UNKNOWN, UNHEALTHY, UNHEALTHY),
    ],
)
def test_the_worse_of_two_sources_counts(load_balancer: ProbeState, application: ProbeState, state: ProbeState) -> None:
    assert health_of(load_balancer=load_balancer, application=application) is state


def test_a_silent_host_is_unknown_whatever_was_said_of_it() -> None:
    for load_balancer, application in product(ProbeState, ProbeState):
        assert health_of(load_balancer=load_balancer, application=application, is_silent=True) is UNKNOWN


def test_a_host_that_is_awaited_is_initializing_unless_a_source_says_worse() -> None:
    assert health_of(load_balancer=NONE, application=NONE, is_awaited=True) is INITIALIZING
    assert health_of(load_balancer=HEALTHY, application=HEALTHY, is_awaited=True) is INITIALIZING
    assert health_of(load_balancer=UNHEALTHY, application=NONE, is_awaited=True) is UNHEALTHY


@given(st.lists(st.sampled_from(list(ProbeState)), max_size=4))
def test_the_worst_is_one_of_them_in_whatever_order(states: list[ProbeState]) -> None:
    found = {worst(order) for order in permutations(states)}
    assert len(found) == 1
    assert found <= {*states, NONE}


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12), st.integers())
def test_whatever_a_host_writes_makes_a_state(name: str, status: str, message: str, code: int) -> None:
    report = handler(Substatus(name=name, status=status, message=message), status=status, code=code)
    assert application_health([report], is_expected=True) in set(ProbeState) - {NONE}
