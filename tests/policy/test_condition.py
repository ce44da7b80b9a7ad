"""Conditions as values."""

from tests.policy.strategies import HERE
from tidegate.policy.condition import AllOf, Comparison, FactReference, Literal, Not, comparisons, facts_asked
from tidegate.policy.facts import FACTS
from tidegate.policy.operators import Operator

ENROLLED = Comparison(
    fact=FACTS["subscription.enrolled"],
    operator=Operator.EQUALS,
    operand=Literal(value=False, text="false"),
    place=HERE,
)
UNWELL = Comparison(
    fact=FACTS["progress.unhealthyInstancePercent"],
    operator=Operator.GREATER_THAN,
    operand=FactReference(fact=FACTS["scaleSet.rollingUpgradePolicy.maxUnhealthyInstancePercent"], place=HERE),
    place=HERE,
)
BOTH = AllOf(parts=(ENROLLED, Not(part=UNWELL, place=HERE), ENROLLED), place=HERE)


def test_a_comparison_reads_as_one_line() -> None:
    assert ENROLLED.text == "subscription.enrolled equals false"
    assert UNWELL.text == (
        "progress.unhealthyInstancePercent greaterThan scaleSet.rollingUpgradePolicy.maxUnhealthyInstancePercent"
    )


def test_the_leaves_come_in_the_order_of_the_text() -> None:
    assert list(comparisons(BOTH)) == [ENROLLED, UNWELL, ENROLLED]
    assert list(comparisons(None)) == []


def test_facts_are_asked_on_both_sides_and_named_once() -> None:
    assert [fact.name for fact in facts_asked(BOTH)] == [
        "subscription.enrolled",
        "progress.unhealthyInstancePercent",
        "scaleSet.rollingUpgradePolicy.maxUnhealthyInstancePercent",
    ]
