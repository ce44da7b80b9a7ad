"""PolicyService: shows, checks and tries the policies; they are files, and nothing here changes one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tidegate.api.fact_fields import read_facts
from tidegate.api.fields import Fields
from tidegate.api.present_decision import present_decision, present_trace
from tidegate.api.present_policy import present_policy, present_problem
from tidegate.domain.refusal import NoPolicyApplies
from tidegate.executor.policy_keeper import PolicyKeeper
from tidegate.policy.compiled import CompiledPolicy
from tidegate.policy.fact import FactValue, Scope
from tidegate.policy.judge import eligibility
from tidegate.policy.policy_set import load_policies
from tidegate.policy.problem import PolicyRefused
from tidegate.policy.source import PolicySource
from tidegate.policy.trace import trace_eligibility
from tidegate.v1 import policy_service_pb2 as pb

MAX_FILES = 100
MAX_TEXT_BYTES = 1_048_576
MAX_PROBLEMS = 1_000
"""A text of nothing but mistakes must not become an answer larger than a peer takes."""

_SCOPES = {
    pb.ELIGIBILITY_SCOPE_UNSPECIFIED: Scope.SCALE_SET,
    pb.ELIGIBILITY_SCOPE_SCALE_SET: Scope.SCALE_SET,
    pb.ELIGIBILITY_SCOPE_EXTENSION: Scope.EXTENSION,
    pb.ELIGIBILITY_SCOPE_INSTANCE: Scope.INSTANCE,
}


class PolicyService:
    """Answers for the policies in force."""

    def __init__(self, keeper: PolicyKeeper) -> None:
        self._keeper = keeper

    async def ListPolicies(self, request: pb.ListPoliciesRequest) -> pb.ListPoliciesResponse:
        """The policies in force, and what is wrong with the files if they are newer than those."""
        return pb.ListPoliciesResponse(
            policies=[present_policy(policy) for policy in self._keeper.policies()],
            problems=[present_problem(problem) for problem in self._keeper.problems()[:MAX_PROBLEMS]],
        )

    async def GetPolicy(self, request: pb.GetPolicyRequest) -> pb.GetPolicyResponse:
        """One policy with its text."""
        with Fields() as fields:
            name = fields.name("name", request.name, "a policy's name")
        return pb.GetPolicyResponse(policy=present_policy(self._keeper.policy(name), with_text=True))

    async def CheckPolicies(self, request: pb.CheckPoliciesRequest) -> pb.CheckPoliciesResponse:
        """Every problem of the texts, read together as a set. Reading them takes a thread's time, not the loop's."""
        sources = _sources(request)
        try:
            checked = await asyncio.to_thread(load_policies, sources)
        except PolicyRefused as refused:
            return pb.CheckPoliciesResponse(
                problems=[present_problem(problem) for problem in refused.problems[:MAX_PROBLEMS]]
            )
        by_name = sorted(checked.policies, key=lambda policy: policy.name)
        return pb.CheckPoliciesResponse(policies=[present_policy(policy) for policy in by_name])

    async def EvaluateEligibility(self, request: pb.EvaluateEligibilityRequest) -> pb.EvaluateEligibilityResponse:
        """What the rules of one scope say to the given facts, and how they came to it."""
        with Fields() as fields:
            scope = _SCOPES.get(request.scope)
            if scope is None:
                fields.wrong("scope", f"{request.scope} is no scope; write SCALE_SET, EXTENSION or INSTANCE")
            if request.policy:
                fields.name("policy", request.policy, "a policy's name, or nothing")
            facts = read_facts(fields, "facts", request.facts)
        assert scope is not None, "a scope that is none was refused"
        policy = self._chosen(request.policy, facts)
        judged = eligibility(policy, scope, facts)
        return pb.EvaluateEligibilityResponse(
            allowed=judged.allowed,
            decisions=[present_decision(decision) for decision in judged.decisions],
            trace=present_trace(trace_eligibility(policy, scope, facts)),
            policy=policy.name,
        )

    def _chosen(self, name: str, facts: dict[str, FactValue]) -> CompiledPolicy:
        if name:
            return self._keeper.policy(name)
        policy = self._keeper.choose(facts)
        if policy is None:
            raise NoPolicyApplies("a scale set with these facts")
        return policy


def _sources(request: pb.CheckPoliciesRequest) -> Sequence[PolicySource]:
    with Fields() as fields:
        if len(request.files) > MAX_FILES:
            fields.wrong("files", f"has {len(request.files)} texts; write at most {MAX_FILES}")
        for index, file in enumerate(request.files[: MAX_FILES + 1]):
            fields.name(f"files[{index}].file", file.file, "what problems shall call the text")
            if len(file.text.encode()) > MAX_TEXT_BYTES:
                fields.wrong(f"files[{index}].text", f"is larger than {MAX_TEXT_BYTES} bytes")
    return [PolicySource(file=file.file, text=file.text) for file in request.files]
