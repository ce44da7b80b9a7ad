"""Finds conditions that can never hold, or that always do: no author means them.

Law: only what is certain is refused. A comparison of two facts is judged where both are the same fact, otherwise never.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from tidegate.domain.version import Version
from tidegate.policy.condition import AllOf, AnyOf, Comparison, Condition, FactReference, Literal, Not, comparisons
from tidegate.policy.fact import Fact, FactType
from tidegate.policy.operators import Operator
from tidegate.policy.problem import Problem

_Point: TypeAlias = tuple[float, ...]

_ORDERINGS = (Operator.LESS_THAN, Operator.AT_MOST, Operator.GREATER_THAN, Operator.AT_LEAST)


def impossibilities(condition: Condition) -> Iterator[Problem]:
    """The parts of the condition that no facts can change, each with its place."""
    certain = False
    for leaf in comparisons(condition):
        if (answer := _certain(leaf)) is not None:
            certain = True
            yield _certainty_problem(leaf, answer)
    if not certain:
        yield from _contradictions(condition)


def _certainty_problem(leaf: Comparison, answer: bool) -> Problem:
    if isinstance(leaf.operand, FactReference):
        return Problem(
            place=leaf.place, message=f"{leaf.fact.name} is compared with itself.", advice="Name two different facts."
        )
    bounds = f"{leaf.fact.name} is {_bounds(leaf.fact)}"
    if answer:
        return Problem(place=leaf.place, message=f"{leaf.text} always holds.", advice=f"Leave it out: {bounds}.")
    return Problem(place=leaf.place, message=f"{leaf.text} can never hold.", advice=f"Mend the threshold: {bounds}.")


def _bounds(fact: Fact) -> str:
    if fact.type is FactType.PERCENT:
        return "between 0% and 100%"
    return "never negative" if fact.lowest == 0 else f"never less than {fact.lowest:g}"


def _certain(leaf: Comparison) -> bool | None:
    """Whether the comparison holds for all values of the fact (True), for none (False), or for some (None)."""
    if isinstance(leaf.operand, FactReference):
        return True if leaf.operand.fact is leaf.fact else None
    if leaf.fact.lowest is None or leaf.operator in (Operator.IN, Operator.NOT_IN):
        return None
    low = leaf.fact.lowest
    high = math.inf if leaf.fact.highest is None else leaf.fact.highest
    value = leaf.operand.value
    assert isinstance(value, int | float), f"{leaf.text} has no number to its right"
    match leaf.operator:
        case Operator.LESS_THAN:
            return False if value <= low else True if value > high else None
        case Operator.AT_MOST:
            return False if value < low else True if value >= high else None
        case Operator.GREATER_THAN:
            return False if value >= high else True if value < low else None
        case Operator.AT_LEAST:
            return False if value > high else True if value <= low else None
        case _:
            outside = not low <= value <= high
            return (leaf.operator is Operator.NOT_EQUALS) if outside else None


def _contradictions(condition: Condition) -> Iterator[Problem]:
    """Every `all` whose parts exclude each other."""
    match condition:
        case Comparison():
            return
        case Not():
            yield from _contradictions(condition.part)
        case AnyOf():
            for part in condition.parts:
                yield from _contradictions(part)
        case AllOf():
            parts = tuple(_all_parts(condition))
            yield from _clashes(condition, parts)
            for part in parts:
                yield from _contradictions(part)


def _all_parts(condition: AllOf) -> Iterator[Condition]:
    """What must hold together: an `all` inside an `all` is nothing of its own."""
    for part in condition.parts:
        if isinstance(part, AllOf):
            yield from _all_parts(part)
        else:
            yield part


def _clashes(condition: AllOf, parts: Iterable[Condition]) -> Iterator[Problem]:
    by_fact: dict[str, list[Comparison]] = {}
    for part in parts:
        if isinstance(part, Comparison) and isinstance(part.operand, Literal):
            by_fact.setdefault(part.fact.name, []).append(part)
    for name, leaves in by_fact.items():
        if len(leaves) > 1 and (_no_value_fits(leaves) or _no_point_fits(leaves)):
            message = f"No {name} meets all of these conditions, so they can never hold."
            advice = "Use any instead of all, or remove one: " + "; ".join(leaf.text for leaf in leaves) + "."
            yield Problem(place=condition.place, message=message, advice=advice)


def _values(leaf: Comparison) -> frozenset[object]:
    assert isinstance(leaf.operand, Literal)
    value = leaf.operand.value
    several = value if isinstance(value, tuple) else (value,)
    return frozenset(one.casefold() if isinstance(one, str) else one for one in several)


def _no_value_fits(leaves: list[Comparison]) -> bool:
    """Do the conditions that name values leave none?"""
    left: frozenset[object] | None = None
    for leaf in leaves:
        if leaf.operator in (Operator.EQUALS, Operator.IN):
            left = _values(leaf) if left is None else left & _values(leaf)
    for leaf in leaves:
        if left is not None and leaf.operator in (Operator.NOT_EQUALS, Operator.NOT_IN):
            left = left - _values(leaf)
    if left is None and leaves[0].fact.type is FactType.BOOLEAN:
        refused = [leaf for leaf in leaves if leaf.operator is Operator.NOT_EQUALS]
        return len(frozenset().union(*(_values(leaf) for leaf in refused))) == 2
    return left is not None and not left


def _point(value: object) -> _Point:
    if isinstance(value, Version):
        return value.numbers
    assert isinstance(value, int | float), f"{value!r} has no order"
    return (value,)


def _no_point_fits(leaves: list[Comparison]) -> bool:
    """Do the orderings (and equalities) among the conditions leave no room?"""
    whole = leaves[0].fact.type is FactType.INTEGER
    lows: list[tuple[_Point, bool]] = []
    highs: list[tuple[_Point, bool]] = []
    for leaf in leaves:
        if leaf.operator not in (*_ORDERINGS, Operator.EQUALS) or leaf.fact.type in (FactType.STRING, FactType.BOOLEAN):
            continue
        assert isinstance(leaf.operand, Literal)
        at = _point(leaf.operand.value)
        strict = leaf.operator in (Operator.LESS_THAN, Operator.GREATER_THAN)
        if leaf.operator in (Operator.GREATER_THAN, Operator.AT_LEAST, Operator.EQUALS):
            lows.append(((at[0] + 1,), False) if whole and strict else (at, strict))
        if leaf.operator in (Operator.LESS_THAN, Operator.AT_MOST, Operator.EQUALS):
            highs.append(((at[0] - 1,), False) if whole and strict else (at, strict))
    return any(
        low > high or (low == high and (low_strict or high_strict))
        for low, low_strict in lows
        for high, high_strict in highs
    )
