"""What a host sends, read into words of the domain.

Law: what a handler wrote is cut where it is too long and never refused, because a host cannot mend it, and what would
steer the terminal of whoever reads it is taken out; what the host's agent says of itself is right or refused, every
wrong field by its path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from tidegate.api.fields import MAX_ID_CHARACTERS, Fields
from tidegate.domain.extension import ExtensionType
from tidegate.domain.host import (
    INSTANCE_ID,
    MAX_MESSAGE_CHARACTERS,
    MAX_SUBSTATUS,
    ExtensionFailure,
    ExtensionReport,
    GoalStateResult,
    HandlerReport,
    HostHello,
    HostName,
    Substatus,
)
from tidegate.domain.probe_address import ProbeAddressMalformed, read_probe_address
from tidegate.domain.resource_id import MalformedId, ScaleSetId
from tidegate.v1 import agent_service_pb2 as agent_pb
from tidegate.v1 import host_service_pb2 as host_pb

MAX_MESSAGE_BYTES = 2_097_152
"""What a host may say at once; agents keep their reports below half of it."""
MAX_HANDLERS = 256
MAX_EXTENSIONS = 256
"""Of one handler, and so many may fail in one goal state."""
MAX_LABELS = 64
_MAX_TEXT = 256
_MAX_NAME = 128
_MAX_ADDRESS = 261
_MAX_COUNT = 2**53
"""A goal state each millisecond for 285,000 years. Counting on from there stays within what the wire holds."""
_REPLACED = "\N{REPLACEMENT CHARACTER}"
_STEERING = dict.fromkeys((*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0)), _REPLACED) | {ord("\r"): ""}
"""The control characters, but for tabs and ends of lines."""
_FIELD_OF_INSTANCE = "instance_id"
_LEAST_LIVE_SECONDS, _MOST_LIVE_SECONDS, _USUAL_LIVE_SECONDS = 60.0, 30 * 86_400.0, 3_600.0
_NO_HOST = HostName(scale_set=ScaleSetId(subscription="-", resource_group="-", name="-"), instance_id="-")


def check_size(fields: Fields, message: Message) -> None:
    """Note where the whole message is too large."""
    if message.ByteSize() > MAX_MESSAGE_BYTES:
        fields.wrong("", f"has more than {MAX_MESSAGE_BYTES} bytes")


def read_hello(fields: Fields, hello: agent_pb.HostHello) -> HostHello:
    """Who speaks, and where it stands."""
    return HostHello(
        agent_version=_short(fields, "hello.agent_version", hello.agent_version),
        platform=_short(fields, "hello.platform", hello.platform),
        at_ms=read_moment(fields, "hello.time", hello.time) if hello.HasField("time") else None,
        probe_address=_short(fields, "hello.probe_address", hello.probe_address, _MAX_ADDRESS),
        reached_incarnation=_count(fields, "hello.reached_incarnation", hello.reached_incarnation),
        handlers=read_handlers(fields, "hello.handlers", hello.handlers),
    )


def read_result(fields: Fields, result: agent_pb.GoalStateResult) -> GoalStateResult:
    """The end of a goal state."""
    if len(result.failures) > MAX_EXTENSIONS:
        fields.wrong("result.failures", f"are {len(result.failures)}; write at most {MAX_EXTENSIONS}")
    return GoalStateResult(
        incarnation=_count(fields, "result.incarnation", result.incarnation),
        operation_id=_short(fields, "result.operation_id", result.operation_id, 2 * _MAX_TEXT),
        failures=tuple(
            ExtensionFailure(
                extension_name=_cut(each.extension_name, _MAX_TEXT),
                code=each.code,
                message=_cut(each.message, MAX_MESSAGE_CHARACTERS),
            )
            for each in result.failures[:MAX_EXTENSIONS]
        ),
        handlers=read_handlers(fields, "result.handlers", result.handlers),
    )


def read_handlers(fields: Fields, path: str, reports: Iterable[host_pb.HandlerReport]) -> tuple[HandlerReport, ...]:
    """The reports of all handlers of a host, texts cut and parts left out where there are too many."""
    listed = list(reports)
    if len(listed) > MAX_HANDLERS:
        fields.wrong(path, f"are {len(listed)}; write at most {MAX_HANDLERS}")
    return tuple(_handler(each) for each in listed[:MAX_HANDLERS])


def read_moment(fields: Fields, path: str, moment: Timestamp) -> int | None:
    """Milliseconds since the Unix epoch."""
    if not -62_135_596_800 <= moment.seconds <= 253_402_300_799 or not 0 <= moment.nanos < 1_000_000_000:
        fields.wrong(path, "is no moment of the years 1 to 9999")
        return None
    return moment.seconds * 1_000 + moment.nanos // 1_000_000


def read_instance_id(fields: Fields, path: str, text: str) -> str:
    """How a host is to be called."""
    if INSTANCE_ID.fullmatch(text) is None:
        fields.wrong(path, "write 1 to 64 letters, digits, dots, dashes or underscores, the first a letter or a digit")
    return text


def read_labels(fields: Fields, path: str, labels: Mapping[str, str]) -> dict[str, str]:
    """At most 64 labels."""
    if len(labels) > MAX_LABELS:
        fields.wrong(path, f"are {len(labels)}; write at most {MAX_LABELS}")
    elif any(not 1 <= len(name) <= _MAX_NAME or len(value) > _MAX_TEXT for name, value in labels.items()):
        fields.wrong(path, f"write names of 1 to {_MAX_NAME} and values of at most {_MAX_TEXT} characters")
    elif not all(text.isprintable() for label in labels.items() for text in label):
        fields.wrong(path, "write printable characters")
    return dict(labels)


def read_host_name(fields: Fields, path: str, text: str) -> HostName:
    """`{scale set id}/virtualMachines/{instance id}`."""
    try:
        return HostName.parse(text[: MAX_ID_CHARACTERS + _MAX_NAME])
    except MalformedId as malformed:
        fields.wrong(path, f"is not of the form {malformed.shape}")
        return _NO_HOST


def read_live_seconds(fields: Fields, path: str, duration: Duration | None) -> float:
    """How long a token is good for: a minute to 30 days; an hour where nothing is said."""
    if duration is None:
        return _USUAL_LIVE_SECONDS
    seconds = duration.seconds + duration.nanos / 1e9
    if not _LEAST_LIVE_SECONDS <= seconds <= _MOST_LIVE_SECONDS:
        fields.wrong(path, "write a minute to 30 days, or nothing for an hour")
    return seconds


def read_joining_texts(fields: Fields, request: agent_pb.JoinHostRequest) -> tuple[str, str, str, str]:
    """Zone, probe address, agent version and platform."""
    return (
        _short(fields, "zone", request.zone, _MAX_NAME),
        _probe_address(fields, request.probe_address),
        _short(fields, "agent_version", request.agent_version),
        _short(fields, "platform", request.platform),
    )


def _probe_address(fields: Fields, text: str) -> str:
    """Where a host wants to be probed, or nothing. (In a hello it is taken as it is: a host that writes a bad one later
    is Unknown, and not shut out.)"""
    if text:
        try:
            read_probe_address(text)
        except ProbeAddressMalformed as malformed:
            fields.wrong("probe_address", str(malformed))
    return text


def _handler(report: host_pb.HandlerReport) -> HandlerReport:
    return HandlerReport(
        extension_type=ExtensionType(publisher=_cut(report.publisher, _MAX_NAME), type=_cut(report.type, _MAX_NAME)),
        version=_cut(report.version, _MAX_NAME),
        status=_cut(report.status, _MAX_NAME),
        code=report.code,
        message=_cut(report.message, MAX_MESSAGE_CHARACTERS),
        installed_version=_cut(report.installed_version, _MAX_NAME),
        handler_state=_cut(report.handler_state, _MAX_NAME),
        extensions=tuple(_extension(each) for each in report.extensions[:MAX_EXTENSIONS]),
    )


def _extension(report: host_pb.ExtensionReport) -> ExtensionReport:
    return ExtensionReport(
        extension_name=_cut(report.extension_name, _MAX_TEXT),
        sequence_number=report.sequence_number,
        status=_cut(report.status, _MAX_NAME),
        code=report.code,
        operation=_cut(report.operation, _MAX_TEXT),
        message=_cut(report.message, MAX_MESSAGE_CHARACTERS),
        substatus=tuple(
            Substatus(
                name=_cut(part.name, _MAX_TEXT),
                status=_cut(part.status, _MAX_NAME),
                code=part.code,
                message=_cut(part.message, MAX_MESSAGE_CHARACTERS),
            )
            for part in report.substatus[:MAX_SUBSTATUS]
        ),
    )


def _cut(text: str, most: int) -> str:
    """What a handler wrote, short and harmless."""
    cut = text[:most]
    return cut if cut.isprintable() else cut.translate(_STEERING)


def _short(fields: Fields, path: str, text: str, most: int = _MAX_TEXT) -> str:
    if len(text) > most or not (text.isprintable() or not text):
        fields.wrong(path, f"write at most {most} printable characters")
    return text


def _count(fields: Fields, path: str, number: int) -> int:
    if not 0 <= number <= _MAX_COUNT:
        fields.wrong(path, f"write 0 to {_MAX_COUNT}")
    return number
