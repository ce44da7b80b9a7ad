"""Decisions and traces on the wire say everything that they say in the house."""

import pytest

from tests.executor.world import shipped
from tidegate.api.present_decision import present_decision, present_decision_if_any, present_trace, present_value
from tidegate.policy.compiled import compile_policy
from tidegate.policy.decision import Decision, FactSeen, Verdict
from tidegate.policy.fact import Scope
from tidegate.policy.facts import FACTS
from tidegate.policy.place import Place
from tidegate.policy.trace import trace_eligibility
from tidegate.v1 import decision_pb2 as pb

DECISION = Decision(
    verdict=Verdict.DENY,
    rule="enrolled",
    because="it is not",
    place=Place(file="p.yaml", line=3, column=5),
    facts=(FactSeen(name="subscription.enrolled", value=False, age_seconds=1.5),),
)


def test_a_decision_has_its_rule_its_because_its_place_and_its_facts() -> None:
    seen = pb.FactSeen(name="subscription.enrolled", value=pb.FactValue(bool_value=False), age_seconds=1.5)
    assert present_decision(DECISION) == pb.Decision(
        verdict=pb.VERDICT_DENY, rule="enrolled", because="it is not", place="p.yaml:3:5", facts=[seen]
    )


def test_where_nothing_was_decided_there_is_no_decision() -> None:
    assert present_decision_if_any(None) is None
    assert present_decision_if_any(DECISION) == present_decision(DECISION)


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_its_name_on_the_wire(verdict: Verdict) -> None:
    decision = Decision(verdict=verdict, rule="", because="", place=DECISION.place, facts=())
    assert pb.Verdict.Name(present_decision(decision).verdict) == f"VERDICT_{verdict.name}"


@pytest.mark.parametrize(
    ("value", "field"),
    [(True, "bool_value"), (3, "int_value"), (2.5, "double_value"), ("1, 2", "string_value")],
)
def test_a_value_keeps_its_type(value: str | int | float | bool, field: str) -> None:
    presented = present_value(value)
    assert presented.WhichOneof("value") == field
    assert getattr(presented, field) == value


def test_a_trace_shows_every_rule_and_every_part_of_its_condition_with_what_it_saw() -> None:
    policy = compile_policy(shipped("azure-default")[0])
    facts = {name: fact.usual for name, fact in FACTS.items()} | {"subscription.enrolled": False}
    steps = list(present_trace(trace_eligibility(policy, Scope.SCALE_SET, facts)))
    assert [step.rule for step in steps if step.depth == 0] == ["enrolled-subscriptions-only", "no-service-fabric"]
    rule, both, kind, enrolled = steps[:4]
    assert rule.held
    assert rule.condition.startswith("DENY because The subscription")
    assert (both.depth, both.condition, both.held, both.HasField("value")) == (1, "all", True, False)
    assert (kind.depth, kind.held, kind.value.string_value) == (2, True, "EXTENSION")
    assert (enrolled.depth, enrolled.held, enrolled.value.WhichOneof("value")) == (2, True, "bool_value")
    assert enrolled.place.startswith("azure-default.yaml:")
