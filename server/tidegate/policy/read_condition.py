"""Reads conditions: checks that every fact exists, may be asked for here, and is compared with its like."""

from __future__ import annotations

from tidegate.policy.condition import AllOf, AnyOf, Comparison, Condition, FactReference, Literal, Not
from tidegate.policy.fact import Fact, FactType, Section
from tidegate.policy.facts import FACTS, available
from tidegate.policy.literals import read_operand
from tidegate.policy.located import Entry, LocatedList, LocatedMap, LocatedScalar, LocatedValue
from tidegate.policy.operators import LAWS, Operator, operators_for
from tidegate.policy.possibility import impossibilities
from tidegate.policy.problem import Problem
from tidegate.policy.suggestion import did_you_mean

_OPERATORS = {operator.value: operator for operator in Operator}


def read_condition(node: LocatedValue, section: Section, problems: list[Problem]) -> Condition | None:
    """The condition; None where any part of it is wrong.

    What is wrong with its shape is left to the shape check; what is wrong with its meaning is noted in `problems`.
    """
    condition = _read(node, section, problems)
    if condition is not None:
        problems.extend(impossibilities(condition))
    return condition


def _read(node: LocatedValue, section: Section, problems: list[Problem]) -> Condition | None:
    if not isinstance(node, LocatedMap) or not node.entries:
        return None
    if node.get("fact") is not None:
        return _comparison(node, section, problems)
    entry = node.entries[0]
    if entry.key == "not":
        part = _read(entry.value, section, problems)
        return None if part is None else Not(part=part, place=entry.key_place)
    if entry.key not in ("all", "any") or not isinstance(entry.value, LocatedList):
        return None
    parts = [_read(item, section, problems) for item in entry.value.items]
    found = tuple(part for part in parts if part is not None)
    if len(found) != len(parts) or len(node.entries) != 1:
        return None
    return (AllOf if entry.key == "all" else AnyOf)(parts=found, place=entry.key_place)


def _comparison(node: LocatedMap, section: Section, problems: list[Problem]) -> Comparison | None:
    named = node.get("fact")
    fact = None if named is None else read_fact(named, section, problems)
    rest = [entry for entry in node.entries if entry.key in _OPERATORS]
    if fact is None or len(rest) != 1:
        return None
    operator = _operator(rest[0], fact, problems)
    if operator is None:
        return None
    operand = _operand(rest[0].value, fact, operator, section, problems)
    return None if operand is None else Comparison(fact=fact, operator=operator, operand=operand, place=node.place)


def read_fact(node: LocatedValue, section: Section, problems: list[Problem]) -> Fact | None:
    """The fact that the name stands for, if the section may ask for it."""
    if not isinstance(node, LocatedScalar) or not isinstance(node.value, str):
        advice = "Write its name; the facts are listed in rules/README.md."
        problems.append(Problem(place=node.place, message="This is not the name of a fact.", advice=advice))
        return None
    fact = FACTS.get(node.value)
    if fact is None:
        refuse_unknown_fact(node, node.value, section, problems)
        return None
    if section not in fact.sections:
        places = " and ".join(section.value for section in Section if section in fact.sections)
        message = f"{fact.name} is not known in {section.value}."
        problems.append(Problem(place=node.place, message=message, advice=f"It may be asked for in {places}."))
        return None
    return fact


def refuse_unknown_fact(node: LocatedScalar, name: str, section: Section, problems: list[Problem]) -> None:
    """Note that nobody knows the fact, and which one was most likely meant."""
    advice = did_you_mean(name, available(section), "The facts are listed in rules/README.md.")
    problems.append(Problem(place=node.place, message=f"There is no fact {name or 'without a name'}.", advice=advice))


def _operator(entry: Entry, fact: Fact, problems: list[Problem]) -> Operator | None:
    operator = _OPERATORS[entry.key]
    if fact.type in LAWS[operator].types:
        return operator
    message = f"{entry.key} cannot be asked of {fact.name}, which is {fact.type.phrase}."
    known = ", ".join(operator.value for operator in operators_for(fact.type))
    problems.append(Problem(place=entry.key_place, message=message, advice=f"Use one of {known}."))
    return None


def _operand(
    node: LocatedValue, fact: Fact, operator: Operator, section: Section, problems: list[Problem]
) -> Literal | FactReference | None:
    law = LAWS[operator]
    if fact.type is FactType.TAGS or not isinstance(node, LocatedMap) or node.get("fact") is None:
        return read_operand(node, fact, law.form, problems)
    for entry in node.entries:
        if entry.key != "fact":
            advice = "Write only {fact: name} to compare with another fact."
            problems.append(Problem(place=entry.key_place, message=f"There is no {entry.key} here.", advice=advice))
    named = node.get("fact")
    other = None if named is None else read_fact(named, section, problems)
    if named is None or other is None or len(node.entries) != 1:
        return None
    wanted = law.reference.get(fact.type)
    if wanted is None:
        message = f"{operator.value} cannot be asked with another fact."
        problems.append(Problem(place=node.place, message=message, advice=f"Write {law.form.value}."))
        return None
    if other.type is not wanted:
        message = f"{fact.name} is {fact.type.phrase} and {other.name} is {other.type.phrase}: they cannot be compared."
        advice = f"{operator.value} wants a fact that is {wanted.phrase} here."
        problems.append(Problem(place=named.place, message=message, advice=advice))
        return None
    return FactReference(fact=other, place=named.place)
