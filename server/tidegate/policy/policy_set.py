"""All policies of a server, and which of them a scale set falls under.

Law: the most specific selector that fits wins, and that is one for every scale set: two policies that could tie are
refused when they are loaded, not when a machine is at stake.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence

from tidegate.policy.compiled import CompiledPolicy, compile_policy
from tidegate.policy.fact import Facts
from tidegate.policy.problem import PolicyRefused, Problem
from tidegate.policy.source import PolicySource


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PolicySet:
    """Policies with names of their own, the most specific first."""

    policies: tuple[CompiledPolicy, ...]

    def choose(self, facts: Facts) -> CompiledPolicy | None:
        """The policy for a scale set and an upgrade with these facts, or None where none applies."""
        return next((policy for policy in self.policies if policy.applies_to.fits(facts)), None)

    def named(self, name: str) -> CompiledPolicy | None:
        """The policy of that name, or None where there is none."""
        return next((policy for policy in self.policies if policy.name == name), None)


def load_policies(sources: Sequence[PolicySource]) -> PolicySet:
    """All policies of the sources.

    Raises:
        PolicyRefused: a policy is unsound, two share a name, or two could tie; carries every problem of every file.
    """
    problems: list[Problem] = []
    policies: list[CompiledPolicy] = []
    for source in sources:
        try:
            policies.append(compile_policy(source))
        except PolicyRefused as refused:
            problems.extend(refused.problems)
    for one, other in itertools.combinations(policies, 2):
        problems.extend(_conflicts(one, other))
    if problems:
        raise PolicyRefused(problems)
    most_specific_first = sorted(policies, key=lambda policy: (-policy.applies_to.specificity, policy.name))
    return PolicySet(policies=tuple(most_specific_first))


def _conflicts(one: CompiledPolicy, other: CompiledPolicy) -> Iterator[Problem]:
    if one.name == other.name:
        message = f"A policy named {one.name} stands already in {one.source.file}."
        yield Problem(place=other.place, message=message, advice="Give every policy its own name.")
    mine, theirs = one.applies_to, other.applies_to
    if mine.specificity == theirs.specificity and mine.may_overlap(theirs):
        message = f"{other.name} and {one.name} ({mine.place}) could both be for one scale set, equally specific."
        advice = "Add a condition to appliesTo of one of them, or make their conditions exclude each other."
        yield Problem(place=theirs.place, message=message, advice=advice)
