"""Which scale sets a policy applies to: `appliesTo`, and how two selectors compare."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import cast

from tidegate.policy import wildcard
from tidegate.policy.comparing import fits_tags
from tidegate.policy.condition import TagPatterns
from tidegate.policy.fact import Facts, FactType, Section, as_text
from tidegate.policy.facts import FACTS
from tidegate.policy.literals import read_operand, read_patterns
from tidegate.policy.located import Entry, LocatedList, LocatedMap, LocatedScalar, LocatedValue
from tidegate.policy.operators import Form
from tidegate.policy.place import Place
from tidegate.policy.problem import Problem
from tidegate.policy.read_condition import read_fact
from tidegate.policy.suggestion import did_you_mean


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """For each constrained fact, and for each constrained tag, the patterns any of which must fit.

    An empty selector applies everywhere.
    """

    facts: tuple[tuple[str, tuple[str, ...]], ...]
    tags: TagPatterns
    place: Place

    @property
    def specificity(self) -> int:
        """How many things it constrains; each tag counts as one."""
        return len(self.facts) + len(self.tags)

    def fits(self, facts: Facts) -> bool:
        """Does the policy apply where these are the facts?"""
        for name, patterns in self.facts:
            text = as_text(FACTS[name], facts[name])
            if not any(wildcard.matches(text, pattern) for pattern in patterns):
                return False
        return not self.tags or fits_tags(cast("Mapping[str, str]", facts["scaleSet.tags"]), self.tags)

    def may_overlap(self, other: Selector) -> bool:
        """Could both fit one scale set? They could unless they ask different things of one fact or one tag."""
        theirs = dict(_constraints(other))
        return all(
            any(wildcard.overlap(one, two) for one in patterns for two in theirs[key])
            for key, patterns in _constraints(self)
            if key in theirs
        )


def _constraints(selector: Selector) -> list[tuple[str, tuple[str, ...]]]:
    return [*selector.facts, *((f"tag {name.casefold()}", patterns) for name, patterns in selector.tags)]


def read_selector(node: LocatedValue | None, place: Place, problems: list[Problem]) -> Selector | None:
    """The selector; `place` is that of a policy without one. None where it is wrong, with the problems noted."""
    if node is None:
        return Selector(facts=(), tags=(), place=place)
    if not isinstance(node, LocatedMap):
        return None
    facts: list[tuple[str, tuple[str, ...]]] = []
    tags: TagPatterns = ()
    for entry in node.entries:
        name = LocatedScalar(value=entry.key, text=entry.key, place=entry.key_place)
        fact = read_fact(name, Section.APPLIES_TO, problems)
        if fact is not None and fact.type is FactType.TAGS:
            literal = read_operand(entry.value, fact, Form.TAGS, problems)
            tags = tags if literal is None else cast(TagPatterns, literal.value)
        elif fact is not None:
            facts.append((fact.name, _patterns(entry, problems)))
    return Selector(facts=tuple(facts), tags=tags, place=node.place)


def _patterns(entry: Entry, problems: list[Problem]) -> tuple[str, ...]:
    fact = FACTS[entry.key]
    if fact.type is FactType.STRING:
        patterns = read_patterns(entry.value, problems)
        for pattern in patterns:
            if fact.words and not any(wildcard.matches(word, pattern) for word in fact.words):
                advice = did_you_mean(pattern, fact.words, f"Write one of {', '.join(fact.words)}.")
                message = f"{fact.name} is never {pattern}."
                problems.append(Problem(place=entry.value.place, message=message, advice=advice))
        return patterns
    items = entry.value.items if isinstance(entry.value, LocatedList) else (entry.value,)
    literals = [read_operand(item, fact, Form.ONE, problems) for item in items]
    return tuple("true" if literal.value else "false" for literal in literals if literal is not None)
