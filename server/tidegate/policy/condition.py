"""Conditions: what a rule asks of the facts, as a tree of values."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TypeAlias

from tidegate.domain.version import Version
from tidegate.policy.fact import Fact
from tidegate.policy.operators import Operator
from tidegate.policy.place import Place
from tidegate.policy.version_range import VersionRange

TagPatterns: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
"""For each tag name the patterns, any of which its value must fit."""

LiteralValue: TypeAlias = bool | int | float | str | Version | VersionRange
Operand: TypeAlias = LiteralValue | tuple[LiteralValue, ...] | TagPatterns


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """An operand written out. `text` is how the policy puts it; percentages are numbers, durations seconds."""

    value: Operand
    text: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FactReference:
    """An operand that is itself a fact."""

    fact: Fact
    place: Place


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A leaf: one fact against one operand."""

    fact: Fact
    operator: Operator
    operand: Literal | FactReference
    place: Place

    @property
    def text(self) -> str:
        """The comparison in one line, as the trace shows it."""
        operand = self.operand.text if isinstance(self.operand, Literal) else self.operand.fact.name
        return f"{self.fact.name} {self.operator.value} {operand}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Holds where every part holds."""

    parts: tuple[Condition, ...]
    place: Place


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """Holds where at least one part holds."""

    parts: tuple[Condition, ...]
    place: Place


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """Holds where its part does not."""

    part: Condition
    place: Place


Condition: TypeAlias = Comparison | AllOf | AnyOf | Not


def comparisons(condition: Condition | None) -> Iterator[Comparison]:
    """Every leaf, in the order of the text; none for a rule without a condition."""
    match condition:
        case None:
            return
        case Comparison():
            yield condition
        case Not():
            yield from comparisons(condition.part)
        case AllOf() | AnyOf():
            for part in condition.parts:
                yield from comparisons(part)


def facts_asked(condition: Condition | None) -> tuple[Fact, ...]:
    """The facts that the condition looks at, each once, in the order of the text."""
    asked: dict[str, Fact] = {}
    for leaf in comparisons(condition):
        asked.setdefault(leaf.fact.name, leaf.fact)
        if isinstance(leaf.operand, FactReference):
            asked.setdefault(leaf.operand.fact.name, leaf.operand.fact)
    return tuple(asked.values())
