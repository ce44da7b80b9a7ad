"""What each operator means: plain functions from a fact's value and an operand to a truth value.

Law: strings are compared without regard to case, as Azure Resource Manager compares names; versions by their numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias, cast

from tidegate.domain.version import Version
from tidegate.policy import wildcard
from tidegate.policy.condition import Operand, TagPatterns
from tidegate.policy.fact import FactValue
from tidegate.policy.operators import Operator
from tidegate.policy.version_range import VersionRange

Operandlike: TypeAlias = Operand | FactValue
"""What may stand to the right: an operand written out, or the value of another fact."""

Meaning: TypeAlias = Callable[[FactValue, Operandlike], bool]


def _key(value: Operandlike) -> object:
    """A value that equals another one's exactly where the two are equal to a policy."""
    return value.casefold() if isinstance(value, str) else value


def _rank(value: Operandlike) -> tuple[float, ...]:
    """A tuple that orders as the values do."""
    if isinstance(value, Version):
        return value.numbers
    assert isinstance(value, int | float), f"{value!r} has no order"
    return (value,)


def _text(value: Operandlike) -> str:
    assert isinstance(value, str), f"{value!r} is not a text"
    return value.casefold()


def _version(value: Operandlike) -> Version:
    assert isinstance(value, Version), f"{value!r} is not a version"
    return value


def _equals(value: FactValue, operand: Operandlike) -> bool:
    return _key(value) == _key(operand)


def _in(value: FactValue, operand: Operandlike) -> bool:
    assert isinstance(operand, tuple), f"{operand!r} is not a list"
    return _key(value) in [_key(cast(Operandlike, one)) for one in operand]


def _contains(value: FactValue, operand: Operandlike) -> bool:
    if isinstance(value, tuple):
        return _text(operand) in [one.casefold() for one in value]
    return _text(operand) in _text(value)


def _is_empty(value: FactValue, operand: Operandlike) -> bool:
    assert isinstance(value, str | tuple | Mapping), f"{value!r} cannot be empty"
    return (len(value) == 0) is operand


def _within(value: FactValue, operand: Operandlike) -> bool:
    assert isinstance(operand, VersionRange), f"{operand!r} is not a range of versions"
    return operand.holds(_version(value))


def _tagged(value: FactValue, operand: Operandlike) -> bool:
    assert isinstance(value, Mapping), f"{value!r} is not a set of tags"
    return fits_tags(value, cast(TagPatterns, operand))


def fits_tags(tags: Mapping[str, str], wanted: TagPatterns) -> bool:
    """Is every wanted tag there, with a value that fits one of its patterns? Names are compared without case."""
    return tag_test(wanted)(tags)


def tag_test(wanted: TagPatterns) -> Callable[[Mapping[str, str]], bool]:
    """The same question for many tags, with all that depends on the wanted ones done beforehand."""
    prepared = [
        (name.casefold(), [wildcard.pattern(pattern).fullmatch for pattern in patterns]) for name, patterns in wanted
    ]

    def fits(tags: Mapping[str, str]) -> bool:
        for name, matchers in prepared:
            for key, value in tags.items():
                if key.casefold() == name and any(matcher(value.casefold()) for matcher in matchers):
                    break
            else:
                return False
        return True

    return fits


MEANINGS: Mapping[Operator, Meaning] = MappingProxyType(
    {
        Operator.EQUALS: _equals,
        Operator.NOT_EQUALS: lambda value, operand: not _equals(value, operand),
        Operator.IN: _in,
        Operator.NOT_IN: lambda value, operand: not _in(value, operand),
        Operator.LESS_THAN: lambda value, operand: _rank(value) < _rank(operand),
        Operator.AT_MOST: lambda value, operand: _rank(value) <= _rank(operand),
        Operator.GREATER_THAN: lambda value, operand: _rank(value) > _rank(operand),
        Operator.AT_LEAST: lambda value, operand: _rank(value) >= _rank(operand),
        Operator.STARTS_WITH: lambda value, operand: _text(value).startswith(_text(operand)),
        Operator.ENDS_WITH: lambda value, operand: _text(value).endswith(_text(operand)),
        Operator.CONTAINS: _contains,
        Operator.MATCHES: lambda value, operand: wildcard.matches(_text(value), _text(operand)),
        Operator.IS_EMPTY: _is_empty,
        Operator.SAME_MAJOR_AS: lambda value, operand: _version(value).major == _version(operand).major,
        Operator.WITHIN_VERSIONS: _within,
        Operator.TAGGED: _tagged,
    }
)
