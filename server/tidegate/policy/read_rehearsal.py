"""Reads rehearsals: questions to a policy with their answers, as data."""

from __future__ import annotations

import dataclasses
import functools
from typing import TypeAlias

import jsonschema
from jsonschema.protocols import Validator

from tidegate.policy.fact import SCOPE_WORDS, Fact, Facts, FactType, FactValue, Scope
from tidegate.policy.facts import FACTS
from tidegate.policy.literals import WrongLiteral, read_scalar
from tidegate.policy.located import LocatedList, LocatedMap, LocatedScalar, LocatedValue
from tidegate.policy.located_yaml import read_located
from tidegate.policy.moment import Moment
from tidegate.policy.place import Place
from tidegate.policy.problem import PolicyRefused, Problem
from tidegate.policy.quantity import MalformedQuantity, read_duration, write_duration
from tidegate.policy.rehearsal_schema import rehearsal_schema
from tidegate.policy.shape import shape_problems
from tidegate.policy.source import PolicySource

Question: TypeAlias = Scope | Moment | None
"""Which rules are asked: those of a scope, those of a moment, or (None) those of batching."""

_QUESTIONS: dict[str, Question] = {
    "batching": None,
    **{word: scope for scope, word in SCOPE_WORDS.items()},
    **{moment.value: moment for moment in Moment},
}
_DURATIONS = ("pauseBetweenBatches", "settleTimeout", "instanceTimeout")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question and its answer; an empty or missing part of the answer is not compared.

    `pace` holds the words of the settings, as `pace_words` gives them.
    """

    name: str
    place: Place
    question: Question
    facts: Facts
    attempted_count: int
    verdict: str
    rules: tuple[str, ...] | None
    because: str
    code: str | None
    pace: tuple[tuple[str, str], ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """The cases of one file."""

    policy: str
    policy_place: Place
    cases: tuple[Case, ...]


def read_rehearsal(source: PolicySource) -> Rehearsal:
    """The rehearsal of the source.

    Raises:
        PolicyRefused: the text is no sound rehearsal; carries every problem with its place.
    """
    document, unreadable = read_located(source)
    problems = list(unreadable)
    if document is not None:
        problems.extend(shape_problems(document, _validator()))
    if problems or not isinstance(document, LocatedMap):
        raise PolicyRefused(problems)
    cases = document.get("cases")
    assert isinstance(cases, LocatedList), "the shape check saw to it"
    read = [_case(case, problems) for case in cases.items if isinstance(case, LocatedMap)]
    if problems:
        raise PolicyRefused(problems)
    named = document.get("policy")
    assert isinstance(named, LocatedScalar), "the shape check saw to it"
    return Rehearsal(policy=named.text, policy_place=named.place, cases=tuple(read))


@functools.cache
def _validator() -> Validator:
    return jsonschema.Draft202012Validator(rehearsal_schema())


def _text(node: LocatedMap, key: str) -> str | None:
    value = node.get(key)
    return value.text if isinstance(value, LocatedScalar) else None


def _case(node: LocatedMap, problems: list[Problem]) -> Case:
    facts = {name: fact.usual for name, fact in FACTS.items()}
    given = node.get("facts")
    for entry in given.entries if isinstance(given, LocatedMap) else ():
        facts[entry.key] = read_value(entry.value, FACTS[entry.key], problems)
    attempted = node.get("attempted")
    usual = facts["progress.upgradedInstanceCount"]
    count = attempted.value if isinstance(attempted, LocatedScalar) else usual
    assert isinstance(count, int), "the shape check saw to it"
    expect = node.get("expect")
    assert isinstance(expect, LocatedMap), "the shape check saw to it"
    rules = expect.get("rules")
    pace = expect.get("pace")
    return Case(
        name=_text(node, "name") or "",
        place=node.place,
        question=_QUESTIONS[_text(node, "at") or ""],
        facts=facts,
        attempted_count=count,
        verdict=_text(expect, "verdict") or "",
        rules=_texts(rules) if isinstance(rules, LocatedList) else None,
        because=_text(expect, "because") or "",
        code=_text(expect, "code"),
        pace=_pace(pace, problems) if isinstance(pace, LocatedMap) else (),
    )


def _texts(node: LocatedList) -> tuple[str, ...]:
    return tuple(item.text for item in node.items if isinstance(item, LocatedScalar))


def _pace(node: LocatedMap, problems: list[Problem]) -> tuple[tuple[str, str], ...]:
    """The expected settings in the words of `pace_words`."""
    words: list[tuple[str, str]] = []
    for entry in node.entries:
        text = ", ".join(_texts(entry.value)) if isinstance(entry.value, LocatedList) else _text(node, entry.key) or ""
        if entry.key in _DURATIONS:
            try:
                text = write_duration(read_duration(text))
            except MalformedQuantity as malformed:
                problems.append(
                    Problem(place=entry.value.place, message=f"{text} is no duration.", advice=str(malformed))
                )
        words.append((entry.key, text))
    return tuple(words)


def read_value(node: LocatedValue, fact: Fact, problems: list[Problem]) -> FactValue:
    """A fact's value as a rehearsal writes it; the usual one where it is wrong, with the problem noted.

    Durations may be negative, as those of unknown age are.
    """
    if isinstance(node, LocatedList):
        return _texts(node)
    if isinstance(node, LocatedMap):
        return {entry.key: entry.value.text for entry in node.entries if isinstance(entry.value, LocatedScalar)}
    if fact.type is FactType.DURATION and node.text.startswith("-"):
        positive = LocatedScalar(value=node.text[1:], text=node.text[1:], place=node.place)
        age = read_value(positive, fact, problems)
        return -age if isinstance(age, float) else age
    try:
        value = read_scalar(node, fact.type)
    except WrongLiteral as wrong:
        message = f"{fact.name} is {fact.type.phrase}; {node.text or 'nothing'} is not."
        problems.append(Problem(place=node.place, message=message, advice=str(wrong)))
        return fact.usual
    assert isinstance(value, bool | int | float | str) or fact.type is FactType.VERSION, f"{value!r} is no fact"
    return value  # type: ignore[return-value]  # a version range is no scalar
