"""Hosts and goal states on the wire: what goes in comes out again."""

from tests.fleets.agents.cards import report, status
from tests.fleets.agents.world import AGENT
from tidegate.api.fields import Fields
from tidegate.api.present_host import present_down, present_handler, present_host, present_welcome
from tidegate.api.read_host import read_handlers
from tidegate.domain.host import ExtensionGoal, GoalState, HandlerGoal, Host, HostName, Substatus, Wanted
from tidegate.domain.package import Package
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.version import Version
from tidegate.fleets.agents.promise import Acknowledged, Welcome
from tidegate.v1 import agent_service_pb2 as pb

NAME = HostName(scale_set=ScaleSetId(subscription="s", resource_group="g", name="web"), instance_id="a")


def host(**fields: int | None) -> Host:
    times: dict[str, int | None] = {"last_heard_at_ms": 2_000, "clock_skew_ms": -1_500, **fields}
    return Host(
        name=NAME,
        zone="1",
        fault_domain=2,
        labels={"a": "b"},
        probe_address="p",
        agent_version="1",
        platform="linux",
        joined_at_ms=1_000,
        is_connected=True,
        is_silent=True,
        goal_incarnation=4,
        reached_incarnation=3,
        handlers=(report(),),
        last_heard_at_ms=times["last_heard_at_ms"],
        clock_skew_ms=times["clock_skew_ms"],
    )


def test_a_host_is_presented_with_everything() -> None:
    shown = present_host(host())
    assert (shown.name, shown.zone, shown.fault_domain, dict(shown.labels)) == (str(NAME), "1", 2, {"a": "b"})
    assert (shown.join_time.seconds, shown.last_heard_time.seconds) == (1, 2)
    assert (shown.is_connected, shown.is_silent) == (True, True)
    assert (shown.goal_incarnation, shown.reached_incarnation, len(shown.handlers)) == (4, 3, 1)


def test_a_clock_that_is_behind_is_behind_on_the_wire_too() -> None:
    skew = present_host(host()).clock_skew
    assert skew.ToTimedelta().total_seconds() == -1.5


def test_what_is_not_known_is_absent() -> None:
    shown = present_host(host(last_heard_at_ms=None, clock_skew_ms=None))
    assert not shown.HasField("last_heard_time")
    assert not shown.HasField("clock_skew")


def test_a_report_is_presented_as_it_was_read() -> None:
    part = Substatus(name="n", status="error", code=2, message="m")
    given = report("2.0", code=3, message="x", extensions=[status(parts=[part], code=4, message="y")])
    with Fields() as fields:
        assert read_handlers(fields, "handlers", [present_handler(given)]) == (given,)


def test_a_goal_state_is_presented_whole() -> None:
    package = Package(extension_type=AGENT, version=Version("2.5"), sha256="a" * 64, size_bytes=9)
    extension = ExtensionGoal(
        extension_name="Agent",
        has_settings=True,
        sequence_number=2,
        public_settings_json="{}",
        protected_settings=b"x",
        dependency_level=1,
    )
    goal = GoalState(
        incarnation=5,
        operation_id="u/1",
        handlers=(
            HandlerGoal(
                extension_type=AGENT,
                version=Version("2.5"),
                wanted=Wanted.ENABLED,
                package=package,
                extensions=(extension,),
                is_multi_config=True,
            ),
            HandlerGoal(extension_type=AGENT, version=Version("1.0"), wanted=Wanted.UNINSTALL, package=None),
        ),
    )
    shown = present_down(goal).goal_state
    first, second = shown.handlers
    assert (shown.incarnation, shown.operation_id) == (5, "u/1")
    assert (first.version, first.state, first.is_multi_config) == ("2.5", pb.HANDLER_GOAL_STATE_ENABLED, True)
    assert (first.package.sha256, first.package.size_bytes) == ("a" * 64, 9)
    (told,) = first.extensions
    assert (told.extension_name, told.has_settings, told.sequence_number, told.dependency_level) == (
        "Agent",
        True,
        2,
        1,
    )
    assert (told.public_settings_json, told.protected_settings) == ("{}", b"x")
    assert (second.state, second.HasField("package")) == (pb.HANDLER_GOAL_STATE_UNINSTALL, False)


def test_a_welcome_and_an_acknowledgement_are_what_they_say() -> None:
    welcome = present_welcome(Welcome(heartbeat_seconds=15.0, silence_seconds=60.0, at_ms=3_000)).welcome
    assert (welcome.heartbeat_interval.seconds, welcome.silence_timeout.seconds, welcome.time.seconds) == (15, 60, 3)
    assert present_down(Acknowledged(incarnation=7)).acknowledged.incarnation == 7
