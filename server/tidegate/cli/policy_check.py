"""Checking policies without a server: everything wrong in them with its place, and what their rehearsals say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tidegate.policy.compiled import CompiledPolicy
from tidegate.policy.policy_set import PolicySet, load_policies
from tidegate.policy.problem import PolicyRefused, Problem
from tidegate.policy.read_rehearsal import read_rehearsal
from tidegate.policy.rehearsal import rehearse
from tidegate.policy.source import PolicySource


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check found; `is_sound` where nothing is wrong. Remarks are no problems."""

    policies: Sequence[CompiledPolicy]
    case_count: int
    problems: Sequence[Problem]
    remarks: Sequence[str]

    @property
    def is_sound(self) -> bool:
        """Nothing is wrong."""
        return not self.problems


def check(policies: Sequence[PolicySource], rehearsals: Sequence[PolicySource]) -> Checked:
    """Loads the policies as a set, as a server would, then rehearses them."""
    try:
        loaded = load_policies(policies)
    except PolicyRefused as refused:
        # Rehearsing a set that no server would take tells nothing.
        return Checked(policies=(), case_count=0, problems=refused.problems, remarks=())
    problems: list[Problem] = []
    remarks: list[str] = []
    case_count = 0
    rehearsed: set[str] = set()
    for source in rehearsals:
        try:
            policy = _policy_of(source, loaded)
            result = rehearse(policy, source)
        except PolicyRefused as refused:
            problems += refused.problems
            continue
        rehearsed.add(policy.name)
        case_count += len(result.results)
        problems += [
            Problem(place=case.place, message=f"{case.case}: {difference}.", advice="Mend the policy or the rehearsal.")
            for case in result.results
            for difference in case.differences
        ]
        remarks += [
            f"{source.file}: no case makes the rule {rule} of {policy.name} speak." for rule in result.never_spoke
        ]
        remarks += [
            f"{source.file}: no case keeps the rule {rule} of {policy.name} silent." for rule in result.never_silent
        ]
    remarks += _never_rehearsed(loaded, rehearsed)
    return Checked(policies=loaded.policies, case_count=case_count, problems=problems, remarks=remarks)


def _never_rehearsed(loaded: PolicySet, rehearsed: set[str]) -> Iterator[str]:
    for policy in loaded.policies:
        if policy.name not in rehearsed:
            yield f"{policy.source.file}: {policy.name} has no rehearsal."


def _policy_of(source: PolicySource, loaded: PolicySet) -> CompiledPolicy:
    rehearsal = read_rehearsal(source)
    policy = loaded.named(rehearsal.policy)
    if policy is None:
        known = ", ".join(sorted(each.name for each in loaded.policies))
        message = f"This rehearsal is for {rehearsal.policy}, and there is no such policy here."
        raise PolicyRefused(
            [Problem(place=rehearsal.policy_place, message=message, advice=f"The policies here: {known or 'none'}.")]
        )
    return policy
