"""What is wrong with a policy: what, where, and how to mend it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from tidegate.policy.place import Place


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to mend: `message` says what is wrong, `advice` what to write instead."""

    place: Place
    message: str
    advice: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message} {self.advice}"


class PolicyRefused(Exception):
    """A policy (or a set of them) cannot be used. Carries every problem found, in the order of their places."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(
            sorted(problems, key=lambda problem: (problem.place, problem.message))
        )
        assert self.problems, "a policy is refused for a reason"
        super().__init__("\n".join(str(problem) for problem in self.problems))
