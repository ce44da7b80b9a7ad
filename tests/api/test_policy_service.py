"""Policies over the wire: shown, checked, and tried on given facts with a trace."""

import grpc
import pytest

from tests.contracts.served import Served, refused
from tests.executor.world import shipped
from tidegate.policy.source import PolicySource
from tidegate.v1 import decision_pb2
from tidegate.v1 import policy_service_pb2 as pb

DEFAULT, CAUTIOUS = shipped("azure-default", "cautious")
ENROLLED = {"subscription.enrolled": decision_pb2.FactValue(bool_value=True)}
NOT_ENROLLED = {
    "subscription.enrolled": decision_pb2.FactValue(bool_value=False),
    "upgrade.kind": decision_pb2.FactValue(string_value="EXTENSION"),
}


def checking(*sources: PolicySource) -> pb.CheckPoliciesRequest:
    return pb.CheckPoliciesRequest(files=[pb.PolicyFile(file=each.file, text=each.text) for each in sources])


async def test_the_policies_in_force_are_listed_by_name_and_read_with_their_text() -> None:
    async with Served(policies=[DEFAULT, CAUTIOUS]) as served:
        listed = await served.policies.ListPolicies(pb.ListPoliciesRequest())
        assert [policy.name for policy in listed.policies] == ["azure-default", "cautious"]
        assert not any(policy.text for policy in listed.policies)
        assert not listed.problems
        read = await served.policies.GetPolicy(pb.GetPolicyRequest(name="azure-default"))
        assert read.policy.text == DEFAULT.text
        assert read.policy.digest == listed.policies[0].digest


async def test_files_that_vanished_or_broke_leave_the_old_set_in_force_and_say_so() -> None:
    async with Served(policies=[DEFAULT]) as served:
        served.keeper.replace([])
        vanished = await served.policies.ListPolicies(pb.ListPoliciesRequest())
        assert [policy.name for policy in vanished.policies] == ["azure-default"]
        assert [problem.message for problem in vanished.problems] == ["No policy file is left."]
        served.keeper.replace([PolicySource(file="new.yaml", text="kind: Policy\nkind: Policy\n")])
        broken = await served.policies.ListPolicies(pb.ListPoliciesRequest())
        assert broken.problems[0].file == "new.yaml"
        assert broken.problems[0].line > 0
        served.keeper.replace([DEFAULT, CAUTIOUS])
        mended = await served.policies.ListPolicies(pb.ListPoliciesRequest())
        assert (len(mended.policies), len(mended.problems)) == (2, 0)


async def test_a_policy_that_is_not_there_is_refused() -> None:
    async with Served() as served:
        refusal = await refused(served.policies.GetPolicy(pb.GetPolicyRequest(name="nope")))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.NOT_FOUND, "POLICY_NOT_FOUND")
        refusal = await refused(served.policies.GetPolicy(pb.GetPolicyRequest()))
        assert list(refusal.fields) == ["name"]


async def test_good_texts_are_told_as_policies_and_bad_ones_as_problems_with_their_places() -> None:
    async with Served() as served:
        good = await served.policies.CheckPolicies(checking(CAUTIOUS, DEFAULT))
        assert [policy.name for policy in good.policies] == ["azure-default", "cautious"]
        assert not good.problems
        wrong = PolicySource(
            file="wrong.yaml", text=DEFAULT.text.replace("subscription.enrolled", "subscription.enroled")
        )
        bad = await served.policies.CheckPolicies(checking(wrong, PolicySource(file="empty.yaml", text="")))
        assert not bad.policies
        assert {problem.file for problem in bad.problems} == {"empty.yaml", "wrong.yaml"}
        (typo,) = [problem for problem in bad.problems if problem.file == "wrong.yaml"]
        line = wrong.text.splitlines()[typo.line - 1]
        assert line[typo.column - 1 :].startswith("subscription.enroled")
        assert "subscription.enrolled" in typo.advice
        same_name = await served.policies.CheckPolicies(
            checking(DEFAULT, PolicySource(file="b.yaml", text=DEFAULT.text))
        )
        assert same_name.problems


