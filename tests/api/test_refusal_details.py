"""A refusal tells programs its reason and people how to mend it, and never grows larger than a peer takes."""

from typing import TypeVar

import pytest
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from hypothesis import given
from hypothesis import strategies as st

from tidegate.api.refusal_details import DETAILS_BYTES, MESSAGE_BYTES, incident_status, reason_of, status_of
from tidegate.domain.reason import Reason
from tidegate.domain.refusal import (
    Denial,
    FieldViolation,
    InstanceNotFound,
    MalformedRequest,
    MalformedResource,
    NotEligible,
    NoUpgradeInProgress,
    ScaleSetNotFound,
    TooManyUpgrades,
    UpgradeInProgress,
    WatchTooSlow,
)
from tidegate.policy.place import Place
from tidegate.policy.problem import PolicyRefused, Problem

Detail = TypeVar("Detail", bound=Message)


def detail(status: status_pb2.Status, of: type[Detail]) -> Detail:
    """The one detail of that type."""
    found = []
    for packed in status.details:
        message = of()
        if packed.Unpack(message):
            found.append(message)
    assert len(found) == 1, f"{len(found)} details of {of.DESCRIPTOR.name}"
    return found[0]


def test_a_refusal_has_its_reason_its_advice_and_what_it_is_about() -> None:
    status = status_of(ScaleSetNotFound("/subscriptions/s/web"))
    assert status.code == code_pb2.NOT_FOUND
    assert status.message == "No scale set /subscriptions/s/web is known."
    info = detail(status, error_details_pb2.ErrorInfo)
    assert (info.reason, info.domain) == ("SCALE_SET_NOT_FOUND", "tidegate.v1")
    assert dict(info.metadata) == {"advice": "Put it first."}
    resource = detail(status, error_details_pb2.ResourceInfo)
    assert (resource.resource_type, resource.resource_name) == ("tidegate.v1.ScaleSet", "/subscriptions/s/web")


def test_an_active_upgrade_is_named() -> None:
    status = status_of(UpgradeInProgress("/web/rollingUpgrades/u1"))
    assert detail(status, error_details_pb2.ResourceInfo).resource_name == "/web/rollingUpgrades/u1"
    assert detail(status, error_details_pb2.ResourceInfo).resource_type == "tidegate.v1.RollingUpgrade"


@pytest.mark.parametrize(
    ("name", "type_"),
    [("/web", "tidegate.v1.ScaleSet"), ("/web/rollingUpgrades/u1", "tidegate.v1.RollingUpgrade")],
)
def test_a_target_of_either_kind_is_called_by_its_kind(name: str, type_: str) -> None:
    status = status_of(NoUpgradeInProgress(name))
    assert detail(status, error_details_pb2.ResourceInfo).resource_type == type_


def test_a_refusal_about_nothing_has_no_resource() -> None:
    status = status_of(TooManyUpgrades(7))
    assert [packed.TypeName() for packed in status.details] == ["google.rpc.ErrorInfo"]


def test_every_wrong_field_is_named() -> None:
    wrong = [FieldViolation(field="scale_set", description="is no id"), FieldViolation(field="x", description="is odd")]
    found = detail(status_of(MalformedRequest(wrong)), error_details_pb2.BadRequest).field_violations
    assert [(each.field, each.description) for each in found] == [("scale_set", "is no id"), ("x", "is odd")]


def test_a_resource_that_cannot_be_read_has_json_paths() -> None:
    status = status_of(MalformedResource([FieldViolation(field="$.sku.capacity", description="is text")]))
    assert detail(status, error_details_pb2.ErrorInfo).reason == "MALFORMED_RESOURCE"
    assert detail(status, error_details_pb2.BadRequest).field_violations[0].field == "$.sku.capacity"


def test_every_denial_has_its_rule_its_subject_its_because_and_its_place() -> None:
    denials = [
        Denial(rule="enrolled", because="it is not enrolled", place="p.yaml:3:5", subject="/web"),
        Denial(rule="minor", because="minor versions are not wanted", place="p.yaml:9:5", subject="agent"),
    ]
    status = status_of(NotEligible("/web", denials))
    assert status.code == code_pb2.FAILED_PRECONDITION
    found = detail(status, error_details_pb2.PreconditionFailure).violations
    assert [(each.type, each.subject, each.description) for each in found] == [
        ("enrolled", "/web", "it is not enrolled (p.yaml:3:5)"),
        ("minor", "agent", "minor versions are not wanted (p.yaml:9:5)"),
    ]


def test_a_policy_problem_has_its_place_as_its_field() -> None:
    problem = Problem(place=Place(file="p.yaml", line=3, column=9), message="No such fact.", advice="Did you mean x?")
    refused = PolicyRefused([problem])
    status = status_of(refused)
    assert reason_of(refused) is Reason.POLICY_INVALID
    assert detail(status, error_details_pb2.ErrorInfo).reason == "POLICY_INVALID"
    found = detail(status, error_details_pb2.BadRequest).field_violations[0]
    assert (found.field, found.description) == ("p.yaml:3:9", "No such fact. Did you mean x?")


def test_a_slow_reader_is_given_his_resume_token() -> None:
    info = detail(status_of(WatchTooSlow("token")), error_details_pb2.ErrorInfo)
    assert info.metadata["resumeToken"] == "token"


def test_an_incident_tells_its_id_and_nothing_else() -> None:
    status = incident_status("00ff")
    assert status.code == code_pb2.INTERNAL
    assert detail(status, error_details_pb2.RequestInfo).request_id == "00ff"
    assert "00ff" in status.message


def test_a_long_list_ends_with_how_many_more_there_are() -> None:
    wrong = [FieldViolation(field=f"files[{index}]", description="x" * 300) for index in range(500)]
    found = detail(status_of(MalformedRequest(wrong)), error_details_pb2.BadRequest).field_violations
    assert 5 < len(found) < 20
    assert found[-1].description == f"and {500 - len(found) + 1} more"


def test_many_denials_are_cut_too() -> None:
    denials = [Denial(rule="r" * 90, because="b" * 900, place="p:1:1", subject="s") for _ in range(90)]
    found = detail(status_of(NotEligible("/web", denials)), error_details_pb2.PreconditionFailure).violations
    assert found[-1].description == f"and {90 - len(found) + 1} more"


@given(st.lists(st.tuples(st.text(max_size=900), st.text(max_size=900)), min_size=1, max_size=30))
def test_no_refusal_is_larger_than_a_peer_takes(wrong: list[tuple[str, str]]) -> None:
    status = status_of(MalformedRequest([FieldViolation(field=field, description=said) for field, said in wrong]))
    assert status.ByteSize() <= DETAILS_BYTES
    assert len(status.message.encode()) <= MESSAGE_BYTES


@given(st.text(min_size=600, max_size=5_000))
def test_no_name_is_repeated_at_full_length(name: str) -> None:
    status = status_of(InstanceNotFound(name, name))
    assert status.ByteSize() <= DETAILS_BYTES
