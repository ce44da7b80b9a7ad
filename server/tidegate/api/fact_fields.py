"""Facts of a request, read into the values that rules are asked about.

Law: a fact that is not given has its neutral value, as a thing has that lacks it; a fact that does not exist, or whose
value is not of its type or outside its bounds, is refused by its path, such as `facts["scaleSet.capacity"]`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from tidegate.api.fields import Fields
from tidegate.domain.version import MalformedVersion, Version
from tidegate.policy.fact import Fact, FactType, FactValue
from tidegate.policy.facts import FACTS
from tidegate.policy.suggestion import did_you_mean
from tidegate.v1 import decision_pb2 as pb

_WANTED = {
    FactType.BOOLEAN: "bool_value",
    FactType.INTEGER: "int_value",
    FactType.PERCENT: "double_value, a number from 0 to 100",
    FactType.DURATION: "double_value, in seconds",
    FactType.STRING: "string_value",
    FactType.STRINGS: "list_value",
    FactType.TAGS: "map_value",
    FactType.VERSION: "string_value, one to four numbers joined by dots",
}


class WrongValue(ValueError):
    """A fact's value is not of its type or outside its bounds; the message says what to write."""


def read_facts(fields: Fields, path: str, given: Mapping[str, pb.FactValue]) -> dict[str, FactValue]:
    """Every fact there is, those that are given with the value given; what is wrong is noted in `fields`."""
    facts = {name: fact.neutral for name, fact in FACTS.items()}
    if len(given) > len(FACTS):
        fields.wrong(path, f"has {len(given)} facts; there are only {len(FACTS)}")
        return facts
    for name in sorted(given):
        place = f'{path}["{name[:100]}"]'
        fact = FACTS.get(name)
        if fact is None:
            advice = did_you_mean(name[:100], FACTS, "rules/README.md lists them all.")
            fields.wrong(place, f"is no fact. {advice}")
            continue
        try:
            facts[name] = read_value(fact, given[name])
        except WrongValue as wrong:
            fields.wrong(place, str(wrong))
    return facts


def read_value(fact: Fact, value: pb.FactValue) -> FactValue:
    """The value as rules take it.

    Raises:
        WrongValue: it is not of the fact's type, or outside its bounds or vocabulary.
    """
    match fact.type, value.WhichOneof("value"):
        case FactType.BOOLEAN, "bool_value":
            return value.bool_value
        case FactType.INTEGER, "int_value":
            _check_bounds(fact, value.int_value)
            return value.int_value
        case FactType.PERCENT | FactType.DURATION, "double_value":
            _check_bounds(fact, value.double_value)
            return value.double_value
        case FactType.PERCENT | FactType.DURATION, "int_value":
            _check_bounds(fact, value.int_value)
            return float(value.int_value)
        case FactType.STRING, "string_value":
            _check_words(fact, value.string_value)
            return value.string_value
        case FactType.STRINGS, "list_value":
            return tuple(value.list_value.values)
        case FactType.TAGS, "map_value":
            return dict(value.map_value.entries)
        case FactType.VERSION, "string_value":
            return _version(value.string_value)
        case _:
            raise WrongValue(f"is not {fact.type.value}; write {_WANTED[fact.type]}")


def _check_bounds(fact: Fact, number: float) -> None:
    if not math.isfinite(number):
        raise WrongValue("is not a finite number")
    if fact.lowest is not None and number < fact.lowest:
        raise WrongValue(f"is less than {fact.lowest:g}")
    if fact.highest is not None and number > fact.highest:
        raise WrongValue(f"is more than {fact.highest:g}")


def _check_words(fact: Fact, text: str) -> None:
    if fact.words and text and text not in fact.words:
        raise WrongValue(f"is one of {', '.join(fact.words)}")


def _version(text: str) -> Version:
    try:
        return Version(text[:100])
    except MalformedVersion:
        raise WrongValue(f"is not a version; write {_WANTED[FactType.VERSION]}") from None
