"""Facts on a command line: `name=value`, read by the type that the closed list of facts gives the name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import typer

from tidegate.domain.duration import MalformedDuration, parse_duration
from tidegate.policy.fact import Fact, FactType
from tidegate.policy.facts import FACTS
from tidegate.policy.suggestion import did_you_mean
from tidegate_client import FactLike

_TRUTH = {"true": True, "false": False}


def read_fact_options(given: Iterable[str]) -> dict[str, FactLike]:
    """Facts by name; durations as ISO 8601 or in seconds, lists and tags separated by commas.

    Raises:
        typer.BadParameter: there is no such fact, it stands twice, or the value is not of its type.
    """
    facts: dict[str, FactLike] = {}
    for text in given:
        name, equals, value = text.partition("=")
        fact = FACTS.get(name.strip())
        if fact is None:
            advice = did_you_mean(name.strip(), FACTS, "rules/README.md lists them all.")
            raise typer.BadParameter(f"{name.strip()!r} is no fact. {advice}")
        if not equals:
            raise typer.BadParameter(f"{text!r} gives {fact.name} no value; write {fact.name}=VALUE.")
        if fact.name in facts:
            raise typer.BadParameter(f"{fact.name} is given twice.")
        facts[fact.name] = _value(fact, value.strip())
    return facts


def _value(fact: Fact, text: str) -> FactLike:
    try:
        return _read(fact.type, text)
    except (ValueError, KeyError) as wrong:
        raise typer.BadParameter(f"{fact.name} is {fact.type.phrase}, and {text!r} is none.") from wrong


def _read(type_: FactType, text: str) -> FactLike:
    match type_:
        case FactType.BOOLEAN:
            return _TRUTH[text.lower()]
        case FactType.INTEGER:
            return int(text)
        case FactType.PERCENT:
            return float(text.removesuffix("%"))
        case FactType.DURATION:
            return _seconds(text)
        case FactType.STRINGS:
            return _words(text)
        case FactType.TAGS:
            return _tags(text)
        case FactType.STRING | FactType.VERSION:
            return text


def _seconds(text: str) -> float:
    try:
        return parse_duration(text)
    except MalformedDuration:
        return float(text)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _tags(text: str) -> Mapping[str, str]:
    pairs = [word.partition("=") for word in _words(text)]
    if not all(equals for _, equals, _ in pairs):
        raise ValueError(text)
    return {name.strip(): value.strip() for name, _, value in pairs}
