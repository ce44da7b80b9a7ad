"""Policies and problems on the wire."""

from tests.executor.world import shipped
from tidegate.api.present_policy import present_policy, present_problem
from tidegate.policy.compiled import compile_policy
from tidegate.policy.place import Place
from tidegate.policy.problem import Problem
from tidegate.v1 import policy_service_pb2 as pb

POLICY = compile_policy(shipped("azure-default")[0])


def test_a_policy_names_its_rules_in_their_order_and_has_its_text_only_where_asked_for() -> None:
    told = present_policy(POLICY)
    assert (told.name, told.file, told.digest) == ("azure-default", "azure-default.yaml", POLICY.digest)
    assert told.description == POLICY.description
    assert tuple(told.rules) == POLICY.rules.names
    assert told.text == ""
    assert present_policy(POLICY, with_text=True).text == POLICY.source.text


def test_a_problem_has_its_place_and_its_advice() -> None:
    problem = Problem(place=Place(file="p.yaml", line=3, column=9), message="Wrong.", advice="Write it right.")
    assert present_problem(problem) == pb.PolicyProblem(
        file="p.yaml", line=3, column=9, message="Wrong.", advice="Write it right."
    )
