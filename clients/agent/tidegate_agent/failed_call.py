"""A failed call as a problem: what the server said, or why none answered, and what to do about it.

Law: what is wrong with certificates is told in words that a person can act on, a clock that is off above all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from datetime import UTC, datetime

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from tidegate_agent.channel import Trust
from tidegate_agent.keys import expiry_of
from tidegate_agent.problems import NotAuthenticated, Problem, Refused, StreamReplaced, Unreachable

_DETAILS_KEY = "grpc-status-details-bin"
_TRANSIENT = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.INTERNAL,
    }
)
_NOT_AUTHENTICATED = frozenset({"NOT_AUTHENTICATED", "NOT_PERMITTED"})
_WAIT = "See that the server runs, and that --server names it."


def problem_of(error: grpc.aio.AioRpcError, *, server: str, trust: Trust | None, was_answered: bool = False) -> Problem:
    """What a failed call means: `Unreachable` where trying again may help, `Refused` and its kinds where not.

    `was_answered`: the server had spoken on this call, so that the two do speak alike.
    """
    info = _error_info(error.trailing_metadata())
    message = error.details() or f"The call ended with {error.code().name}."
    advice = info.metadata.get("advice", "")
    if info.reason == "STREAM_REPLACED":
        return StreamReplaced(message)
    is_bare = error.code() is grpc.StatusCode.UNAUTHENTICATED and not info.reason
    if is_bare or info.reason in _NOT_AUTHENTICATED:
        return NotAuthenticated(message, reason=info.reason)
    if error.code() in _TRANSIENT:
        if info.reason:
            why, mend = message.removesuffix("."), advice or _WAIT
        elif was_answered:
            why, mend = f"the connection was lost: {message.removesuffix('.')}", _WAIT
        else:
            why, mend = _unanswered(message, server, trust)
        return Unreachable(server, why, advice=mend)
    if error.code() is grpc.StatusCode.INVALID_ARGUMENT:
        # What a host says of itself comes from its command line; an instance id is what --name says.
        advice = (
            advice or "Say it otherwise: see --name, --zone, --label and --probe-address in tidegate-agent join --help."
        )
    return Refused(message, advice=advice or "See what the server's log says.", reason=info.reason)


def _error_info(metadata: Iterable[tuple[str, str | bytes]] | None) -> error_details_pb2.ErrorInfo:
    info = error_details_pb2.ErrorInfo()
    for key, value in metadata or ():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            # Details explain a failure and never cause one: where they cannot be read, the message remains.
            with contextlib.suppress(DecodeError):
                for detail in status_pb2.Status.FromString(value).details:
                    detail.Unpack(info)
    return info


def _unanswered(message: str, server: str, trust: Trust | None) -> tuple[str, str]:
    """Why no server answered, and what to do. gRPC tells it in words only, those of its TLS library among them."""
    now = datetime.now(UTC)
    told = message.lower()
    clock = f"this host's clock says {now:%Y-%m-%d %H:%M:%S} UTC"
    if "certificate has expired" in told or "certificate is not yet valid" in told:
        which = "has expired" if "has expired" in told else "is not valid yet"
        return (
            f"by this host's clock the server's certificate {which}, and {clock}",
            "See first that the clock is right (timedatectl); if it is, renew the server's certificate: restart it.",
        )
    if trust is not None and (expires := expiry_of(trust.certificate)) <= now:
        return (
            f"the certificate that this host shows has expired at {expires:%Y-%m-%d %H:%M:%S} UTC, and {clock}",
            "See first that the clock is right (timedatectl); if it is, leave (tidegate-agent leave --force) and join "
            "again with a new token.",
        )
    if "hostname verification" in told or "peer name" in told:
        return (
            f"the server's certificate does not name {server}",
            "Name the server as its certificate does, or have it name this address too (tidegate serve --tls-name).",
        )
    if "wrong_version_number" in told:
        return "what answers there speaks no TLS", "Start the server with TLS (tidegate serve --tls DIR)."
    if "certificate_verify_failed" in told or "certificate signature failure" in told:
        return (
            "the server's certificate is of another authority than this host trusts",
            "If the authority was made anew, leave (tidegate-agent leave --force) and join again with a new token.",
        )
    if trust is None and "socket closed" in told:
        return (
            "it hung up on a call in plaintext, as a server with TLS does",
            "Join with a token made at that server: it carries what TLS needs.",
        )
    return message.removesuffix("."), _WAIT
