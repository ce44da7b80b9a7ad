"""Between the agent's values and the messages of `tidegate.v1`.

Law: what comes down is checked before anything is made of it; what goes up always fits, whatever a handler wrote: texts
that are no Unicode, numbers beyond 32 bits, and reports that grow without end are made to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from tidegate.v1 import agent_service_pb2 as wire
from tidegate.v1 import host_service_pb2 as hosts
from tidegate_agent.goal_state import ExtensionGoal, GoalState, HandlerGoal, PackageReference, Wanted
from tidegate_agent.report import ExtensionFailure, ExtensionReport, ExtensionSubstatus, HandlerReport, Outcome, bounded
from tidegate_handler.version import HandlerVersion, MalformedVersion

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._]*")
_MOST_REPORT_BYTES = 1024 * 1024
"""All reports together; a server takes messages of four times that."""
_SHORTER_CHARACTERS = (1_024, 256, 32)
_WANTED = {
    wire.HANDLER_GOAL_STATE_ENABLED: Wanted.ENABLED,
    wire.HANDLER_GOAL_STATE_UNINSTALL: Wanted.UNINSTALL,
}


class GoalStateMalformed(ValueError):
    """A goal state that this agent cannot read, of a newer server for one; `str` says what."""


def goal_state(message: wire.GoalState) -> GoalState:
    """The goal state that came down.

    Raises:
        GoalStateMalformed: it has something that this agent does not know or that cannot be.
    """
    if message.incarnation < 1:
        raise GoalStateMalformed(f"the incarnation {message.incarnation} is none")
    return GoalState(
        incarnation=message.incarnation,
        operation_id=message.operation_id,
        handlers=tuple(_handler_goal(handler) for handler in message.handlers),
    )


def _handler_goal(message: wire.HandlerGoal) -> HandlerGoal:
    publisher, type_name = message.extension_type.publisher, message.extension_type.type
    # They become the names of folders.
    if not _NAME.fullmatch(publisher) or not _NAME.fullmatch(type_name):
        raise GoalStateMalformed(f"{publisher!r} {type_name!r} cannot be a handler's publisher and type")
    if message.state not in _WANTED:
        raise GoalStateMalformed(f"{publisher}.{type_name} shall become something unknown here: {message.state}")
    try:
        version = HandlerVersion(message.version)
    except MalformedVersion as malformed:
        raise GoalStateMalformed(f"{publisher}.{type_name}: {malformed}") from malformed
    return HandlerGoal(
        publisher=publisher,
        type=type_name,
        version=version,
        wanted=_WANTED[message.state],
        package=_package(message) if message.HasField("package") else None,
        extensions=tuple(_extension_goal(extension) for extension in message.extensions),
        is_multi_config=message.is_multi_config,
    )


def _package(message: wire.HandlerGoal) -> PackageReference:
    sha256, size_bytes = message.package.sha256, message.package.size_bytes
    if not _SHA256.fullmatch(sha256) or size_bytes < 1:
        raise GoalStateMalformed(f"{sha256[:80]!r} of {size_bytes} bytes is no package")
    return PackageReference(sha256=sha256, size_bytes=size_bytes)


def _extension_goal(message: wire.ExtensionGoal) -> ExtensionGoal:
    if not message.extension_name or "/" in message.extension_name or message.extension_name.startswith("."):
        raise GoalStateMalformed(f"{message.extension_name!r} cannot be an extension's name")
    if message.sequence_number < 0:
        raise GoalStateMalformed(f"the sequence number {message.sequence_number} of {message.extension_name} is none")
    return ExtensionGoal(
        extension_name=message.extension_name,
        has_settings=message.has_settings,
        sequence_number=message.sequence_number,
        public_settings_json=message.public_settings_json,
        protected_settings=message.protected_settings,
        dependency_level=message.dependency_level,
    )


def failures_of(message: wire.GoalState, why: str) -> tuple[ExtensionFailure, ...]:
    """Every extension of a goal state as failed for a reason that is not theirs, with the agent's code -1."""
    names = [extension.extension_name for handler in message.handlers for extension in handler.extensions]
    return tuple(ExtensionFailure(extension_name=name, code=-1, message=why) for name in names or [""])


def result_message(outcome: Outcome) -> wire.GoalStateResult:
    """The end of a goal state as it goes up."""
    return wire.GoalStateResult(
        incarnation=outcome.incarnation,
        operation_id=outcome.operation_id,
        failures=[
            wire.ExtensionFailure(
                extension_name=_text(failure.extension_name),
                code=_int32(failure.code),
                message=_text(failure.message)[:4_096],
            )
            for failure in outcome.failures
        ],
        handlers=report_messages(outcome.handlers),
    )


def report_messages(reports: Sequence[HandlerReport]) -> list[hosts.HandlerReport]:
    """Reports as they go up; where all together are too large, their messages are cut further, then left out."""
    messages = [_report(bounded(report)) for report in reports]
    for characters in _SHORTER_CHARACTERS:
        if _bytes(messages) <= _MOST_REPORT_BYTES:
            return messages
        for message in messages:
            _shorten(message, characters)
    left_bytes = _MOST_REPORT_BYTES
    for index, message in enumerate(messages):
        left_bytes -= message.ByteSize()
        if left_bytes < 0:
            return messages[:index]
    return messages


def _bytes(messages: list[hosts.HandlerReport]) -> int:
    return sum(message.ByteSize() for message in messages)


def _shorten(message: hosts.HandlerReport, characters: int) -> None:
    message.message = message.message[:characters]
    for extension in message.extensions:
        extension.message = extension.message[:characters]
        for part in extension.substatus:
            part.message = part.message[:characters]


def _report(report: HandlerReport) -> hosts.HandlerReport:
    return hosts.HandlerReport(
        publisher=_text(report.publisher),
        type=_text(report.type),
        version=report.version,
        status=_text(report.status),
        code=_int32(report.code),
        message=_text(report.message),
        installed_version=report.installed_version,
        handler_state=report.handler_state,
        extensions=[_extension(extension) for extension in report.extensions],
    )


def _extension(report: ExtensionReport) -> hosts.ExtensionReport:
    return hosts.ExtensionReport(
        extension_name=_text(report.extension_name),
        sequence_number=min(max(report.sequence_number, 0), 2**63 - 1),
        status=_text(report.status),
        code=_int32(report.code),
        operation=_text(report.operation)[:256],
        message=_text(report.message),
        substatus=[_part(part) for part in report.substatus],
    )


def _part(part: ExtensionSubstatus) -> hosts.ExtensionSubstatus:
    return hosts.ExtensionSubstatus(
        name=_text(part.name)[:256], status=_text(part.status), code=_int32(part.code), message=_text(part.message)
    )


def _text(text: str) -> str:
    """What a handler wrote as text that can travel: JSON may hold halves of characters, protobuf may not."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _int32(number: int) -> int:
    return min(max(number, -(2**31)), 2**31 - 1)


def now_message() -> Timestamp:
    """What this host's clock says."""
    now = Timestamp()
    now.FromDatetime(datetime.now(UTC))
    return now
