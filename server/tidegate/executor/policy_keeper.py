"""The policies in force: a set that is replaced as a whole or not at all.

Law: an invalid set never replaces a good one, and neither does an empty one: policies that vanished from a disk are a
mishap, not a decision. What is wrong with the newest attempt is kept for whoever asks. Who listens is told of a set
that says something else, not of other comments or another layout.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import structlog

from tidegate.domain.refusal import PolicyNotFound
from tidegate.policy.compiled import CompiledPolicy
from tidegate.policy.fact import Facts
from tidegate.policy.place import Place
from tidegate.policy.policy_set import PolicySet, load_policies
from tidegate.policy.problem import PolicyRefused, Problem
from tidegate.policy.source import PolicySource

log = structlog.stdlib.get_logger(__name__)


class PolicyKeeper:
    """Holds the policies in force and what was wrong with the newest attempt to replace them."""

    def __init__(self, sources: Sequence[PolicySource]) -> None:
        """Take the first set.

        Raises:
            PolicyRefused: the set is unsound; carries every problem of every file.
        """
        self._in_force: PolicySet = load_policies(sources)
        self._problems: tuple[Problem, ...] = ()
        self._when_replaced: list[Callable[[], None]] = []

    def when_replaced(self, listener: Callable[[], None]) -> None:
        """Call the listener whenever policies with another digest are in force."""
        self._when_replaced.append(listener)

    def replace(self, sources: Sequence[PolicySource]) -> bool:
        """Put this set in force; False, and the one in force stays, where it is unsound or empty."""
        try:
            found = load_policies(sources)
        except PolicyRefused as refused:
            return self._keep(tuple(refused.problems))
        if self._in_force.policies and not found.policies:
            return self._keep((_vanished(self._in_force.policies[0].place),))
        says_else = _digest(found) != _digest(self._in_force)
        if self._problems or says_else:
            log.info("policies_replaced", policies=[policy.name for policy in found.policies])
        self._in_force = found
        self._problems = ()
        if says_else:
            for listener in self._when_replaced:
                listener()
        return True

    def digest(self) -> str:
        """What tells the policies in force from others: a SHA-256 in hex of what they say, their names included."""
        return _digest(self._in_force)

    def choose(self, facts: Facts) -> CompiledPolicy | None:
        """The policy in force for a scale set and an upgrade with these facts, or None where none applies."""
        return self._in_force.choose(facts)

    def policies(self) -> tuple[CompiledPolicy, ...]:
        """All policies in force, by name."""
        return tuple(sorted(self._in_force.policies, key=lambda policy: policy.name))

    def policy(self, name: str) -> CompiledPolicy:
        """The policy in force of that name.

        Raises:
            PolicyNotFound: none has it.
        """
        policy = self._in_force.named(name)
        if policy is None:
            raise PolicyNotFound(name)
        return policy

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the newest attempt; empty where it is in force."""
        return self._problems

    def _keep(self, problems: tuple[Problem, ...]) -> bool:
        if problems != self._problems:
            first = problems[0]
            log.warning("policies_refused", problems=len(problems), place=str(first.place), first=first.message)
        self._problems = problems
        return False


def _vanished(place: Place) -> Problem:
    return Problem(
        place=place,
        message="No policy file is left.",
        advice="Put the files back; the policies that were there stay in force until then.",
    )


def _digest(found: PolicySet) -> str:
    return hashlib.sha256("\n".join(sorted(policy.digest for policy in found.policies)).encode()).hexdigest()
