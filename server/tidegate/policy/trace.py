"""Shows how a decision came about: every rule, every part of its condition, every value it saw.

Law: the trace walks the conditions as they are written, apart from the compiled form, and looks at every part, even
where the answer was settled before it. It judges nothing that the judge would not.
"""

from __future__ import annotations

import dataclasses

from tidegate.policy.compiled import CompiledPolicy
from tidegate.policy.condition import AllOf, AnyOf, Comparison, Condition, Literal, Not
from tidegate.policy.decision import Verdict
from tidegate.policy.evaluate import compare
from tidegate.policy.fact import Fact, Facts, Scope, as_plain
from tidegate.policy.judge import silence
from tidegate.policy.moment import Moment
from tidegate.policy.place import Place
from tidegate.policy.rules import Rule


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ConditionTrace:
    """One part of a condition. A leaf has a fact and its value; `all`, `any` and `not` have parts."""

    text: str
    place: Place
    held: bool
    fact: str = ""
    value: str | int | float | bool = ""
    operand: str | int | float | bool = ""
    parts: tuple[ConditionTrace, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RuleTrace:
    """One rule: whether its condition held, whether it spoke, and what it says.

    `verdict` is what the rule wants where it speaks; `silence` says why a rule whose condition held did not.
    """

    rule: str
    place: Place
    held: bool
    spoke: bool
    verdict: Verdict
    because: str
    silence: str
    condition: ConditionTrace | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The rules that were asked, in the order of the file."""

    policy: str
    digest: str
    rules: tuple[RuleTrace, ...]


def trace_eligibility(policy: CompiledPolicy, scope: Scope, facts: Facts) -> Trace:
    """How the rules of the scope judge the facts."""
    return _trace(policy, [_rule(rule, Verdict.DENY, facts, "") for rule in policy.eligibility[scope].rules])


def trace_pace(policy: CompiledPolicy, facts: Facts) -> Trace:
    """How the batching rules judge the facts; those after the first that fits do not speak."""
    traces: list[RuleTrace] = []
    chosen = ""
    for rule in policy.batching.rules:
        traced = _rule(rule, Verdict.PACE, facts, f"the rule {chosen} fits already" if chosen else "")
        chosen = chosen or (rule.name if traced.spoke else "")
        traces.append(traced)
    return _trace(policy, traces)


def trace_halt(policy: CompiledPolicy, moment: Moment, facts: Facts, attempted_count: int) -> Trace:
    """How the halt rules of the moment judge the facts."""
    rules = policy.halt[moment].rules
    return _trace(
        policy, [_rule(rule, rule.verdict, facts, silence(rule, facts, attempted_count) or "") for rule in rules]
    )


def _trace(policy: CompiledPolicy, rules: list[RuleTrace]) -> Trace:
    return Trace(policy=policy.name, digest=policy.digest, rules=tuple(rules))


def _rule(rule: Rule, verdict: Verdict, facts: Facts, silenced: str) -> RuleTrace:
    condition = None if rule.when is None else trace_condition(rule.when, facts)
    held = condition is None or condition.held
    return RuleTrace(
        rule=rule.name,
        place=rule.place,
        held=held,
        spoke=held and not silenced,
        verdict=verdict,
        because=rule.because.say(facts),
        silence=silenced if held else "",
        condition=condition,
    )


def trace_condition(condition: Condition, facts: Facts) -> ConditionTrace:
    """Every part of the condition with its value and its result."""
    match condition:
        case Comparison():
            return ConditionTrace(
                text=condition.text,
                place=condition.place,
                held=compare(condition, facts),
                fact=condition.fact.name,
                value=_value(condition.fact, facts),
                operand=(
                    condition.operand.text
                    if isinstance(condition.operand, Literal)
                    else _value(condition.operand.fact, facts)
                ),
            )
        case Not():
            part = trace_condition(condition.part, facts)
            return ConditionTrace(text="not", place=condition.place, held=not part.held, parts=(part,))
        case AllOf() | AnyOf():
            parts = tuple(trace_condition(part, facts) for part in condition.parts)
            how, joined = ("all", all) if isinstance(condition, AllOf) else ("any", any)
            held = joined(part.held for part in parts)
            return ConditionTrace(text=how, place=condition.place, held=held, parts=parts)


def _value(fact: Fact, facts: Facts) -> str | int | float | bool:
    return as_plain(fact, facts[fact.name])
