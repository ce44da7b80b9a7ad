"""Reads the operands that a policy writes out, each by the type of the fact it stands against."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType

from tidegate.domain.version import MalformedVersion, Version
from tidegate.policy.condition import Literal, LiteralValue
from tidegate.policy.fact import Fact, FactType
from tidegate.policy.located import LocatedList, LocatedMap, LocatedScalar, LocatedValue
from tidegate.policy.operators import Form
from tidegate.policy.problem import Problem
from tidegate.policy.quantity import MalformedQuantity, read_duration, read_percent
from tidegate.policy.scalars import AmbiguousWord, read_plain
from tidegate.policy.suggestion import did_you_mean
from tidegate.policy.version_range import MalformedRange, read_range


class WrongLiteral(ValueError):
    """The scalar is no value of the type. The message says how to write one."""


def read_operand(node: LocatedValue, fact: Fact, form: Form, problems: list[Problem]) -> Literal | None:
    """The operand of the form for the fact; None where it is wrong, with the problems noted."""
    if form is Form.TAGS:
        return _tags(node, problems)
    if form is Form.MANY:
        if not isinstance(node, LocatedList) or not node.items:
            message = "This list is empty." if isinstance(node, LocatedList) else "This must be a list."
            problems.append(Problem(place=node.place, message=message, advice="Write [one, another]."))
            return None
        found = [_one(item, fact, fact.type, problems) for item in node.items]
        values = tuple(one.value for one in found if one is not None and not isinstance(one.value, tuple))
        text = "[" + ", ".join(one.text for one in found if one is not None) + "]"
        return Literal(value=values, text=text) if len(values) == len(node.items) else None
    if form is Form.RANGE:
        return _range(node, problems)
    type_ = {Form.FLAG: FactType.BOOLEAN, Form.ONE: fact.type}.get(form, FactType.STRING)
    return _one(node, fact, type_, problems, closed=form is Form.ONE)


def read_scalar(scalar: LocatedScalar, type_: FactType) -> LiteralValue:
    """The scalar as a value of the type: percentages as numbers, durations in seconds.

    Raises:
        WrongLiteral: it is no value of that type.
    """
    return _READERS[type_](scalar)


def _one(
    node: LocatedValue, fact: Fact, type_: FactType, problems: list[Problem], closed: bool = True
) -> Literal | None:
    subject = fact.name if type_ is fact.type else f"The operand of {fact.name}"
    if not isinstance(node, LocatedScalar):
        message = f"{subject} is {type_.phrase}; this is not."
        problems.append(Problem(place=node.place, message=message, advice=_EXAMPLES[type_]))
        return None
    try:
        value = read_scalar(node, type_)
    except WrongLiteral as wrong:
        written, advice = node.text or "nothing", str(wrong)
        if _is_right_unquoted(node, type_):
            written, advice = f'"{node.text}"', f"Write {node.text} without quotes."
        message = f"{subject} is {type_.phrase}; {written} is not."
        problems.append(Problem(place=node.place, message=message, advice=advice))
        return None
    if closed and fact.words and value and str(value).casefold() not in {word.casefold() for word in fact.words}:
        advice = did_you_mean(node.text, fact.words, f"Write one of {', '.join(fact.words)}.")
        problems.append(Problem(place=node.place, message=f"{fact.name} is never {node.text}.", advice=advice))
        return None
    return Literal(value=value, text=node.text)


def _is_right_unquoted(scalar: LocatedScalar, type_: FactType) -> bool:
    """Is nothing wrong with it but its quotes?"""
    try:
        value = read_plain(scalar.text)
        return value != scalar.value and read_scalar(dataclasses.replace(scalar, value=value), type_) == value
    except (AmbiguousWord, WrongLiteral):
        return False


def _range(node: LocatedValue, problems: list[Problem]) -> Literal | None:
    if isinstance(node, LocatedScalar):
        try:
            return Literal(value=read_range(node.text), text=node.text)
        except MalformedRange as malformed:
            advice = str(malformed)
    else:
        advice = 'Write a text such as ">=1.2 <2".'
    problems.append(Problem(place=node.place, message="This is no range of versions.", advice=advice))
    return None


def _tags(node: LocatedValue, problems: list[Problem]) -> Literal | None:
    if not isinstance(node, LocatedMap) or not node.entries:
        advice = "Write a map from tag names to patterns, such as {stage: prod*}."
        problems.append(Problem(place=node.place, message="This is no set of tags.", advice=advice))
        return None
    found = [(entry.key, read_patterns(entry.value, problems)) for entry in node.entries]
    if not all(patterns for _, patterns in found):
        return None
    text = ", ".join(f"{name}={'|'.join(patterns)}" for name, patterns in found)
    return Literal(value=tuple(found), text=text)


def read_patterns(node: LocatedValue, problems: list[Problem]) -> tuple[str, ...]:
    """One text or a list of texts; empty where one of them is wrong, with the problems noted."""
    items = node.items if isinstance(node, LocatedList) else (node,)
    if not items:
        problems.append(Problem(place=node.place, message="This list is empty.", advice="Write [one, another]."))
    patterns: list[str] = []
    for item in items:
        if isinstance(item, LocatedScalar) and isinstance(item.value, str):
            patterns.append(item.value)
        else:
            advice = (
                f'Write "{item.text}" in quotes.' if isinstance(item, LocatedScalar) else _EXAMPLES[FactType.STRING]
            )
            problems.append(Problem(place=item.place, message="This must be a text.", advice=advice))
    return tuple(patterns) if len(patterns) == len(items) else ()


def _boolean(scalar: LocatedScalar) -> LiteralValue:
    if not isinstance(scalar.value, bool):
        raise WrongLiteral(_EXAMPLES[FactType.BOOLEAN])
    return scalar.value


def _integer(scalar: LocatedScalar) -> LiteralValue:
    if isinstance(scalar.value, bool) or not isinstance(scalar.value, int):
        raise WrongLiteral(_EXAMPLES[FactType.INTEGER])
    return scalar.value


def _percent(scalar: LocatedScalar) -> LiteralValue:
    if isinstance(scalar.value, int | float) and not isinstance(scalar.value, bool):
        raise WrongLiteral(f"Write {scalar.text}% if a percentage is meant.")
    try:
        return read_percent(scalar.text)
    except MalformedQuantity as malformed:
        raise WrongLiteral(str(malformed)) from malformed


def _duration(scalar: LocatedScalar) -> LiteralValue:
    try:
        return read_duration(scalar.text)
    except MalformedQuantity as malformed:
        raise WrongLiteral(str(malformed)) from malformed


def _string(scalar: LocatedScalar) -> LiteralValue:
    if not isinstance(scalar.value, str):
        raise WrongLiteral(f'Write "{scalar.text}" in quotes.')
    return scalar.value


def _version(scalar: LocatedScalar) -> LiteralValue:
    try:
        return Version(scalar.text)
    except MalformedVersion as malformed:
        raise WrongLiteral(_EXAMPLES[FactType.VERSION]) from malformed


_EXAMPLES: Mapping[FactType, str] = MappingProxyType(
    {
        FactType.BOOLEAN: "Write true or false.",
        FactType.INTEGER: "Write a whole number such as 3.",
        FactType.PERCENT: "Write a percentage such as 20%.",
        FactType.DURATION: "Write an ISO 8601 duration such as PT5M or P1D.",
        FactType.STRING: "Write a text.",
        FactType.STRINGS: "Write a list of texts.",
        FactType.TAGS: "Write a map from tag names to values.",
        FactType.VERSION: "Write one to four numbers joined by dots, such as 1.10.",
    }
)

_READERS: Mapping[FactType, Callable[[LocatedScalar], LiteralValue]] = MappingProxyType(
    {
        FactType.BOOLEAN: _boolean,
        FactType.INTEGER: _integer,
        FactType.PERCENT: _percent,
        FactType.DURATION: _duration,
        FactType.STRING: _string,
        FactType.VERSION: _version,
    }
)
