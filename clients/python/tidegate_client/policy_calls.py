"""What the methods of PolicyService are asked, and what their answers are read as."""

from __future__ import annotations

from collections.abc import Mapping

from tidegate.v1 import policy_service_pb2 as policies
from tidegate_client.calls import Call, whole
from tidegate_client.messages import EligibilityScope, Policy
from tidegate_client.wording import FactLike, fact_value

_SERVICE = "/tidegate.v1.PolicyService/"


def list_policies() -> Call[policies.ListPoliciesResponse, policies.ListPoliciesResponse]:
    return Call(
        path=_SERVICE + "ListPolicies",
        request=policies.ListPoliciesRequest(),
        response=policies.ListPoliciesResponse,
        read=whole,
    )


def get_policy(name: str) -> Call[policies.GetPolicyResponse, Policy]:
    return Call(
        path=_SERVICE + "GetPolicy",
        request=policies.GetPolicyRequest(name=name),
        response=policies.GetPolicyResponse,
        read=lambda response: response.policy,
    )


def check_policies(
    files: Mapping[str, str],
) -> Call[policies.CheckPoliciesResponse, policies.CheckPoliciesResponse]:
    return Call(
        path=_SERVICE + "CheckPolicies",
        request=policies.CheckPoliciesRequest(
            files=[policies.PolicyFile(file=name, text=text) for name, text in files.items()]
        ),
        response=policies.CheckPoliciesResponse,
        read=whole,
    )


def evaluate_eligibility(
    facts: Mapping[str, FactLike], *, policy: str, scope: EligibilityScope.ValueType
) -> Call[policies.EvaluateEligibilityResponse, policies.EvaluateEligibilityResponse]:
    return Call(
        path=_SERVICE + "EvaluateEligibility",
        request=policies.EvaluateEligibilityRequest(
            policy=policy, scope=scope, facts={name: fact_value(fact) for name, fact in facts.items()}
        ),
        response=policies.EvaluateEligibilityResponse,
        read=whole,
    )
