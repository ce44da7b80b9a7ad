"""Traces show how a decision came about."""

from hypothesis import given

from tests.policy.strategies import all_facts, conditions
from tests.policy.texts import facts, policy_of
from tidegate.policy.condition import Condition
from tidegate.policy.decision import Verdict
from tidegate.policy.evaluate import holds
from tidegate.policy.fact import FactValue, Scope
from tidegate.policy.moment import Moment
from tidegate.policy.trace import ConditionTrace, trace_condition, trace_eligibility, trace_halt, trace_pace

ELIGIBILITY = """
    - name: both
      when:
        any:
          - {fact: scaleSet.capacity, atLeast: 3}
          - not: {fact: instance.zone, in: {fact: scaleSet.zones}}
      deny: "{scaleSet.name} it is."
"""


def test_every_part_is_looked_at_even_where_the_answer_is_settled() -> None:
    trace = trace_eligibility(policy_of(eligibility=ELIGIBILITY), Scope.INSTANCE, facts({"scaleSet.zones": ("1", "2")}))
    (rule,) = trace.rules
    assert (rule.rule, rule.held, rule.spoke, rule.verdict) == ("both", True, True, Verdict.DENY)
    assert rule.because == "web it is."
    assert rule.condition is not None
    assert _lines(rule.condition) == [
        "tried.yaml:7:7 any: true",
        "tried.yaml:8:11   scaleSet.capacity atLeast 3: true (10, 3)",
        "tried.yaml:9:11   not: true",
        "tried.yaml:9:16     instance.zone in scaleSet.zones: false (, 1, 2)",
    ]


def _lines(condition: ConditionTrace, depth: int = 0) -> list[str]:
    seen = f" ({condition.value}, {condition.operand})" if condition.fact else ""
    held = "true" if condition.held else "false"
    line = f"{condition.place} {'  ' * depth}{condition.text}: {held}{seen}"
    return [line, *(inner for part in condition.parts for inner in _lines(part, depth + 1))]


def test_batching_rules_after_the_first_that_fits_do_not_speak() -> None:
    batching = """
    - {name: large, when: {fact: scaleSet.capacity, atLeast: 100}, batch: 5%}
    - {name: medium, when: {fact: scaleSet.capacity, atLeast: 10}, batch: 10%}
    - {name: otherwise, batch: 20%}
    """
    rules = trace_pace(policy_of(batching=batching), facts()).rules
    assert [(rule.rule, rule.held, rule.spoke, rule.silence) for rule in rules] == [
        ("large", False, False, ""),
        ("medium", True, True, ""),
        ("otherwise", True, False, "the rule medium fits already"),
    ]
    assert rules[2].condition is None


def test_a_halt_rule_that_holds_its_tongue_says_why() -> None:
    halt = """
    - {name: failing, at: afterBatch, when: {fact: progress.failedInstanceCount, atLeast: 1}, then: halt,
       minimumSample: 5, because: Some fail.}
    """
    policy = policy_of(halt=halt)
    (rule,) = trace_halt(policy, Moment.AFTER_BATCH, facts({"progress.failedInstanceCount": 1}), 4).rules
    assert (rule.held, rule.spoke, rule.silence) == (True, False, "silent until 5 instances were attempted; 4 were")
    (rule,) = trace_halt(policy, Moment.AFTER_BATCH, facts({"progress.failedInstanceCount": 1}), 5).rules
    assert (rule.held, rule.spoke, rule.verdict) == (True, True, Verdict.HALT)
    assert trace_halt(policy, Moment.BEFORE_BATCH, facts(), 5).rules == ()


@given(conditions, all_facts)
def test_the_trace_and_the_evaluator_agree(condition: Condition, given_facts: dict[str, FactValue]) -> None:
    assert trace_condition(condition, given_facts).held is holds(condition, given_facts)