async def test_what_is_checked_has_its_bounds() -> None:
    async with Served() as served:
        many = await refused(served.policies.CheckPolicies(checking(*[DEFAULT] * 101)))
        assert list(many.fields) == ["files"]
        large = PolicySource(file="a.yaml", text="#" * 1_048_577)
        refusal = await refused(served.policies.CheckPolicies(checking(DEFAULT, large, PolicySource(file="", text=""))))
        assert list(refusal.fields) == ["files[1].text", "files[2].file"]


async def test_facts_are_judged_with_every_denial_and_a_trace() -> None:
    async with Served() as served:
        told = await served.policies.EvaluateEligibility(pb.EvaluateEligibilityRequest(facts=NOT_ENROLLED))
        assert not told.allowed
        assert told.policy == "azure-default"
        assert [decision.rule for decision in told.decisions] == ["enrolled-subscriptions-only"]
        assert told.decisions[0].place.startswith("azure-default.yaml:")
        assert [step.rule for step in told.trace if step.depth == 0] == [
            "enrolled-subscriptions-only",
            "no-service-fabric",
        ]
        allowed = await served.policies.EvaluateEligibility(pb.EvaluateEligibilityRequest(facts=ENROLLED))
        assert allowed.allowed
        assert [decision.verdict for decision in allowed.decisions] == [decision_pb2.VERDICT_ALLOW]


@pytest.mark.parametrize(
    ("scope", "rules"),
    [
        (pb.ELIGIBILITY_SCOPE_SCALE_SET, ["enrolled-subscriptions-only", "no-service-fabric"]),
        (pb.ELIGIBILITY_SCOPE_EXTENSION, ["minor-upgrades-wanted"]),
        (pb.ELIGIBILITY_SCOPE_INSTANCE, ["protected-instances-stay"]),
    ],
)
async def test_each_scope_asks_its_own_rules(scope: pb.EligibilityScope.ValueType, rules: list[str]) -> None:
    async with Served() as served:
        request = pb.EvaluateEligibilityRequest(scope=scope, policy="azure-default")
        told = await served.policies.EvaluateEligibility(request)
        assert [step.rule for step in told.trace if step.depth == 0] == rules


async def test_the_facts_choose_the_policy_unless_one_is_named() -> None:
    async with Served(policies=[DEFAULT, CAUTIOUS]) as served:
        tagged = decision_pb2.StringMap(entries={"tidegate-policy": "cautious"})
        facts = {"scaleSet.tags": decision_pb2.FactValue(map_value=tagged)}
        expected = {"": "cautious", "azure-default": "azure-default", "cautious": "cautious"}
        for name, policy in expected.items():
            request = pb.EvaluateEligibilityRequest(policy=name, facts=facts)
            assert (await served.policies.EvaluateEligibility(request)).policy == policy


async def test_no_policy_for_these_facts_is_said_so() -> None:
    async with Served(policies=[CAUTIOUS]) as served:
        refusal = await refused(served.policies.EvaluateEligibility(pb.EvaluateEligibilityRequest(facts=ENROLLED)))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NO_POLICY_APPLIES")


async def test_everything_wrong_with_a_question_is_named_at_once() -> None:
    async with Served() as served:
        request = pb.EvaluateEligibilityRequest(policy="a\n", facts={"x": decision_pb2.FactValue(bool_value=True)})
        request.scope = 9  # type: ignore[assignment]
        refusal = await refused(served.policies.EvaluateEligibility(request))
        assert list(refusal.fields) == ["scope", "policy", 'facts["x"]']
        unknown = await refused(
            served.policies.EvaluateEligibility(pb.EvaluateEligibilityRequest(policy="nope", facts=ENROLLED))
        )
        assert unknown.reason == "POLICY_NOT_FOUND"
