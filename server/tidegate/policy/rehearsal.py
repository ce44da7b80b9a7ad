"""Rehearses a policy: asks it the questions of a rehearsal file and compares the answers.

Law: a rehearsal tells about every rule whether it was seen to speak and seen to be silent; a rule that no case moves is
a rule that nobody tried.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from tidegate.policy.compiled import CompiledPolicy
from tidegate.policy.decision import Decision
from tidegate.policy.fact import Scope
from tidegate.policy.judge import eligibility, halt, pace
from tidegate.policy.moment import Moment
from tidegate.policy.pace import BatchSize, FailedInstances, HealthyFloor, Pace
from tidegate.policy.place import Place
from tidegate.policy.problem import PolicyRefused, Problem
from tidegate.policy.quantity import write_duration, write_number
from tidegate.policy.read_rehearsal import Case, read_rehearsal
from tidegate.policy.source import PolicySource
from tidegate.policy.suggestion import did_you_mean
from tidegate.policy.trace import Trace, trace_eligibility, trace_halt, trace_pace


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalResult:
    """What came of one case: nothing to tell where it passed, otherwise a sentence for each difference."""

    case: str
    place: Place
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Did the policy answer as expected?"""
        return not self.differences


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """All results, and the rules that no case made speak or that no case kept silent, in the order of the file.

    A batching rule without a condition cannot be kept silent by itself and is not asked to be.
    """

    results: tuple[RehearsalResult, ...]
    never_spoke: tuple[str, ...]
    never_silent: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Did every case pass?"""
        return all(result.passed for result in self.results)


def rehearse(policy: CompiledPolicy, source: PolicySource) -> Rehearsed:
    """Ask the policy every question of the rehearsal.

    Raises:
        PolicyRefused: the rehearsal itself is unsound, or is for another policy.
    """
    rehearsal = read_rehearsal(source)
    problems = [] if rehearsal.policy == policy.name else [_stranger(policy, rehearsal.policy, rehearsal.policy_place)]
    problems.extend(problem for case in rehearsal.cases for problem in _unknown_rules(policy, case))
    if problems:
        raise PolicyRefused(problems)
    results: list[RehearsalResult] = []
    spoke: set[str] = set()
    silent: set[str] = set()
    for case in rehearsal.cases:
        results.append(RehearsalResult(case=case.name, place=case.place, differences=tuple(_differences(policy, case))))
        for rule in _trace(policy, case).rules:
            (spoke if rule.spoke else silent).add(rule.rule)
    unconditional = {rule.name for rule in policy.rules.batching if rule.when is None}
    names = policy.rules.names
    return Rehearsed(
        results=tuple(results),
        never_spoke=tuple(name for name in names if name not in spoke),
        never_silent=tuple(name for name in names if name not in silent | unconditional),
    )


def _stranger(policy: CompiledPolicy, named: str, place: Place) -> Problem:
    message = f"This rehearsal is for {named}, not for {policy.name}."
    return Problem(place=place, message=message, advice=f"Write policy: {policy.name} or rehearse {named}.")


def _unknown_rules(policy: CompiledPolicy, case: Case) -> Iterator[Problem]:
    for name in case.rules or ():
        if name not in policy.rules.names:
            advice = did_you_mean(name, policy.rules.names, f"Its rules: {', '.join(policy.rules.names)}.")
            yield Problem(place=case.place, message=f"{policy.name} has no rule {name}.", advice=advice)


def _trace(policy: CompiledPolicy, case: Case) -> Trace:
    match case.question:
        case Scope():
            return trace_eligibility(policy, case.question, case.facts)
        case Moment():
            return trace_halt(policy, case.question, case.facts, case.attempted_count)
        case None:
            return trace_pace(policy, case.facts)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What the policy said: the deciding decision, all that spoke, the error code, the settings of the pace."""

    decision: Decision
    spoke: tuple[Decision, ...]
    code: str = ""
    words: Mapping[str, str] = dataclasses.field(default_factory=dict)


def _answer(policy: CompiledPolicy, case: Case) -> _Answer:
    match case.question:
        case Scope():
            may = eligibility(policy, case.question, case.facts)
            return _Answer(decision=may.decisions[0], spoke=may.denials)
        case Moment():
            stop = halt(policy, case.question, case.facts, case.attempted_count)
            return _Answer(decision=stop.decision, spoke=stop.spoke, code=stop.code)
        case None:
            found = pace(policy, case.facts)
            return _Answer(decision=found.decision, spoke=(found.decision,), words=pace_words(found))


def _differences(policy: CompiledPolicy, case: Case) -> Iterator[str]:
    answer = _answer(policy, case)
    names = tuple(decision.rule for decision in answer.spoke)
    if answer.decision.verdict.value != case.verdict:
        yield f"the verdict should be {case.verdict} and is {answer.decision.verdict.value}: {answer.decision.because}"
    if case.rules is not None and names != case.rules:
        yield f"the rules {', '.join(case.rules) or 'none'} should speak, and these do: {', '.join(names) or 'none'}"
    if case.because and answer.decision.because != case.because:
        yield f'the because should be "{case.because}" and is "{answer.decision.because}"'
    if case.code is not None and answer.code != case.code:
        yield f"the code should be {case.code or 'none'} and is {answer.code or 'none'}"
    for key, wanted in case.pace:
        if answer.words.get(key, "") != wanted:
            yield f"{key} should be {wanted} and is {answer.words.get(key, '') or 'not set'}"


def _amount(amount: BatchSize | HealthyFloor) -> str:
    return str(amount.count) if amount.percent is None else f"{write_number(amount.percent)}%"


def pace_words(pace: Pace) -> dict[str, str]:
    """The settings of the pace in the words of the policy language, without those that are not set."""
    failed = FailedInstances.RESTORE_PREVIOUS_VERSION if pace.restore_failed else FailedInstances.LEAVE
    words = {
        "batch": ", ".join(_amount(size) for size in pace.batch),
        "zones": "together" if pace.zones_together else "oneAfterAnother",
        "faultDomains": pace.fault_domains.value,
        "unhealthyFirst": "true" if pace.unhealthy_first else "false",
        "pauseBetweenBatches": write_duration(pace.pause_seconds),
        "settleTimeout": write_duration(pace.settle_seconds),
        "instanceTimeout": write_duration(pace.instance_timeout_seconds),
        "failedInstances": failed.value,
    }
    if pace.minimum_healthy is not None:
        words["minimumHealthy"] = _amount(pace.minimum_healthy)
    if pace.maximum_in_flight is not None:
        words["maximumInFlight"] = str(pace.maximum_in_flight)
    return words
