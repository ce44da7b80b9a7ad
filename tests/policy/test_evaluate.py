"""The plain meaning of conditions."""

from hypothesis import given
from hypothesis import strategies as st

from tests.policy.strategies import HERE, all_facts, conditions
from tests.policy.texts import facts, policy_of
from tidegate.policy.condition import AllOf, AnyOf, Condition, Not
from tidegate.policy.evaluate import holds
from tidegate.policy.fact import FactValue


def test_no_condition_always_holds() -> None:
    assert holds(None, {})


def test_a_comparison_may_take_its_operand_from_another_fact() -> None:
    condition = "{fact: instance.zone, in: {fact: scaleSet.zones}}"
    policy = policy_of(eligibility=f"- {{name: zoned, when: {condition}, deny: It is zoned.}}")
    when = policy.rules.eligibility[0].when
    assert holds(when, facts({"instance.zone": "2", "scaleSet.zones": ("1", "2")}))
    assert not holds(when, facts({"instance.zone": "3", "scaleSet.zones": ("1", "2")}))


@given(st.lists(conditions, min_size=1, max_size=3), all_facts)
def test_all_any_and_not_mean_what_they_say(parts: list[Condition], given_facts: dict[str, FactValue]) -> None:
    each = [holds(part, given_facts) for part in parts]
    assert holds(AllOf(parts=tuple(parts), place=HERE), given_facts) is all(each)
    assert holds(AnyOf(parts=tuple(parts), place=HERE), given_facts) is any(each)
    assert holds(Not(part=parts[0], place=HERE), given_facts) is not each[0]
