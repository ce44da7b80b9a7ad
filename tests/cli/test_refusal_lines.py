"""A failed call as a person reads it."""

import grpc

from tests.cli.samples import SCALE_SET, page
from tidegate.cli.refusal_lines import refusal_lines
from tidegate_client import Denial, FieldViolation, InvalidRequest, NotEligible, NotFound, TidegateError, Unavailable
from tidegate_client.errors import Failure


def told(error: TidegateError, server: str = "") -> list[str]:
    return [page(line, width=200) for line in refusal_lines(error, server=server)]


def test_every_denial_has_its_rule_its_place_and_its_because() -> None:
    denials = (
        Denial(subject=SCALE_SET, rule="enrolled", because="It is not enrolled.", place="rules/a.yaml:16:5"),
        Denial(subject="agent", rule="...", because="and 3 more", place=""),
    )
    failure = Failure(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        message="a long list",
        reason="NOT_ELIGIBLE",
        advice="Mend each.",
        denials=denials,
        resource=SCALE_SET,
    )
    assert told(NotEligible(failure)) == [
        "error: shop/web is not eligible.",
        "  denied shop/web by enrolled at rules/a.yaml:16:5",
        "    It is not enrolled.",
        "  denied agent by ...",
        "    and 3 more",
        "advice: Mend each.",
    ]


def test_every_wrong_field_is_told() -> None:
    failure = Failure(
        code=grpc.StatusCode.INVALID_ARGUMENT,
        message="$.sku.capacity: is -1",
        reason="MALFORMED_RESOURCE",
        violations=(FieldViolation(field="$.sku.capacity", description="is -1"),),
    )
    assert told(InvalidRequest(failure)) == ["error: The request is wrong.", "  $.sku.capacity: is -1"]


def test_a_plain_refusal_is_its_sentence() -> None:
    failure = Failure(code=grpc.StatusCode.NOT_FOUND, message="No scale set.", reason="SCALE_SET_NOT_FOUND")
    assert told(NotFound(failure)) == ["error: No scale set."]


def test_where_nobody_answers_the_server_is_named() -> None:
    failure = Failure(code=grpc.StatusCode.UNAVAILABLE, message="failed to connect to all addresses")
    lines = told(Unavailable(failure), server="127.0.0.1:50551")
    assert lines[0] == "error: No server answers at 127.0.0.1:50551."
    assert "tidegate serve" in lines[1]


def test_a_server_that_says_why_it_cannot_is_believed() -> None:
    failure = Failure(code=grpc.StatusCode.UNAVAILABLE, message="The disk is full.", reason="JOURNAL_UNAVAILABLE")
    assert told(Unavailable(failure), server="127.0.0.1:50551") == ["error: The disk is full."]
