"""The operators of a comparison: which types of fact each takes, and which form of operand."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from types import MappingProxyType

from tidegate.policy.fact import FactType


class Operator(enum.Enum):
    """The value is the word that a policy writes."""

    EQUALS = "equals"
    NOT_EQUALS = "notEquals"
    IN = "in"
    NOT_IN = "notIn"
    LESS_THAN = "lessThan"
    AT_MOST = "atMost"
    GREATER_THAN = "greaterThan"
    AT_LEAST = "atLeast"
    STARTS_WITH = "startsWith"
    ENDS_WITH = "endsWith"
    CONTAINS = "contains"
    MATCHES = "matches"
    IS_EMPTY = "isEmpty"
    SAME_MAJOR_AS = "sameMajorAs"
    WITHIN_VERSIONS = "withinVersions"
    TAGGED = "tagged"


class Form(enum.Enum):
    """How the operand is written."""

    ONE = "a value of the fact's own type"
    MANY = "a list of values of the fact's own type"
    TEXT = "a text"
    PATTERN = "a pattern with * and ?"
    FLAG = "true or false"
    RANGE = 'a version range such as ">=1.2 <2"'
    TAGS = "a map from tag names to a pattern or a list of patterns"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OperatorLaw:
    """`reference` is the type that a fact must have to stand as the operand, by the type of the fact on the left."""

    types: tuple[FactType, ...]
    form: Form
    doc: str
    reference: Mapping[FactType, FactType]


_ORDERED = (FactType.INTEGER, FactType.PERCENT, FactType.DURATION, FactType.VERSION)
_SINGLE = (FactType.BOOLEAN, *_ORDERED, FactType.STRING)
_LISTED = (FactType.INTEGER, FactType.PERCENT, FactType.STRING, FactType.VERSION)
_TEXT_TO_TEXT = MappingProxyType({FactType.STRING: FactType.STRING})
_TO_TEXT = MappingProxyType({FactType.STRING: FactType.STRING, FactType.STRINGS: FactType.STRING})
_INTO_STRINGS = MappingProxyType({FactType.STRING: FactType.STRINGS})
_NO_REFERENCE: Mapping[FactType, FactType] = MappingProxyType({})


def _alike(types: tuple[FactType, ...]) -> Mapping[FactType, FactType]:
    return MappingProxyType({type_: type_ for type_ in types})


def _law(
    types: tuple[FactType, ...], form: Form, doc: str, reference: Mapping[FactType, FactType] = _NO_REFERENCE
) -> OperatorLaw:
    return OperatorLaw(types=types, form=form, doc=doc, reference=reference)


LAWS: Mapping[Operator, OperatorLaw] = MappingProxyType(
    {
        Operator.EQUALS: _law(_SINGLE, Form.ONE, "The fact is the operand; case does not count.", _alike(_SINGLE)),
        Operator.NOT_EQUALS: _law(_SINGLE, Form.ONE, "The fact is not the operand.", _alike(_SINGLE)),
        Operator.IN: _law(_LISTED, Form.MANY, "The fact is one of the list.", _INTO_STRINGS),
        Operator.NOT_IN: _law(_LISTED, Form.MANY, "The fact is none of the list.", _INTO_STRINGS),
        Operator.LESS_THAN: _law(_ORDERED, Form.ONE, "The fact is less, shorter or older.", _alike(_ORDERED)),
        Operator.AT_MOST: _law(_ORDERED, Form.ONE, "The fact is the operand or less.", _alike(_ORDERED)),
        Operator.GREATER_THAN: _law(_ORDERED, Form.ONE, "The fact is more, longer or newer.", _alike(_ORDERED)),
        Operator.AT_LEAST: _law(_ORDERED, Form.ONE, "The fact is the operand or more.", _alike(_ORDERED)),
        Operator.STARTS_WITH: _law((FactType.STRING,), Form.TEXT, "The fact begins with the text.", _TEXT_TO_TEXT),
        Operator.ENDS_WITH: _law((FactType.STRING,), Form.TEXT, "The fact ends with the text.", _TEXT_TO_TEXT),
        Operator.CONTAINS: _law(
            (FactType.STRING, FactType.STRINGS),
            Form.TEXT,
            "The text is part of the fact, or one of its strings.",
            _TO_TEXT,
        ),
        Operator.MATCHES: _law((FactType.STRING,), Form.PATTERN, "The whole fact fits the pattern."),
        Operator.IS_EMPTY: _law(
            (FactType.STRING, FactType.STRINGS, FactType.TAGS), Form.FLAG, "The fact is empty, or with false: is not."
        ),
        Operator.SAME_MAJOR_AS: _law(
            (FactType.VERSION,), Form.ONE, "Both versions have the same first number.", _alike((FactType.VERSION,))
        ),
        Operator.WITHIN_VERSIONS: _law((FactType.VERSION,), Form.RANGE, "The version lies within every bound."),
        Operator.TAGGED: _law((FactType.TAGS,), Form.TAGS, "Each named tag is there and its value fits a pattern."),
    }
)


def operators_for(type_: FactType) -> tuple[Operator, ...]:
    """The operators that a fact of the type may stand before."""
    return tuple(operator for operator, law in LAWS.items() if type_ in law.types)
