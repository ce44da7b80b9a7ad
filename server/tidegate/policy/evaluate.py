"""Walks a condition with the facts in hand.

This is the plain meaning of conditions; the compiled form must agree with it.
"""

from __future__ import annotations

from tidegate.policy.comparing import MEANINGS
from tidegate.policy.condition import AllOf, AnyOf, Comparison, Condition, Literal, Not
from tidegate.policy.fact import Facts


def holds(condition: Condition | None, facts: Facts) -> bool:
    """Does the condition hold? No condition always does."""
    match condition:
        case None:
            return True
        case Comparison():
            return compare(condition, facts)
        case AllOf():
            return all(holds(part, facts) for part in condition.parts)
        case AnyOf():
            return any(holds(part, facts) for part in condition.parts)
        case Not():
            return not holds(condition.part, facts)


def compare(leaf: Comparison, facts: Facts) -> bool:
    """Does the one comparison hold?"""
    operand = leaf.operand.value if isinstance(leaf.operand, Literal) else facts[leaf.operand.fact.name]
    return MEANINGS[leaf.operator](facts[leaf.fact.name], operand)
