"""What a script learns from an exit code."""

import grpc
import pytest

from tidegate.cli.exit_codes import MEANINGS, ExitCode, code_of_error, code_of_status
from tidegate_client import (
    DeadlineExceeded,
    InvalidRequest,
    NotEligible,
    NotFound,
    TidegateError,
    TooMany,
    Unavailable,
)
from tidegate_client.errors import Failure
from tidegate_client.messages import StatusCode


@pytest.mark.parametrize(
    ("kind", "code", "reason", "exits"),
    [
        (NotFound, grpc.StatusCode.NOT_FOUND, "SCALE_SET_NOT_FOUND", 3),
        (Unavailable, grpc.StatusCode.UNAVAILABLE, "", 6),
        (DeadlineExceeded, grpc.StatusCode.DEADLINE_EXCEEDED, "", 6),
        (InvalidRequest, grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST", 2),
        (InvalidRequest, grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_RESOURCE", 1),
        (NotEligible, grpc.StatusCode.FAILED_PRECONDITION, "NOT_ELIGIBLE", 1),
        (TooMany, grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_UPGRADES", 1),
        (TidegateError, grpc.StatusCode.INTERNAL, "", 1),
    ],
)
def test_each_failure_has_its_code(kind: type[TidegateError], code: grpc.StatusCode, reason: str, exits: int) -> None:
    assert code_of_error(kind(Failure(code=code, message="words", reason=reason))) == exits


def test_each_end_has_its_code() -> None:
    assert code_of_status(StatusCode.STATUS_CODE_COMPLETED) == 0
    assert code_of_status(StatusCode.STATUS_CODE_FAULTED) == 4
    assert code_of_status(StatusCode.STATUS_CODE_CANCELLED) == 5


def test_every_code_has_its_meaning() -> None:
    assert set(MEANINGS) == set(ExitCode)
