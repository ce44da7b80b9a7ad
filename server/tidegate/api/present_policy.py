"""Policies and their problems on the wire."""

from __future__ import annotations

from tidegate.policy.compiled import CompiledPolicy
from tidegate.policy.problem import Problem
from tidegate.v1 import policy_service_pb2 as pb


def present_policy(policy: CompiledPolicy, *, with_text: bool = False) -> pb.Policy:
    """A policy; its YAML text only where it is asked for."""
    return pb.Policy(
        name=policy.name,
        description=policy.description,
        file=policy.source.file,
        digest=policy.digest,
        text=policy.source.text if with_text else "",
        rules=policy.rules.names,
    )


def present_problem(problem: Problem) -> pb.PolicyProblem:
    """What is wrong, where, and how to mend it."""
    return pb.PolicyProblem(
        file=problem.place.file,
        line=problem.place.line,
        column=problem.place.column,
        message=problem.message,
        advice=problem.advice,
    )
