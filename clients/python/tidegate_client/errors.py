"""Errors: every call that fails raises a TidegateError, which says why, where, and how to mend it.

Law: a program decides by the class or by `reason` (the names of `RefusalReason`), never by the words of the message.
What the server knows travels as a google.rpc.Status in the call's trailing metadata; it is read here, once.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2

_DETAILS_KEY = "grpc-status-details-bin"
_BECAUSE_AND_PLACE = re.compile(r"(?P<because>.*) \((?P<place>[^()]*:\d+:\d+)\)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldViolation:
    """One wrong field: its path in the request (or `file:line:column` of a policy), and what to write instead."""

    field: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """One rule that said no: to what, by which rule, why, and where the rule stands as `file:line:column`."""

    subject: str
    rule: str
    because: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What is known of a failed call."""

    code: grpc.StatusCode
    message: str
    reason: str = ""
    """The name of a `RefusalReason` without its prefix; empty where the server did not say."""
    advice: str = ""
    """How to mend it; may be empty."""
    violations: tuple[FieldViolation, ...] = ()
    denials: tuple[Denial, ...] = ()
    resource: str = ""
    """The name of the thing it is about, where there is one."""
    metadata: Mapping[str, str] = field(default_factory=dict)


class TidegateError(Exception):
    """The base of all errors of this client; `str` is a whole sentence."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure

    @property
    def message(self) -> str:
        """What went wrong, in a sentence."""
        return self.failure.message

    @property
    def code(self) -> grpc.StatusCode:
        """The status that the call ended with."""
        return self.failure.code

    @property
    def reason(self) -> str:
        """Why, for programs: the name of a `RefusalReason` without its prefix, or empty."""
        return self.failure.reason

    @property
    def advice(self) -> str:
        """How to mend it; may be empty."""
        return self.failure.advice

    @property
    def violations(self) -> tuple[FieldViolation, ...]:
        """Every wrong field of the request."""
        return self.failure.violations

    @property
    def denials(self) -> tuple[Denial, ...]:
        """Every rule that denied it."""
        return self.failure.denials

    @property
    def resource(self) -> str:
        """The name of the thing it is about, or empty."""
        return self.failure.resource


class InvalidRequest(TidegateError):
    """Something in the request is wrong: `violations` names every field."""


class NotFound(TidegateError):
    """There is no such thing; `resource` names it."""


class Refused(TidegateError):
    """The request is well formed, but cannot be done as things are now."""


class NotEligible(Refused):
    """Rules denied the upgrade: `denials` names each rule, its because and its place."""


class UpgradeInProgress(Refused):
    """Another rolling upgrade of the scale set is active; `resource` is its name."""


class Conflict(Refused):
    """Somebody changed the resource meanwhile, or a request id was used before for something else."""


class NotPermitted(Refused):
    """Whoever these credentials stand for may not call this, or they stand for nobody; see `credentials_from`."""


class TooMany(Refused):
    """The server does as much as it takes already; try again later."""


class Unavailable(TidegateError):
    """No server could be reached, or it cannot work just now; a repeated call may succeed."""


class DeadlineExceeded(TidegateError):
    """No answer came in time; whether the call took effect is not known."""


class WatchBroken(TidegateError):
    """The server broke the promise of a watch: an event is missing and stays missing."""


_BY_REASON: Mapping[str, type[TidegateError]] = {
    "NOT_ELIGIBLE": NotEligible,
    "UPGRADE_IN_PROGRESS": UpgradeInProgress,
}
_BY_CODE: Mapping[grpc.StatusCode, type[TidegateError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidRequest,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.FAILED_PRECONDITION: Refused,
    grpc.StatusCode.ABORTED: Conflict,
    grpc.StatusCode.ALREADY_EXISTS: Conflict,
    grpc.StatusCode.UNAUTHENTICATED: NotPermitted,
    grpc.StatusCode.PERMISSION_DENIED: NotPermitted,
    grpc.StatusCode.RESOURCE_EXHAUSTED: TooMany,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
}


class EndedCall(Protocol):
    """What grpc raises for a failed call, in its synchronous and in its asyncio flavour alike."""

    def code(self) -> grpc.StatusCode: ...

    def details(self) -> str | None: ...

    def trailing_metadata(self) -> Iterable[tuple[str, str | bytes]] | None: ...


def error_of(call: EndedCall) -> TidegateError:
    """The error that a failed call is told as."""
    failure = _failure(call.code(), call.details() or "", _status_details(call.trailing_metadata()))
    kind = _BY_REASON.get(failure.reason) or _BY_CODE.get(failure.code) or TidegateError
    return kind(failure)


def _status_details(metadata: Iterable[tuple[str, str | bytes]] | None) -> status_pb2.Status:
    for key, value in metadata or ():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            # Details explain a failure and never cause one: where they cannot be read, the message remains.
            with contextlib.suppress(DecodeError):
                return status_pb2.Status.FromString(value)
    return status_pb2.Status()


def _failure(code: grpc.StatusCode, message: str, status: status_pb2.Status) -> Failure:
    info = error_details_pb2.ErrorInfo()
    bad_request = error_details_pb2.BadRequest()
    precondition = error_details_pb2.PreconditionFailure()
    resource = error_details_pb2.ResourceInfo()
    for detail in status.details:
        for known in (info, bad_request, precondition, resource):
            _unpack(detail, known)
    return Failure(
        code=code,
        message=message or f"The call ended with {code.name}.",
        reason=info.reason,
        advice=info.metadata.get("advice", ""),
        violations=tuple(
            FieldViolation(field=wrong.field, description=wrong.description) for wrong in bad_request.field_violations
        ),
        denials=tuple(_denial(violation) for violation in precondition.violations),
        resource=resource.resource_name,
        metadata=dict(info.metadata),
    )


def _unpack(detail: any_pb2.Any, known: Message) -> None:
    """Reads the detail where it is of this kind; all else is left alone, kinds of a newer server included."""
    with contextlib.suppress(DecodeError):  # as above
        detail.Unpack(known)


def _denial(violation: error_details_pb2.PreconditionFailure.Violation) -> Denial:
    """`type` is the rule, `description` its because, with the rule's place in brackets at the end."""
    told = _BECAUSE_AND_PLACE.fullmatch(violation.description)
    return Denial(
        subject=violation.subject,
        rule=violation.type,
        because=told["because"] if told else violation.description,
        place=told["place"] if told else "",
    )
