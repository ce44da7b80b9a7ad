"""The judge: facts in, decisions out.

Law: one sentence for each kind. Eligibility: any denial denies, and all denials are reported. Batching: the first rule
that fits sets the pace. Halt: the gravest verdict wins, the earlier rule among equals. Facts are never absent: a fact
that a rule asks for and that was not given is a mistake of the caller and ends in an AssertionError.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn, TypeVar

from tidegate.policy.compiled import Bench, CompiledPolicy
from tidegate.policy.condition import FactReference
from tidegate.policy.decision import NO_AGES, Ages, Decision, Eligibility, HaltDecision, Verdict, seen
from tidegate.policy.fact import Fact, Facts, FactType, FactValue, Scope
from tidegate.policy.moment import Moment
from tidegate.policy.pace import BatchSize, FailedInstances, HealthyFloor, Pace
from tidegate.policy.rules import BatchingRule, EligibilityRule, HaltRule, Rule

_Setting = TypeVar("_Setting", bool, int, float)


def eligibility(policy: CompiledPolicy, scope: Scope, facts: Facts, ages: Ages = NO_AGES) -> Eligibility:
    """May it begin, as far as the rules of the scope are concerned?

    Give all facts of the scope and of the wider ones; `ages` in seconds. Ask for each scope: the rules about a scale
    set are not asked again for each of its instances.
    """
    bench = policy.eligibility[scope]
    try:
        held = bench.held_by(facts)
    except KeyError as missing:
        _lacking(policy, missing)
    denials = _denials(bench, held, facts, ages) if held else ()
    return Eligibility(denials, policy.allowances[scope], facts, ages)


def _lacking(policy: CompiledPolicy, missing: KeyError) -> NoReturn:
    raise AssertionError(
        f"the policy {policy.name} asks for the fact {missing.args[0]}, which was not given"
    ) from missing


def _denials(bench: Bench[EligibilityRule], held: int, facts: Facts, ages: Ages) -> tuple[Decision, ...]:
    return tuple(
        _decision(Verdict.DENY, rule, facts, ages) for index, rule in enumerate(bench.rules) if held >> index & 1
    )


def _decision(verdict: Verdict, rule: Rule, facts: Facts, ages: Ages, asked: tuple[Fact, ...] = ()) -> Decision:
    """A decision of the rule, which saw its own facts and those of `asked`."""
    return Decision(
        verdict=verdict,
        rule=rule.name,
        because=rule.because.say(facts),
        place=rule.place,
        facts=seen((*asked, *rule.facts), facts, ages),
    )


def pace(policy: CompiledPolicy, facts: Facts, ages: Ages = NO_AGES) -> Pace:
    """How many instances, in which order, how long between. The last batching rule always fits."""
    try:
        held = policy.batching.held_by(facts)
        first = (held & -held).bit_length() - 1
        assert first >= 0, f"a batching rule of {policy.name} fits always"
        passed = tuple(fact for rule in policy.batching.rules[:first] for fact in rule.facts)
        return _pace(policy.batching.rules[first], facts, ages, passed)
    except KeyError as missing:
        _lacking(policy, missing)


def _pace(rule: BatchingRule, facts: Facts, ages: Ages, passed: tuple[Fact, ...]) -> Pace:
    restore_when_automatic = rule.failed_instances is FailedInstances.RESTORE_WHEN_AUTOMATIC
    floor = rule.minimum_healthy
    in_flight = rule.maximum_in_flight
    return Pace(
        decision=_decision(Verdict.PACE, rule, facts, ages, passed),
        batch=tuple(_size(step, facts) for step in rule.batch),
        zones_together=_setting(rule.zones_together, facts),
        fault_domains=rule.fault_domains,
        unhealthy_first=_setting(rule.unhealthy_first, facts),
        pause_seconds=max(0.0, _setting(rule.pause_seconds, facts)),
        settle_seconds=max(0.0, _setting(rule.settle_seconds, facts)),
        instance_timeout_seconds=max(1.0, _setting(rule.instance_timeout_seconds, facts)),
        minimum_healthy=_floor(floor, facts) if isinstance(floor, FactReference) else floor,
        maximum_in_flight=None if in_flight is None else max(1, _setting(in_flight, facts)),
        restore_failed=(
            facts["upgrade.trigger"] == "AUTOMATIC"
            if restore_when_automatic
            else rule.failed_instances is FailedInstances.RESTORE_PREVIOUS_VERSION
        ),
    )


def _setting(setting: _Setting | FactReference, facts: Facts) -> _Setting:
    """The setting, or the value of the fact that it is taken from; the reader has checked the fact's type."""
    return facts[setting.fact.name] if isinstance(setting, FactReference) else setting  # type: ignore[return-value]


def _number(reference: FactReference, facts: Facts) -> tuple[float | None, int | None]:
    """The fact's value as a share or as a count, whichever it is."""
    value: FactValue = facts[reference.fact.name]
    assert isinstance(value, int | float), f"{reference.fact.name} is a number"
    return (float(value), None) if reference.fact.type is FactType.PERCENT else (None, int(value))


def _size(step: BatchSize | FactReference, facts: Facts) -> BatchSize:
    if isinstance(step, BatchSize):
        return step
    percent, count = _number(step, facts)
    return BatchSize(percent=percent, count=None if count is None else max(1, count))


def _floor(floor: FactReference, facts: Facts) -> HealthyFloor:
    percent, count = _number(floor, facts)
    return HealthyFloor(percent=percent, count=None if count is None else max(0, count))


def halt(
    policy: CompiledPolicy, moment: Moment, facts: Facts, attempted_count: int, ages: Ages = NO_AGES
) -> HaltDecision:
    """Must it stop now? `attempted_count` is the number of instances whose upgrade was attempted and has ended."""
    bench = policy.halt[moment]
    try:
        held = bench.held_by(facts)
        spoke = [
            (rule, _decision(rule.verdict, rule, facts, ages))
            for index, rule in enumerate(bench.rules)
            if held >> index & 1 and silence(rule, facts, attempted_count) is None
        ]
    except KeyError as missing:
        _lacking(policy, missing)
    if not spoke:
        return HaltDecision(decision=_go_on(policy, bench, facts, ages), code="", spoke=())
    rule, gravest = max(spoke, key=lambda one: one[1].verdict.gravity)
    return HaltDecision(decision=gravest, code=rule.code, spoke=tuple(decision for _, decision in spoke))


def silence(rule: HaltRule, facts: Mapping[str, FactValue], attempted_count: int) -> str | None:
    """Why the rule may not speak even where its condition holds, or None where it may."""
    if attempted_count < rule.minimum_sample:
        return f"silent until {rule.minimum_sample} instances were attempted; {attempted_count} were"
    if not rule.even_when_forced and facts["upgrade.force"]:
        return "silent because the upgrade is forced"
    return None


def _go_on(policy: CompiledPolicy, bench: Bench[HaltRule], facts: Facts, ages: Ages) -> Decision:
    return Decision(
        verdict=Verdict.GO_ON,
        rule="",
        because="no rule stops it",
        place=policy.place,
        facts=seen(bench.asked, facts, ages),
    )
