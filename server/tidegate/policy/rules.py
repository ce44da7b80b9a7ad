"""The rules of a policy, read and checked: eligibility, batching, halt, and when to try again."""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

from tidegate.policy.because import Because
from tidegate.policy.condition import Condition, FactReference, facts_asked
from tidegate.policy.decision import Verdict
from tidegate.policy.fact import Fact, Scope
from tidegate.policy.moment import Moment
from tidegate.policy.pace import BatchSize, FailedInstances, FaultDomains, HealthyFloor
from tidegate.policy.place import Place


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EligibilityRule:
    """Denies wherever its condition holds."""

    name: str
    place: Place
    when: Condition | None
    because: Because
    scope: Scope

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The facts that the rule looks at or speaks of."""
        return tuple(dict.fromkeys((*facts_asked(self.when), *self.because.facts)))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BatchingRule:
    """Sets the pace where it is the first whose condition holds. Durations in seconds; a reference takes a fact."""

    name: str
    place: Place
    when: Condition | None
    because: Because
    batch: tuple[BatchSize | FactReference, ...]
    zones_together: bool | FactReference
    fault_domains: FaultDomains
    unhealthy_first: bool | FactReference
    pause_seconds: float | FactReference
    settle_seconds: float | FactReference
    instance_timeout_seconds: float | FactReference
    minimum_healthy: HealthyFloor | FactReference | None
    maximum_in_flight: int | FactReference | None
    failed_instances: FailedInstances

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The facts that the rule looks at, speaks of, or takes a setting from."""
        settings = (
            *self.batch,
            self.zones_together,
            self.unhealthy_first,
            self.pause_seconds,
            self.settle_seconds,
            self.instance_timeout_seconds,
            self.minimum_healthy,
            self.maximum_in_flight,
        )
        taken = (setting.fact for setting in settings if isinstance(setting, FactReference))
        return tuple(dict.fromkeys((*facts_asked(self.when), *taken, *self.because.facts)))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HaltRule:
    """Speaks at its moment where its condition holds.

    It is silent until `minimum_sample` instances were attempted, and in a forced upgrade unless `even_when_forced`.
    """

    name: str
    place: Place
    at: Moment
    when: Condition | None
    minimum_sample: int
    verdict: Verdict
    because: Because
    code: str
    even_when_forced: bool

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The facts that the rule looks at or speaks of."""
        return tuple(dict.fromkeys((*facts_asked(self.when), *self.because.facts)))


Rule: TypeAlias = EligibilityRule | BatchingRule | HaltRule


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Failed instances are tried again by a later automatic upgrade: after how many seconds, and how often at most."""

    after_seconds: float
    attempts: int
    place: Place


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All rules of one policy, each kind in the order of the file."""

    eligibility: tuple[EligibilityRule, ...]
    batching: tuple[BatchingRule, ...]
    halt: tuple[HaltRule, ...]
    retry: Retry | None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all rules; no two are the same."""
        everything: tuple[Rule, ...] = (*self.eligibility, *self.batching, *self.halt)
        return tuple(rule.name for rule in everything)
