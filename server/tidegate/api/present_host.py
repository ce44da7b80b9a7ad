"""Hosts and what goes down to them, on the wire."""

from __future__ import annotations

from tidegate.api.present_moment import present_duration, present_moment, present_moment_if_any
from tidegate.api.present_publication import present_extension_type, present_package
from tidegate.domain.host import ExtensionGoal, ExtensionReport, GoalState, HandlerGoal, HandlerReport, Host, Wanted
from tidegate.fleets.agents.promise import Acknowledged, Down, Welcome
from tidegate.v1 import agent_service_pb2 as agent_pb
from tidegate.v1 import host_service_pb2 as host_pb

_WANTED = {
    Wanted.ENABLED: agent_pb.HANDLER_GOAL_STATE_ENABLED,
    Wanted.UNINSTALL: agent_pb.HANDLER_GOAL_STATE_UNINSTALL,
}


def present_host(host: Host) -> host_pb.Host:
    """One host."""
    skew_ms = host.clock_skew_ms
    return host_pb.Host(
        name=str(host.name),
        zone=host.zone,
        fault_domain=host.fault_domain,
        labels=dict(host.labels),
        probe_address=host.probe_address,
        agent_version=host.agent_version,
        platform=host.platform,
        join_time=present_moment(host.joined_at_ms),
        last_heard_time=present_moment_if_any(host.last_heard_at_ms),
        is_connected=host.is_connected,
        is_silent=host.is_silent,
        clock_skew=None if skew_ms is None else present_duration(skew_ms / 1_000),
        goal_incarnation=host.goal_incarnation,
        reached_incarnation=host.reached_incarnation,
        handlers=[present_handler(handler) for handler in host.handlers],
    )


def present_handler(report: HandlerReport) -> host_pb.HandlerReport:
    """What a host said of one handler."""
    return host_pb.HandlerReport(
        publisher=report.extension_type.publisher,
        type=report.extension_type.type,
        version=report.version,
        status=report.status,
        code=report.code,
        message=report.message,
        installed_version=report.installed_version,
        handler_state=report.handler_state,
        extensions=[_present_extension(each) for each in report.extensions],
    )


def present_welcome(welcome: Welcome) -> agent_pb.ConnectHostResponse:
    """The answer to hello."""
    return agent_pb.ConnectHostResponse(
        welcome=agent_pb.HostWelcome(
            heartbeat_interval=present_duration(welcome.heartbeat_seconds),
            silence_timeout=present_duration(welcome.silence_seconds),
            time=present_moment(welcome.at_ms),
        )
    )


def present_down(down: Down) -> agent_pb.ConnectHostResponse:
    """Whatever else goes down."""
    match down:
        case Acknowledged(incarnation=incarnation):
            return agent_pb.ConnectHostResponse(acknowledged=agent_pb.ResultAcknowledged(incarnation=incarnation))
        case GoalState():
            return agent_pb.ConnectHostResponse(goal_state=present_goal_state(down))


def present_goal_state(goal_state: GoalState) -> agent_pb.GoalState:
    """What the host shall run."""
    return agent_pb.GoalState(
        incarnation=goal_state.incarnation,
        operation_id=goal_state.operation_id,
        handlers=[_present_handler_goal(handler) for handler in goal_state.handlers],
    )


def _present_handler_goal(handler: HandlerGoal) -> agent_pb.HandlerGoal:
    return agent_pb.HandlerGoal(
        extension_type=present_extension_type(handler.extension_type),
        version=str(handler.version),
        state=_WANTED[handler.wanted],
        package=None if handler.package is None else present_package(handler.package),
        extensions=[_present_extension_goal(extension) for extension in handler.extensions],
        is_multi_config=handler.is_multi_config,
    )


def _present_extension_goal(extension: ExtensionGoal) -> agent_pb.ExtensionGoal:
    return agent_pb.ExtensionGoal(
        extension_name=extension.extension_name,
        has_settings=extension.has_settings,
        sequence_number=extension.sequence_number,
        public_settings_json=extension.public_settings_json,
        protected_settings=extension.protected_settings,
        dependency_level=extension.dependency_level,
    )


def _present_extension(report: ExtensionReport) -> host_pb.ExtensionReport:
    return host_pb.ExtensionReport(
        extension_name=report.extension_name,
        sequence_number=report.sequence_number,
        status=report.status,
        code=report.code,
        operation=report.operation,
        message=report.message,
        substatus=[
            host_pb.ExtensionSubstatus(name=part.name, status=part.status, code=part.code, message=part.message)
            for part in report.substatus
        ],
    )
