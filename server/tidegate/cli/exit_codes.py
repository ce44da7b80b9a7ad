"""Exit codes: what a script learns without reading a word."""

from __future__ import annotations

from enum import IntEnum

from tidegate_client import DeadlineExceeded, NotFound, TidegateError, Unavailable
from tidegate_client.messages import StatusCode


class ExitCode(IntEnum):
    """How a command ended."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    NOT_FOUND = 3
    FAULTED = 4
    CANCELLED = 5
    UNAVAILABLE = 6
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.OK: "done; a followed upgrade is Completed",
    ExitCode.REFUSED: "refused, or policies have problems; the reason and what to do stand on stderr",
    ExitCode.USAGE: "the command line is wrong",
    ExitCode.NOT_FOUND: "there is no such thing",
    ExitCode.FAULTED: "the followed upgrade is Faulted",
    ExitCode.CANCELLED: "the followed upgrade is Cancelled",
    ExitCode.UNAVAILABLE: "no server answered in time",
    ExitCode.INTERRUPTED: "interrupted by Ctrl-C",
}


def code_of_error(error: TidegateError) -> ExitCode:
    """How a command ends that failed with `error`."""
    if isinstance(error, NotFound):
        return ExitCode.NOT_FOUND
    if isinstance(error, Unavailable | DeadlineExceeded):
        return ExitCode.UNAVAILABLE
    # A wrong field comes from the command line; a wrong resource or policy from a file that was named there.
    return ExitCode.USAGE if error.reason == "MALFORMED_REQUEST" else ExitCode.REFUSED


def code_of_status(status: StatusCode.ValueType) -> ExitCode:
    """How a command ends that followed an upgrade to this status."""
    match status:
        case StatusCode.STATUS_CODE_FAULTED:
            return ExitCode.FAULTED
        case StatusCode.STATUS_CODE_CANCELLED:
            return ExitCode.CANCELLED
        case _:
            return ExitCode.OK
