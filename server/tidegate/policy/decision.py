"""What the judge answers: never a bare boolean, always the rule, its because, its place and the facts it saw.

Law: a decision is made of values that JSON can hold, since the journal stores it in the event that it caused.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from tidegate.policy.fact import Fact, Facts, as_plain
from tidegate.policy.place import Place

Ages: TypeAlias = Mapping[str, float]
"""How old the facts are, in seconds, by name; a fact that is not named was seen just now."""

NO_AGES: Ages = MappingProxyType({})


class Verdict(enum.Enum):
    """What is to happen."""

    ALLOW = "ALLOW"
    DENY = "DENY"
    PACE = "PACE"
    GO_ON = "GO_ON"
    PAUSE = "PAUSE"
    HALT = "HALT"
    ROLL_BACK_FAILED = "ROLL_BACK_FAILED"
    ROLL_BACK = "ROLL_BACK"

    @property
    def gravity(self) -> int:
        """How grave it is among the verdicts of halt rules: 0 for going on, 4 for bringing everything back."""
        return _GRAVITY.get(self, 0)


_GRAVITY = {Verdict.PAUSE: 1, Verdict.HALT: 2, Verdict.ROLL_BACK_FAILED: 3, Verdict.ROLL_BACK: 4}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FactSeen:
    """A fact as the judge saw it: durations in seconds, percentages from 0 to 100, versions and tags as text."""

    name: str
    value: str | int | float | bool
    age_seconds: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A verdict that explains itself. Where no rule spoke, `rule` is empty and the place is the policy file's start."""

    verdict: Verdict
    rule: str
    because: str
    place: Place
    facts: tuple[FactSeen, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HaltDecision:
    """The gravest verdict of the halt rules; `spoke` holds every rule's that spoke, in the order of the file.

    `code` is the error code to show; empty where the upgrade goes on.
    """

    decision: Decision
    code: str
    spoke: tuple[Decision, ...]

    @property
    def verdict(self) -> Verdict:
        """The gravest verdict, GO_ON where no rule spoke."""
        return self.decision.verdict


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What stands behind every "allowed" of one policy and scope: the place, and the facts that its rules ask for."""

    place: Place
    asked: tuple[Fact, ...]


class Eligibility(NamedTuple):
    """May it begin? `denials` holds a decision for every rule that denies, in the order of the file.

    The decision behind an allowance is made only when `decisions` is asked for, from the facts that the judge was
    given: whoever means to keep it asks before changing that mapping. It is a tuple, because nothing is made as often
    and a tuple is made in half the time.
    """

    denials: tuple[Decision, ...]
    allowance: Allowance
    facts: Facts
    ages: Ages

    @property
    def allowed(self) -> bool:
        """Did no rule deny it?"""
        return not self.denials

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Every denial, or the one decision that allows; never empty."""
        return self.denials or (
            Decision(
                verdict=Verdict.ALLOW,
                rule="",
                because="no rule denies it",
                place=self.allowance.place,
                facts=seen(self.allowance.asked, self.facts, self.ages),
            ),
        )


def seen(asked: Iterable[Fact], facts: Facts, ages: Ages) -> tuple[FactSeen, ...]:
    """The facts asked for, each once, as a decision keeps them; an age that nobody gave is 0."""
    return tuple(
        FactSeen(name=fact.name, value=as_plain(fact, facts[fact.name]), age_seconds=ages.get(fact.name, 0.0))
        for fact in dict.fromkeys(asked)
    )
