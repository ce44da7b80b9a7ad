"""What a caller learns of a failed call."""

import grpc
import pytest
from google.protobuf.any_pb2 import Any
from google.rpc import error_details_pb2, status_pb2

from tests.client.scripted_server import Fails, ScriptedServer, refusal
from tidegate_client import (
    Client,
    Conflict,
    DeadlineExceeded,
    Denial,
    FieldViolation,
    InvalidRequest,
    NotEligible,
    NotFound,
    NotPermitted,
    Refused,
    Retry,
    TidegateError,
    TooMany,
    Unavailable,
    UpgradeInProgress,
)
from tidegate_client.errors import error_of

ONCE = Retry(attempts=1)


def failed(server: ScriptedServer, fails: Fails) -> TidegateError:
    """The error that a caller gets for this failure."""
    server.script("GetLatestRollingUpgrade", fails)
    with Client(server.target, retry=ONCE) as client, pytest.raises(TidegateError) as caught:
        client.get_latest_rolling_upgrade("/a")
    return caught.value


def test_every_denial_is_told_with_its_rule_and_its_place(scripted: ScriptedServer) -> None:
    violations = [
        ("no-service-fabric", "ss", "It runs Service Fabric (3 nodes). (azure-default.yaml:12:5)"),
        ("enrolled", "ss", "a text that was cut in the mid…"),
    ]
    details = error_details_pb2.PreconditionFailure(
        violations=[
            error_details_pb2.PreconditionFailure.Violation(type=rule, subject=subject, description=description)
            for rule, subject, description in violations
        ]
    )
    error = failed(scripted, refusal(grpc.StatusCode.FAILED_PRECONDITION, "NOT_ELIGIBLE", details, advice="Mend each."))
    assert type(error) is NotEligible
    assert error.denials == (
        Denial(
            subject="ss",
            rule="no-service-fabric",
            because="It runs Service Fabric (3 nodes).",
            place="azure-default.yaml:12:5",
        ),
        Denial(subject="ss", rule="enrolled", because="a text that was cut in the mid…", place=""),
    )
    assert error.advice == "Mend each."
    assert str(error) == error.message == "refused: NOT_ELIGIBLE"


def test_every_wrong_field_is_told(scripted: ScriptedServer) -> None:
    details = error_details_pb2.BadRequest(
        field_violations=[error_details_pb2.BadRequest.FieldViolation(field="$.sku.capacity", description="is -1")]
    )
    error = failed(scripted, refusal(grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_RESOURCE", details))
    assert type(error) is InvalidRequest
    assert error.violations == (FieldViolation(field="$.sku.capacity", description="is -1"),)


def test_the_active_upgrade_is_named(scripted: ScriptedServer) -> None:
    details = error_details_pb2.ResourceInfo(resource_name="/ss/rollingUpgrades/u1")
    error = failed(scripted, refusal(grpc.StatusCode.FAILED_PRECONDITION, "UPGRADE_IN_PROGRESS", details))
    assert type(error) is UpgradeInProgress
    assert error.resource == "/ss/rollingUpgrades/u1"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, InvalidRequest),
        (grpc.StatusCode.NOT_FOUND, NotFound),
        (grpc.StatusCode.FAILED_PRECONDITION, Refused),
        (grpc.StatusCode.ABORTED, Conflict),
        (grpc.StatusCode.ALREADY_EXISTS, Conflict),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, TooMany),
        (grpc.StatusCode.UNAUTHENTICATED, NotPermitted),
        (grpc.StatusCode.PERMISSION_DENIED, NotPermitted),
        (grpc.StatusCode.UNAVAILABLE, Unavailable),
        (grpc.StatusCode.DEADLINE_EXCEEDED, DeadlineExceeded),
        (grpc.StatusCode.INTERNAL, TidegateError),
    ],
)
def test_each_status_has_its_class(scripted: ScriptedServer, code: grpc.StatusCode, kind: type[TidegateError]) -> None:
    error = failed(scripted, Fails(code=code, message="words"))
    assert type(error) is kind
    assert (error.code, error.reason, error.message) == (code, "", "words")


def test_details_that_cannot_be_read_do_not_hide_the_failure() -> None:
    class Ended:
        def __init__(self, details: bytes) -> None:
            self._details = details

        def code(self) -> grpc.StatusCode:
            return grpc.StatusCode.NOT_FOUND

        def details(self) -> str:
            return ""

        def trailing_metadata(self) -> tuple[tuple[str, str | bytes], ...]:
            return (("other", "text"), ("grpc-status-details-bin", self._details))

    broken = Any(type_url="type.googleapis.com/google.rpc.ErrorInfo", value=b"\xff")
    newer = Any(type_url="type.googleapis.com/tidegate.v9.News", value=b"\xff")
    for details in (b"\xff", status_pb2.Status(details=[broken, newer]).SerializeToString()):
        error = error_of(Ended(details))
        assert type(error) is NotFound
        assert error.message == "The call ended with NOT_FOUND."
