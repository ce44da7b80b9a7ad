"""Decisions and traces on the wire."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.policy.decision import Decision, FactSeen, Verdict
from tidegate.policy.trace import ConditionTrace, RuleTrace, Trace
from tidegate.v1 import decision_pb2 as pb

_VERDICTS = {verdict: pb.Verdict.Value(f"VERDICT_{verdict.name}") for verdict in Verdict}


def present_decision(decision: Decision) -> pb.Decision:
    """What was decided, by which rule, why, where it stands, and on what facts."""
    return pb.Decision(
        verdict=_VERDICTS[decision.verdict],
        rule=decision.rule,
        because=decision.because,
        place=str(decision.place),
        facts=[_fact_seen(seen) for seen in decision.facts],
    )


def present_decision_if_any(decision: Decision | None) -> pb.Decision | None:
    """As `present_decision`; where nothing was decided it stays absent."""
    return None if decision is None else present_decision(decision)


def _fact_seen(seen: FactSeen) -> pb.FactSeen:
    return pb.FactSeen(name=seen.name, value=present_value(seen.value), age_seconds=seen.age_seconds)


def present_value(value: str | int | float | bool) -> pb.FactValue:
    """A fact's value as a decision keeps it: lists, tags and versions are text by then."""
    match value:
        case bool():
            return pb.FactValue(bool_value=value)
        case int():
            return pb.FactValue(int_value=value)
        case float():
            return pb.FactValue(double_value=value)
        case str():
            return pb.FactValue(string_value=value)


def present_trace(trace: Trace) -> Iterator[pb.TraceStep]:
    """Every rule that was asked and, deeper, every part of its condition, in the order in which they are written."""
    for rule in trace.rules:
        yield pb.TraceStep(rule=rule.rule, place=str(rule.place), depth=0, condition=_said_by(rule), held=rule.held)
        if rule.condition is not None:
            yield from _steps(rule.rule, rule.condition, 1)


def _said_by(rule: RuleTrace) -> str:
    said = f"{rule.verdict.name} because {rule.because}"
    return f"{said} ({rule.silence})" if rule.silence else said


def _steps(rule: str, condition: ConditionTrace, depth: int) -> Iterator[pb.TraceStep]:
    yield pb.TraceStep(
        rule=rule,
        place=str(condition.place),
        depth=depth,
        condition=condition.text,
        held=condition.held,
        value=present_value(condition.value) if condition.fact else None,
    )
    for part in condition.parts:
        yield from _steps(rule, part, depth + 1)
