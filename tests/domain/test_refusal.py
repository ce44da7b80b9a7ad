"""A refusal says what is wrong, about what, and how to mend it; every reason has exactly one class."""

import inspect
from collections.abc import Callable

import pytest

from tests.domain.examples import WEB
from tidegate.domain import host_refusal, refusal
from tidegate.domain.reason import Reason
from tidegate.domain.refusal import (
    Denial,
    FieldViolation,
    MalformedRequest,
    NotEligible,
    Refusal,
    TemplateExpression,
    UpgradeInProgress,
    WatchTooSlow,
)

CLASSES = [
    kind
    for module in (refusal, host_refusal)
    for _, kind in inspect.getmembers(module, inspect.isclass)
    if issubclass(kind, Refusal) and kind is not Refusal and kind.__module__ == module.__name__
]
VIOLATIONS = [
    FieldViolation(field="$.sku.capacity", description="is missing"),
    FieldViolation(field="$.zones", description="is text"),
]
DENIALS = [
    Denial(rule="no-service-fabric", because="clusters upgrade themselves", place="azure.yaml:3:5", subject="web"),
    Denial(rule="minor-versions", because="nobody asked", place="azure.yaml:9:5", subject="Agent"),
]


def make(kind: Callable[..., Refusal]) -> Refusal:
    """One refusal of the kind, from the names of what it takes."""
    by_name: dict[str, object] = {
        "violations": VIOLATIONS,
        "denials": DENIALS,
        "limit": 3,
        "found": 9,
        "known": 2,
        "advice": "Ask.",
    }
    wanted = inspect.signature(kind).parameters.values()
    return kind(**{each.name: by_name.get(each.name, str(WEB)) for each in wanted if each.default is each.empty})


def test_every_reason_has_exactly_one_class() -> None:
    """A policy that is invalid is refused by the room that reads policies, which alone knows the places in them."""
    assert sorted(kind.reason for kind in CLASSES) == sorted(set(Reason) - {Reason.POLICY_INVALID})


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_refusal_says_what_is_wrong_and_how_to_mend_it(kind: type[Refusal]) -> None:
    made = make(kind)
    assert made.message == str(made)
    assert made.message
    assert made.advice.endswith(".") or isinstance(made, MalformedRequest)


def test_reasons_are_named_as_they_are_written() -> None:
    assert all(reason.name == reason.value for reason in Reason)


def test_a_malformed_request_names_all_fields_that_are_wrong() -> None:
    made = MalformedRequest(VIOLATIONS)
    assert str(made) == "$.sku.capacity: is missing; $.zones: is text"
    assert made.violations == tuple(VIOLATIONS)


def test_a_malformed_request_without_a_wrong_field_is_a_broken_promise() -> None:
    with pytest.raises(AssertionError):
        TemplateExpression([])


def test_all_denials_are_told_with_their_rules_and_places() -> None:
    made = NotEligible("web", DENIALS)
    assert made.denials == tuple(DENIALS)
    for denial in DENIALS:
        assert f"{denial.subject}: {denial.because} ({denial.rule}, {denial.place})" in str(made)


def test_the_upgrade_in_the_way_is_named() -> None:
    made = UpgradeInProgress(f"{WEB}/rollingUpgrades/u1")
    assert made.resource == f"{WEB}/rollingUpgrades/u1"
    assert made.resource in str(made)


def test_a_reader_that_was_let_go_learns_where_to_go_on() -> None:
    assert WatchTooSlow("token").resume_token == "token"
