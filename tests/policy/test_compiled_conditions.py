"""Conditions as one Python function."""

from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policy.strategies import HERE, all_facts, conditions
from tests.policy.test_comparing import CASES
from tests.policy.texts import facts, policy_of
from tidegate.domain.version import Version
from tidegate.policy.comparing import Operandlike
from tidegate.policy.compiled_conditions import compile_mask
from tidegate.policy.condition import Comparison, Condition, Literal, Operand
from tidegate.policy.evaluate import holds
from tidegate.policy.fact import FactType, FactValue
from tidegate.policy.facts import FACTS
from tidegate.policy.operators import Operator


@settings(max_examples=400)
@given(st.lists(st.none() | conditions, max_size=4), st.lists(all_facts, min_size=1, max_size=4))
def test_the_compiled_form_and_the_plain_meaning_agree(
    drawn: list[Condition | None], several: list[dict[str, FactValue]]
) -> None:
    held_by = compile_mask(drawn)
    for given_facts in several:
        expected = sum(1 << index for index, condition in enumerate(drawn) if holds(condition, given_facts))
        assert held_by(given_facts) == expected


_OF_TYPE = {fact.type: fact for fact in FACTS.values()}
_PYTHON = {bool: FactType.BOOLEAN, int: FactType.INTEGER, float: FactType.PERCENT, str: FactType.STRING,
           Version: FactType.VERSION, tuple: FactType.STRINGS, dict: FactType.TAGS}  # fmt: skip


@pytest.mark.parametrize(("value", "operator", "operand", "held"), CASES)
def test_the_compiled_form_means_what_the_operators_mean(
    value: FactValue, operator: Operator, operand: Operandlike, held: bool
) -> None:
    fact = _OF_TYPE[_PYTHON[type(value)]]
    leaf = Comparison(fact=fact, operator=operator, operand=Literal(value=cast(Operand, operand), text=""), place=HERE)
    assert compile_mask([leaf])({fact.name: value}) == int(held)


def test_a_fact_that_is_not_there_is_found_out_even_behind_a_settled_answer() -> None:
    eligibility = """
    - name: both
      when: {all: [{fact: scaleSet.isServiceFabric, equals: true}, {fact: subscription.enrolled, equals: false}]}
      deny: It is so.
    """
    lacking = facts()
    del lacking["subscription.enrolled"]
    with pytest.raises(KeyError, match=r"subscription\.enrolled"):
        policy_of(eligibility=eligibility).eligibility[0].held_by(lacking)


@pytest.mark.parametrize(
    "hostile", ["__import__('os').system('false')", "'] + facts['", '\\\'\n"""', "{0.__class__}", "fact_scaleSet_name"]
)
def test_nothing_that_a_policy_says_becomes_program_text(hostile: str) -> None:
    operand = Literal(value=hostile, text=hostile)
    name = FACTS["scaleSet.name"]
    for operator in (Operator.EQUALS, Operator.STARTS_WITH, Operator.MATCHES, Operator.CONTAINS):
        held_by = compile_mask([Comparison(fact=name, operator=operator, operand=operand, place=HERE)])
        assert held_by({"scaleSet.name": hostile.replace("*", "")}) == 1
        assert held_by({"scaleSet.name": "other"}) == 0


def test_a_hundred_rules_have_a_bit_each() -> None:
    rule = Comparison(
        fact=FACTS["scaleSet.capacity"], operator=Operator.AT_LEAST, operand=Literal(value=1, text="1"), place=HERE
    )
    assert compile_mask([rule] * 100)({"scaleSet.capacity": 1}) == 2**100 - 1
    assert compile_mask([])({}) == 0
