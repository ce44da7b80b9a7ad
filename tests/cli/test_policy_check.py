"""Checking policies without a server."""

from tidegate.cli.policy_check import check
from tidegate.cli.policy_folder import read_policies, read_rehearsals
from tidegate.cli.shipped_rules import shipped_rules_path
from tidegate.policy.source import PolicySource

POLICY = """\
apiVersion: tidegate/v1
kind: Policy
name: small
eligibility:
  - name: enrolled-only
    when: {fact: subscription.enrolled, equals: false}
    deny: The subscription is not enrolled.
batching:
  - name: one-by-one
    because: it is small
    batch: 1
"""
REHEARSAL = """\
apiVersion: tidegate/v1
kind: Rehearsal
policy: small
cases:
  - name: An enrolled one may begin.
    at: scaleSet
    expect: {verdict: ALLOW}
"""


def source(text: str, file: str = "small.yaml") -> PolicySource:
    return PolicySource(file=file, text=text)


def test_the_shipped_policies_are_sound() -> None:
    folder = shipped_rules_path()
    found = check(read_policies(folder, "rules"), read_rehearsals(folder, "rules"))
    assert found.is_sound
    assert found.case_count > 10
    assert {policy.name for policy in found.policies} >= {"azure-default"}


def test_what_is_wrong_is_told_with_its_place() -> None:
    found = check([source(POLICY.replace("subscription.enrolled", "subscription.enroled"))], [])
    assert not found.is_sound
    (problem,) = found.problems
    assert (problem.place.file, problem.place.line) == ("small.yaml", 6)
    assert "subscription.enrolled" in problem.advice


def test_policies_that_cannot_stand_together_are_told() -> None:
    found = check([source(POLICY), source(POLICY, "twin.yaml")], [])
    assert any("small" in problem.message and problem.place.file == "twin.yaml" for problem in found.problems)


def test_a_rehearsal_that_goes_otherwise_is_a_problem_at_its_case() -> None:
    rehearsal = source(REHEARSAL.replace("ALLOW", "DENY"), "rehearsals/small.yaml")
    (problem,) = check([source(POLICY)], [rehearsal]).problems
    assert (problem.place.file, problem.place.line) == ("rehearsals/small.yaml", 5)
    assert problem.message.startswith("An enrolled one may begin.: the verdict should be DENY and is ALLOW")


def test_rules_that_no_case_moves_and_policies_without_a_rehearsal_are_remarks() -> None:
    found = check([source(POLICY)], [source(REHEARSAL, "r.yaml")])
    assert found.is_sound
    assert "r.yaml: no case makes the rule enrolled-only of small speak." in found.remarks
    assert check([source(POLICY)], []).remarks == ["small.yaml: small has no rehearsal."]


def test_a_rehearsal_for_a_stranger_is_a_problem() -> None:
    found = check([source(POLICY)], [source(REHEARSAL.replace("policy: small", "policy: large"), "r.yaml")])
    (problem,) = found.problems
    assert "large" in problem.message
    assert problem.advice == "The policies here: small."


def test_a_rehearsal_that_is_unsound_is_a_problem() -> None:
    assert not check([source(POLICY)], [source("]", "r.yaml")]).is_sound
