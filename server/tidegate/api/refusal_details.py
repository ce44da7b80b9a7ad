"""A refusal as a google.rpc.Status: the reason for programs, every wrong field, every denial, and what it is about.

Law: the whole travels in the trailing metadata, of which HTTP/2 peers take 8 KiB by default and may drop the call
above that. So texts are cut and long lists end with a line that says how many more there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import grpc
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from tidegate.api.status import STATUS
from tidegate.domain.reason import Reason
from tidegate.domain.refusal import MalformedRequest, NotEligible, Refusal, WatchTooSlow
from tidegate.policy.problem import PolicyRefused

DOMAIN = "tidegate.v1"
MESSAGE_BYTES = 640
"""Most bytes of the sentence; percent-encoding may triple them on the wire."""
DETAILS_BYTES = 4_096
"""Most bytes of the serialized status; base64 adds a third to them on the wire."""

_LINE_BYTES = 400
_PATH_BYTES = 240
_NAME_BYTES = 600
_RESERVED_BYTES = 160
"""Room for the line that says how many more there are, and for the wrapping of each detail."""

_SCALE_SET, _UPGRADE, _TYPE = "tidegate.v1.ScaleSet", "tidegate.v1.RollingUpgrade", "tidegate.v1.ExtensionType"
_HOST = "tidegate.v1.Host"
_RESOURCE_TYPES = {
    Reason.SCALE_SET_NOT_FOUND: _SCALE_SET,
    Reason.UPGRADE_NOT_FOUND: _UPGRADE,
    Reason.NO_UPGRADE_EVER: _SCALE_SET,
    Reason.INSTANCE_NOT_FOUND: "tidegate.v1.Instance",
    Reason.SUBSCRIPTION_NOT_FOUND: "tidegate.v1.Subscription",
    Reason.EXTENSION_TYPE_NOT_FOUND: _TYPE,
    Reason.EXTENSION_VERSION_NOT_FOUND: "tidegate.v1.ExtensionVersion",
    Reason.POLICY_NOT_FOUND: "tidegate.v1.Policy",
    Reason.NO_POLICY_APPLIES: _SCALE_SET,
    Reason.NOT_ELIGIBLE: _SCALE_SET,
    Reason.UPGRADE_IN_PROGRESS: _UPGRADE,
    Reason.UPGRADE_NOT_PAUSED: _UPGRADE,
    Reason.ETAG_MISMATCH: _SCALE_SET,
    Reason.REQUEST_ID_REUSED: _UPGRADE,
    Reason.HOST_NOT_FOUND: _HOST,
    Reason.INSTANCE_ID_TAKEN: _HOST,
    Reason.STREAM_REPLACED: _HOST,
    Reason.PACKAGE_CONFLICT: "tidegate.v1.ExtensionVersion",
}


def status_of(refusal: Refusal | PolicyRefused) -> status_pb2.Status:
    """The status that tells all of `refusal` that fits; its message is that of the call too."""
    reason = reason_of(refusal)
    status = _status(STATUS[reason], str(refusal))
    _add(status, _error_info(reason, refusal))
    if isinstance(refusal, Refusal) and refusal.resource:
        _add(status, _resource_info(refusal))
    room = DETAILS_BYTES - status.ByteSize() - _RESERVED_BYTES
    match refusal:
        case MalformedRequest():
            _add(status, _bad_request([(wrong.field, wrong.description) for wrong in refusal.violations], room))
        case PolicyRefused():
            problems = [(str(each.place), f"{each.message} {each.advice}".strip()) for each in refusal.problems]
            _add(status, _bad_request(problems, room))
        case NotEligible():
            _add(status, _precondition_failure(refusal, room))
        case _:
            pass
    return status


def reason_of(refusal: Refusal | PolicyRefused) -> Reason:
    """Why it was refused; a policy that is refused is wrong, whoever wrote it."""
    return Reason.POLICY_INVALID if isinstance(refusal, PolicyRefused) else refusal.reason


def incident_status(incident_id: str) -> status_pb2.Status:
    """What a caller is told of a fault of ours: nothing but the id under which our log has it."""
    status = _status(grpc.StatusCode.INTERNAL, f"Something went wrong on our side; our log has it as {incident_id}.")
    _add(status, error_details_pb2.RequestInfo(request_id=incident_id))
    return status


def _status(code: grpc.StatusCode, message: str) -> status_pb2.Status:
    return status_pb2.Status(code=code_pb2.Code.Value(code.name), message=_cut(message, MESSAGE_BYTES))


def _error_info(reason: Reason, refusal: Refusal | PolicyRefused) -> error_details_pb2.ErrorInfo:
    info = error_details_pb2.ErrorInfo(reason=reason.value, domain=DOMAIN)
    if isinstance(refusal, Refusal) and refusal.advice:
        info.metadata["advice"] = _cut(refusal.advice, _LINE_BYTES)
    if isinstance(refusal, WatchTooSlow):
        info.metadata["resumeToken"] = refusal.resume_token
    return info


def _resource_info(refusal: Refusal) -> error_details_pb2.ResourceInfo:
    name = _cut(refusal.resource, _NAME_BYTES)
    guess = _UPGRADE if "/rollingupgrades/" in name.lower() else _SCALE_SET
    return error_details_pb2.ResourceInfo(
        resource_type=_RESOURCE_TYPES.get(refusal.reason, guess), resource_name=name, description=refusal.reason.value
    )


def _bad_request(violations: Sequence[tuple[str, str]], room: int) -> error_details_pb2.BadRequest:
    lines = [
        error_details_pb2.BadRequest.FieldViolation(
            field=_cut(field, _PATH_BYTES), description=_cut(description, _LINE_BYTES)
        )
        for field, description in violations
    ]
    kept = lines[: _fitting(lines, room)]
    if more := len(lines) - len(kept):
        kept.append(error_details_pb2.BadRequest.FieldViolation(field="...", description=f"and {more} more"))
    return error_details_pb2.BadRequest(field_violations=kept)


def _precondition_failure(refusal: NotEligible, room: int) -> error_details_pb2.PreconditionFailure:
    lines = [
        error_details_pb2.PreconditionFailure.Violation(
            type=_cut(denial.rule, _PATH_BYTES),
            subject=_cut(denial.subject, _PATH_BYTES),
            description=_cut(f"{denial.because} ({denial.place})", _LINE_BYTES),
        )
        for denial in refusal.denials
    ]
    kept = lines[: _fitting(lines, room)]
    if more := len(lines) - len(kept):
        kept.append(error_details_pb2.PreconditionFailure.Violation(type="...", description=f"and {more} more"))
    return error_details_pb2.PreconditionFailure(violations=kept)


def _fitting(lines: Iterable[Message], room: int) -> int:
    """How many of `lines`, from the first on, fit into `room` bytes."""
    count = 0
    for line in lines:
        room -= line.ByteSize() + 3
        if room < 0:
            break
        count += 1
    return count


def _add(status: status_pb2.Status, detail: Message) -> None:
    status.details.add().Pack(detail)


def _cut(text: str, most_bytes: int) -> str:
    """At most `most_bytes` of UTF-8, ending with an ellipsis where something was cut; half characters are dropped."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= most_bytes:
        return encoded.decode("utf-8")
    return encoded[: most_bytes - 3].decode("utf-8", "ignore") + "…"
