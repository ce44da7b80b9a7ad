"""What a fact is: a named, typed value that a rule may ask about.

Law: a fact is never absent. What a thing does not have is told by the neutral value of its type, so that a rule has one
meaning on every thing and a forgotten fact is a mistake of ours, never a silent "no".
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import TypeAlias

from tidegate.domain.version import Version
from tidegate.policy.quantity import write_duration, write_number

FactValue: TypeAlias = bool | int | float | str | Version | tuple[str, ...] | Mapping[str, str]
"""A fact's value at run time: percentages are numbers from 0 to 100, durations are seconds."""

Facts: TypeAlias = Mapping[str, FactValue]
"""Facts by name, as the judge is given them."""


class FactType(enum.Enum):
    """The value is the word used in messages and in `rules/README.md`."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    PERCENT = "percent"
    DURATION = "duration"
    STRING = "string"
    STRINGS = "strings"
    TAGS = "tags"
    VERSION = "version"

    @property
    def phrase(self) -> str:
        """The type with its article, as a sentence has it."""
        return _PHRASES.get(self, f"a {self.value}")


_PHRASES = {FactType.INTEGER: "an integer", FactType.STRINGS: "a list of strings", FactType.TAGS: "a set of tags"}

NEUTRAL: Mapping[FactType, FactValue] = {
    FactType.BOOLEAN: False,
    FactType.INTEGER: -1,
    FactType.PERCENT: 0.0,
    FactType.DURATION: -1.0,
    FactType.STRING: "",
    FactType.STRINGS: (),
    FactType.TAGS: {},
    FactType.VERSION: Version("0"),
}
"""What is given for a thing that does not have the fact, such as the zone of an instance outside zones."""


class Scope(enum.IntEnum):
    """What an eligibility rule is about, from the widest to the narrowest; a narrow scope sees the wide facts too."""

    SCALE_SET = 0
    EXTENSION = 1
    INSTANCE = 2


SCOPE_WORDS: Mapping[Scope, str] = {
    Scope.SCALE_SET: "scaleSet",
    Scope.EXTENSION: "extension",
    Scope.INSTANCE: "instance",
}


class Section(enum.Enum):
    """A part of a policy that may ask about facts. The value is its key in the file."""

    APPLIES_TO = "appliesTo"
    ELIGIBILITY = "eligibility"
    BATCHING = "batching"
    HALT = "halt"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fact:
    """One entry of the closed list.

    `usual` is its value in a rehearsal that does not speak of it; `words` is its closed vocabulary, if it has one;
    `lowest` and `highest` bound a number (in the fact's own unit).
    """

    name: str
    type: FactType
    doc: str
    scope: Scope
    sections: frozenset[Section]
    usual: FactValue
    words: tuple[str, ...] = ()
    lowest: float | None = None
    highest: float | None = None

    @property
    def neutral(self) -> FactValue:
        """The value that stands for "it has none"."""
        return NEUTRAL[self.type]


def as_text(fact: Fact, value: FactValue) -> str:
    """The value as a sentence would have it: percentages without their sign, durations in ISO 8601."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float() if fact.type is FactType.DURATION:
            return write_duration(value)
        case float():
            return write_number(value)
        case tuple():
            return ", ".join(value)
        case Mapping():
            return ", ".join(f"{name}={value[name]}" for name in sorted(value))
        case _:
            return str(value)


def as_plain(fact: Fact, value: FactValue) -> str | int | float | bool:
    """The value as JSON can hold it: numbers and booleans as they are (durations in seconds), the rest as text."""
    return value if isinstance(value, bool | int | float) else as_text(fact, value)
