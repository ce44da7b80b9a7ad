"""Reads the rules of a policy, and refuses those that could never have a say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TypeVar

from tidegate.policy.because import Because
from tidegate.policy.condition import Condition, FactReference, facts_asked
from tidegate.policy.decision import Verdict
from tidegate.policy.fact import FactType, Scope, Section
from tidegate.policy.located import LocatedList, LocatedMap, LocatedScalar, LocatedValue, plain
from tidegate.policy.moment import Moment
from tidegate.policy.pace import FailedInstances, FaultDomains, HealthyFloor
from tidegate.policy.place import Place
from tidegate.policy.problem import Problem
from tidegate.policy.read_condition import read_condition
from tidegate.policy.read_settings import (
    DAY_SECONDS,
    choice,
    read_amount,
    read_reference,
    read_seconds,
    read_sentence,
    read_steps,
    read_switch,
    read_whole_number,
)
from tidegate.policy.rules import BatchingRule, EligibilityRule, HaltRule, Retry, Rules

DEFAULT_CODE = "RollingUpgradeHaltedByPolicy"
DEFAULT_SETTLE_SECONDS = 300.0
DEFAULT_INSTANCE_TIMEOUT_SECONDS = 1_200.0
VERDICTS = {
    "pause": Verdict.PAUSE,
    "halt": Verdict.HALT,
    "rollBackFailed": Verdict.ROLL_BACK_FAILED,
    "rollBack": Verdict.ROLL_BACK,
}

_ZONES = {"together": True, "oneAfterAnother": False}
_Rule = TypeVar("_Rule", EligibilityRule, BatchingRule, HaltRule)


def read_rules(document: LocatedMap, problems: list[Problem]) -> Rules:
    """All rules that can be read, with the problems of the others noted."""
    problems.extend(_repeated_names(document))
    problems.extend(_unreachable_batching(document))
    return Rules(
        eligibility=_each(document.get("eligibility"), _eligibility_rule, problems),
        batching=_each(document.get("batching"), _batching_rule, problems),
        halt=_each(document.get("halt"), _halt_rule, problems),
        retry=_retry(document.get("retry"), problems),
    )


def _each(
    node: LocatedValue | None, read: Callable[[LocatedMap, list[Problem]], _Rule | None], problems: list[Problem]
) -> tuple[_Rule, ...]:
    if not isinstance(node, LocatedList):
        return ()
    rules = [read(item, problems) for item in node.items if isinstance(item, LocatedMap)]
    return tuple(rule for rule in rules if rule is not None)


def _name(rule: LocatedValue) -> LocatedScalar | None:
    name = rule.get("name") if isinstance(rule, LocatedMap) else None
    return name if isinstance(name, LocatedScalar) and isinstance(name.value, str) else None


def _repeated_names(document: LocatedMap) -> Iterator[Problem]:
    first: dict[str, Place] = {}
    for section in ("eligibility", "batching", "halt"):
        rules = document.get(section)
        for rule in rules.items if isinstance(rules, LocatedList) else ():
            name = _name(rule)
            if name is not None and name.text in first:
                message = f"A rule named {name.text} stands already at {first[name.text]}."
                yield Problem(place=name.place, message=message, advice="Give every rule of the policy its own name.")
            elif name is not None:
                first[name.text] = name.place


def _unreachable_batching(document: LocatedMap) -> Iterator[Problem]:
    """Rules behind one that always fits or has the same condition, and a last rule that does not always fit."""
    node = document.get("batching")
    rules = [item for item in node.items if isinstance(item, LocatedMap)] if isinstance(node, LocatedList) else []
    always: str | None = None
    conditions: dict[str, str] = {}
    for rule in rules:
        name = _name(rule)
        label = "without a name" if name is None else name.text
        when = rule.get("when")
        place = rule.place if name is None else name.place
        if always is not None:
            message = f"This rule can never set the pace: the rule {always} before it fits always."
            yield Problem(place=place, message=message, advice="Move it up, or give the other one a condition.")
        elif when is None:
            always = label
        elif (same := conditions.setdefault(json.dumps(plain(when), sort_keys=True), label)) != label:
            message = f"This rule can never set the pace: the rule {same} before it has the same condition."
            yield Problem(place=place, message=message, advice="Change the condition or remove the rule.")
    if rules and always is None:
        message = "An upgrade that fits none of the batching rules would have no pace."
        yield Problem(
            place=document.key_place("batching"), message=message, advice="End batching with a rule without when."
        )


def _when(rule: LocatedMap, section: Section, problems: list[Problem]) -> tuple[Condition | None, bool]:
    """The condition, and whether it is sound; a rule without one always fits."""
    node = rule.get("when")
    if node is None:
        return None, True
    condition = read_condition(node, section, problems)
    return condition, condition is not None


def _eligibility_rule(rule: LocatedMap, problems: list[Problem]) -> EligibilityRule | None:
    name = _name(rule)
    when, sound = _when(rule, Section.ELIGIBILITY, problems)
    because = read_sentence(rule.get("deny"), Section.ELIGIBILITY, problems)
    if name is None or because is None or not sound:
        return None
    asked = (*facts_asked(when), *because.facts)
    scope = max((fact.scope for fact in asked), default=Scope.SCALE_SET)
    return EligibilityRule(name=name.text, place=rule.place, when=when, because=because, scope=scope)


def _batching_rule(rule: LocatedMap, problems: list[Problem]) -> BatchingRule | None:
    name = _name(rule)
    when, sound = _when(rule, Section.BATCHING, problems)
    batch = rule.get("batch")
    steps = None if batch is None else read_steps(batch, problems)
    zones = _zones(rule.get("zones"), problems)
    unhealthy_first = read_switch(rule.get("unhealthyFirst"), problems)
    pause = _seconds(rule, "pauseBetweenBatches", 0.0, (0.0, 30 * DAY_SECONDS), problems)
    settle = _seconds(rule, "settleTimeout", DEFAULT_SETTLE_SECONDS, (0.0, DAY_SECONDS), problems)
    limit = _seconds(rule, "instanceTimeout", DEFAULT_INSTANCE_TIMEOUT_SECONDS, (1.0, DAY_SECONDS), problems)
    floor = rule.get("minimumHealthy")
    minimum_healthy = None if floor is None else read_amount(floor, HealthyFloor, problems)
    maximum_in_flight = read_whole_number(rule.get("maximumInFlight"), None, problems)
    fault_domains = choice(rule.get("faultDomains"), FaultDomains, FaultDomains.SPREAD)
    failed = choice(rule.get("failedInstances"), FailedInstances, FailedInstances.RESTORE_WHEN_AUTOMATIC)
    because = _because_of_pace(rule, problems)
    if name is None or not sound or steps is None or zones is None or unhealthy_first is None or because is None:
        return None
    if pause is None or settle is None or limit is None or fault_domains is None or failed is None:
        return None
    return BatchingRule(
        name=name.text,
        place=rule.place,
        when=when,
        because=because,
        batch=steps,
        zones_together=zones,
        fault_domains=fault_domains,
        unhealthy_first=unhealthy_first,
        pause_seconds=pause,
        settle_seconds=settle,
        instance_timeout_seconds=limit,
        minimum_healthy=minimum_healthy,
        maximum_in_flight=maximum_in_flight,
        failed_instances=failed,
    )


def _seconds(
    rule: LocatedMap, key: str, default: float, bounds: tuple[float, float], problems: list[Problem]
) -> float | FactReference | None:
    return read_seconds(rule.get(key), default, bounds, Section.BATCHING, problems)


def _because_of_pace(rule: LocatedMap, problems: list[Problem]) -> Because | None:
    if rule.get("because") is not None:
        return read_sentence(rule.get("because"), Section.BATCHING, problems)
    fits = "it always fits" if rule.get("when") is None else "it is the first whose condition holds"
    return Because(pieces=(fits,))


def _zones(node: LocatedValue | None, problems: list[Problem]) -> bool | FactReference | None:
    """Whether a batch may reach over zones; a fact that is true means that it may."""
    if isinstance(node, LocatedMap):
        return read_reference(node, (FactType.BOOLEAN,), Section.BATCHING, problems)
    return choice(node, _ZONES.get, False)


def _halt_rule(rule: LocatedMap, problems: list[Problem]) -> HaltRule | None:
    name = _name(rule)
    when, sound = _when(rule, Section.HALT, problems)
    because = read_sentence(rule.get("because"), Section.HALT, problems)
    at = choice(rule.get("at"), Moment, None)
    verdict = choice(rule.get("then"), VERDICTS.get, None)
    sample = read_whole_number(rule.get("minimumSample"), 0, problems)
    code = rule.get("code")
    forced = read_switch(rule.get("evenWhenForced"), problems)
    if name is None or not sound or because is None or at is None or verdict is None:
        return None
    if not isinstance(sample, int) or not isinstance(forced, bool):
        return None
    return HaltRule(
        name=name.text,
        place=rule.place,
        at=at,
        when=when,
        minimum_sample=sample,
        verdict=verdict,
        because=because,
        code=code.text if isinstance(code, LocatedScalar) else DEFAULT_CODE,
        even_when_forced=forced,
    )


def _retry(node: LocatedValue | None, problems: list[Problem]) -> Retry | None:
    if not isinstance(node, LocatedMap):
        return None
    after = read_seconds(node.get("after"), DAY_SECONDS, (60.0, 365 * DAY_SECONDS), Section.BATCHING, problems)
    attempts = read_whole_number(node.get("attempts"), 1, problems)
    if not isinstance(after, float) or not isinstance(attempts, int):
        return None
    return Retry(after_seconds=after, attempts=attempts, place=node.place)
