"""Conditions that can never hold, or that always do."""

import pytest
from hypothesis import given

from tests.policy.strategies import all_facts, conditions
from tests.policy.texts import denying, problems_of, text_of
from tidegate.policy.condition import AllOf, AnyOf, Condition, Not, comparisons
from tidegate.policy.evaluate import holds
from tidegate.policy.fact import FactValue
from tidegate.policy.possibility import impossibilities

PERCENT = "scaleSet.rollingUpgradePolicy.maxBatchInstancePercent"
CERTAIN = [
    (
        f"{{fact: {PERCENT}, greaterThan: 100%}}",
        f"{PERCENT} greaterThan 100% can never hold. Mend the threshold: {PERCENT} is between 0% and 100%.",
    ),
    (
        f"{{fact: {PERCENT}, lessThan: 0%}}",
        f"{PERCENT} lessThan 0% can never hold. Mend the threshold: {PERCENT} is between 0% and 100%.",
    ),
    (
        f"{{fact: {PERCENT}, atMost: 100%}}",
        f"{PERCENT} atMost 100% always holds. Leave it out: {PERCENT} is between 0% and 100%.",
    ),
    (
        "{fact: scaleSet.capacity, lessThan: 0}",
        "scaleSet.capacity lessThan 0 can never hold. Mend the threshold: scaleSet.capacity is never negative.",
    ),
    (
        "{fact: scaleSet.capacity, atLeast: 0}",
        "scaleSet.capacity atLeast 0 always holds. Leave it out: scaleSet.capacity is never negative.",
    ),
    (
        "{fact: scaleSet.capacity, equals: -1}",
        "scaleSet.capacity equals -1 can never hold. Mend the threshold: scaleSet.capacity is never negative.",
    ),
    (
        "{fact: instance.faultDomain, atLeast: -1}",
        "instance.faultDomain atLeast -1 always holds. Leave it out: instance.faultDomain is never less than -1.",
    ),
    (
        "{fact: scaleSet.name, notEquals: {fact: scaleSet.name}}",
        "scaleSet.name is compared with itself. Name two different facts.",
    ),
    (
        "{not: {fact: scaleSet.capacity, lessThan: 0}}",
        "scaleSet.capacity lessThan 0 can never hold. Mend the threshold: scaleSet.capacity is never negative.",
    ),
]
CLASHING = [
    "{all: [{fact: upgrade.kind, equals: EXTENSION}, {fact: upgrade.kind, equals: OS_IMAGE}]}",
    "{all: [{fact: upgrade.kind, equals: EXTENSION}, {fact: upgrade.kind, notEquals: extension}]}",
    "{all: [{fact: instance.zone, in: ['1', '2']}, {fact: instance.zone, equals: '3'}]}",
    "{all: [{fact: instance.zone, in: ['1']}, {fact: instance.zone, notIn: ['1', '2']}]}",
    "{all: [{fact: subscription.enrolled, equals: true}, {fact: subscription.enrolled, equals: false}]}",
    "{all: [{fact: subscription.enrolled, notEquals: true}, {fact: subscription.enrolled, notEquals: false}]}",
    "{all: [{fact: scaleSet.capacity, greaterThan: 5}, {fact: scaleSet.capacity, lessThan: 6}]}",
    f"{{all: [{{fact: {PERCENT}, greaterThan: 5%}}, {{fact: {PERCENT}, atMost: 5%}}]}}",
    "{all: [{fact: extension.targetVersion, atLeast: 1.10}, {fact: extension.targetVersion, lessThan: 1.9}]}",
    "{not: {any: [{all: [{fact: scaleSet.capacity, equals: 3}, {fact: scaleSet.capacity, equals: 4}]}]}}",
    "{all: [{all: [{fact: scaleSet.capacity, atMost: 3}]}, {fact: scaleSet.capacity, atLeast: 4}]}",
]
POSSIBLE = [
    "{any: [{fact: upgrade.kind, equals: EXTENSION}, {fact: upgrade.kind, equals: OS_IMAGE}]}",
    "{all: [{fact: scaleSet.capacity, greaterThan: 5}, {fact: scaleSet.capacity, lessThan: 7}]}",
    f"{{all: [{{fact: {PERCENT}, greaterThan: 5%}}, {{fact: {PERCENT}, lessThan: 6%}}]}}",
    "{all: [{fact: extension.targetVersion, atLeast: 1.9}, {fact: extension.targetVersion, lessThan: 1.10}]}",
    "{all: [{fact: scaleSet.name, startsWith: a}, {fact: scaleSet.name, startsWith: b}]}",
    "{fact: extension.targetVersionAge, lessThan: PT0S}",
]


@pytest.mark.parametrize(("condition", "said"), CERTAIN, ids=[condition for condition, _ in CERTAIN])
def test_a_comparison_that_no_value_can_change_is_refused(condition: str, said: str) -> None:
    (problem,) = problems_of(text_of(eligibility=denying(condition)))
    assert problem.split(": ", 1)[1] == said


@pytest.mark.parametrize("condition", CLASHING)
def test_an_all_whose_parts_exclude_each_other_is_refused(condition: str) -> None:
    (problem,) = problems_of(text_of(eligibility=denying(condition)))
    assert "meets all of these conditions, so they can never hold. Use any instead of all, or remove one: " in problem


@pytest.mark.parametrize("condition", POSSIBLE)
def test_a_condition_that_some_values_meet_is_accepted(condition: str) -> None:
    assert problems_of(text_of(eligibility=denying(condition))) == []


@given(conditions, all_facts)
def test_only_what_is_certain_is_refused(condition: Condition, given_facts: dict[str, FactValue]) -> None:
    """A clash that is found really cannot hold, whatever the facts: nobody's policy is refused for nothing."""
    for leaf in comparisons(condition):
        for problem in impossibilities(leaf):
            if "can never hold" in problem.message:
                assert not holds(leaf, given_facts)
            if "always holds" in problem.message:
                assert holds(leaf, given_facts)
    if any("meets all of these" in problem.message for problem in impossibilities(condition)):
        assert not _every_all_holds(condition, given_facts)


def _every_all_holds(condition: Condition, given_facts: dict[str, FactValue]) -> bool:
    match condition:
        case AllOf():
            inner = all(_every_all_holds(part, given_facts) for part in condition.parts)
            return holds(condition, given_facts) and inner
        case AnyOf():
            return all(_every_all_holds(part, given_facts) for part in condition.parts)
        case Not():
            return _every_all_holds(condition.part, given_facts)
        case _:
            return True
