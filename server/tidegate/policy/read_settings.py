"""Reads the settings of rules: sizes, durations, switches, each written out or taken from a fact."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TypeVar

from tidegate.policy.because import Because, MalformedBecause, UnknownFactIn, read_because
from tidegate.policy.condition import FactReference
from tidegate.policy.fact import FactType, Section
from tidegate.policy.literals import WrongLiteral, read_scalar
from tidegate.policy.located import LocatedList, LocatedMap, LocatedScalar, LocatedValue
from tidegate.policy.pace import BatchSize, HealthyFloor
from tidegate.policy.problem import Problem
from tidegate.policy.quantity import MalformedQuantity, read_duration, read_percent, write_duration
from tidegate.policy.read_condition import read_fact, refuse_unknown_fact

_Amount = TypeVar("_Amount", BatchSize, HealthyFloor)
_Word = TypeVar("_Word")

DAY_SECONDS = 86_400.0


def read_reference(
    node: LocatedValue, types: tuple[FactType, ...], section: Section, problems: list[Problem]
) -> FactReference | None:
    """The fact that `{fact: name}` stands for; None (and a problem) where it is of no fitting type."""
    named = node.get("fact") if isinstance(node, LocatedMap) else None
    fact = None if named is None else read_fact(named, section, problems)
    if named is None or fact is None:
        return None
    if fact.type in types:
        return FactReference(fact=fact, place=named.place)
    wanted = " or ".join(type_.phrase for type_ in types)
    message = f"{fact.name} is {fact.type.phrase}."
    problems.append(Problem(place=named.place, message=message, advice=f"Name a fact that is {wanted} here."))
    return None


def read_amount(node: LocatedValue, make: type[_Amount], problems: list[Problem]) -> _Amount | FactReference | None:
    """A count, a percentage above zero, or a fact that is one of them."""
    if isinstance(node, LocatedMap):
        return read_reference(node, (FactType.PERCENT, FactType.INTEGER), Section.BATCHING, problems)
    if not isinstance(node, LocatedScalar):
        return None
    advice = "Write a count such as 5 or a percentage such as 20%."
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        if node.value >= 1:
            return make(count=node.value)
        advice = "A count is at least 1."
    elif isinstance(node.value, str):
        try:
            percent = read_percent(node.text)
        except MalformedQuantity as malformed:
            advice = str(malformed) if node.text.endswith("%") else advice
        else:
            if percent > 0:
                return make(percent=percent)
            advice = "A percentage here is more than 0%."
    problems.append(Problem(place=node.place, message=f"{node.text or 'Nothing'} is no amount.", advice=advice))
    return None


def read_steps(node: LocatedValue, problems: list[Problem]) -> tuple[BatchSize | FactReference, ...] | None:
    """One size, or a list of growing sizes of which the last repeats."""
    items = node.items if isinstance(node, LocatedList) else (node,)
    sizes = [read_amount(item, BatchSize, problems) for item in items]
    for (before, size), item in zip(itertools.pairwise(sizes), items[1:], strict=True):
        if isinstance(before, BatchSize) and isinstance(size, BatchSize) and _shrinks(before, size):
            advice = "Batches grow from step to step: put the smaller one first."
            problems.append(
                Problem(place=item.place, message="This step is smaller than the one before.", advice=advice)
            )
    found = tuple(size for size in sizes if size is not None)
    return found if len(found) == len(sizes) > 0 else None


def _shrinks(before: BatchSize, size: BatchSize) -> bool:
    if before.percent is not None and size.percent is not None:
        return size.percent < before.percent
    return before.count is not None and size.count is not None and size.count < before.count


def read_seconds(
    node: LocatedValue | None, default: float, bounds: tuple[float, float], section: Section, problems: list[Problem]
) -> float | FactReference | None:
    """A duration within the bounds (both in seconds, both included), or a fact that is one."""
    if node is None:
        return default
    if isinstance(node, LocatedMap):
        return read_reference(node, (FactType.DURATION,), section, problems)
    if not isinstance(node, LocatedScalar):
        return None
    try:
        seconds = read_duration(node.text)
    except MalformedQuantity as malformed:
        message = f"{node.text or 'Nothing'} is no duration."
        problems.append(Problem(place=node.place, message=message, advice=str(malformed)))
        return None
    if bounds[0] <= seconds <= bounds[1]:
        return seconds
    advice = f"Write a duration from {write_duration(bounds[0])} to {write_duration(bounds[1])}."
    problems.append(Problem(place=node.place, message=f"{node.text} is out of range.", advice=advice))
    return None


def read_switch(node: LocatedValue | None, problems: list[Problem]) -> bool | FactReference | None:
    """true, false or a fact that is one of them; false where nothing is written."""
    if node is None:
        return False
    if isinstance(node, LocatedMap):
        return read_reference(node, (FactType.BOOLEAN,), Section.BATCHING, problems)
    if not isinstance(node, LocatedScalar):
        return None
    try:
        return read_scalar(node, FactType.BOOLEAN) is True
    except WrongLiteral as wrong:
        problems.append(
            Problem(place=node.place, message=f"{node.text or 'Nothing'} is no boolean.", advice=str(wrong))
        )
        return None


def read_whole_number(
    node: LocatedValue | None, default: int | None, problems: list[Problem]
) -> int | FactReference | None:
    """A count of at least 1 or a fact that is a count; `default` where nothing is written."""
    if node is None:
        return default
    if isinstance(node, LocatedMap):
        return read_reference(node, (FactType.INTEGER,), Section.BATCHING, problems)
    if not isinstance(node, LocatedScalar):
        return None
    if isinstance(node.value, int) and not isinstance(node.value, bool) and node.value >= 1:
        return node.value
    message = f"{node.text or 'Nothing'} is no count."
    problems.append(Problem(place=node.place, message=message, advice="Write a whole number of at least 1."))
    return None


def read_sentence(node: LocatedValue | None, section: Section, problems: list[Problem]) -> Because | None:
    """A sentence in which `{fact.name}` stands for a fact that the section may ask for."""
    if not isinstance(node, LocatedScalar) or not isinstance(node.value, str):
        return None
    try:
        because = read_because(node.value)
    except MalformedBecause as malformed:
        problems.append(Problem(place=node.place, message="A brace stands alone in this text.", advice=str(malformed)))
        return None
    except UnknownFactIn as unknown:
        refuse_unknown_fact(node, unknown.name, section, problems)
        return None
    for fact in because.facts:
        name = LocatedScalar(value=fact.name, text=fact.name, place=node.place)
        if read_fact(name, section, problems) is None:
            return None
    return because


def choice(node: LocatedValue | None, words: Callable[[str], _Word | None], default: _Word) -> _Word | None:
    """The word as a member of its vocabulary; None where it is none, which the shape check reports."""
    if node is None:
        return default
    if not isinstance(node, LocatedScalar) or not isinstance(node.value, str):
        return None
    try:
        return words(node.value)
    except ValueError:
        return None
