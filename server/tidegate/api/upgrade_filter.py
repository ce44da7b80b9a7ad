"""The filter of ListRollingUpgrades: `kind = EXTENSION AND status = Faulted`.

    filter = [ term { "AND" term } ]
    term   = ( "kind" | "trigger" | "status" ) "=" word

Law: words are compared without regard to case; whatever else is written is refused with its position, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tidegate.upgrade.plan import Trigger, UpgradeKind
from tidegate.upgrade.state import StatusCode

_TOKEN = re.compile(r"\s*(?:(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>=)|(?P<else>\S))")
_FIELDS: Mapping[str, type[StrEnum]] = {"kind": UpgradeKind, "trigger": Trigger, "status": StatusCode}
MAX_CHARACTERS = 1_000


class MalformedFilter(ValueError):
    """The filter cannot be read; `position` counts characters from 1."""

    def __init__(self, problem: str, position: int) -> None:
        super().__init__(f"at character {position}: {problem}")
        self.position = position


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeFilter:
    """What upgrades must be; None asks for any."""

    kind: UpgradeKind | None = None
    trigger: Trigger | None = None
    status: StatusCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    text: str
    position: int


def read_filter(text: str) -> UpgradeFilter:
    """The filter that `text` writes; empty text asks for all.

    Raises:
        MalformedFilter: something else stands where a field, `=`, a value or AND must stand, or a field stands twice.
    """
    if len(text) > MAX_CHARACTERS:
        raise MalformedFilter(f"a filter has at most {MAX_CHARACTERS} characters", MAX_CHARACTERS + 1)
    tokens = [*_tokens(text), _Token(text="", position=len(text.rstrip()) + 1)]
    asked: dict[str, StrEnum] = {}
    rest = iter(tokens)
    if not tokens[0].text:
        return UpgradeFilter()
    while True:
        name = _expect(next(rest), "a field", _FIELDS, str.lower).text.lower()
        _expect(next(rest), "an equals sign", ("=",), str)
        value = next(rest)
        if name in asked:
            raise MalformedFilter(f"{name} is asked for twice", value.position)
        asked[name] = _value(name, value)
        token = _expect(next(rest), "AND or the end", ("AND", ""), str.upper)
        if not token.text:
            return _filter(asked)


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while match := _TOKEN.match(text, at):
        yield _Token(text=match[0].strip(), position=match.end() - len(match[0].strip()) + 1)
        at = match.end()


def _expect(
    token: _Token, what: str, words: Mapping[str, object] | tuple[str, ...], fold: Callable[[str], str]
) -> _Token:
    if fold(token.text) in words:
        return token
    said = f"not {token.text!r}" if token.text else "but the filter ends"
    choice = f" ({', '.join(words)})" if isinstance(words, Mapping) else ""
    raise MalformedFilter(f"{what}{choice} belongs here, {said}", token.position)


def _value(name: str, token: _Token) -> StrEnum:
    values = list(_FIELDS[name])
    for value in values:
        if value.value.lower() == token.text.lower():
            return value
    said = f"{token.text!r}" if token.text else "nothing"
    raise MalformedFilter(f"{name} is one of {', '.join(values)}, not {said}", token.position)


def _filter(asked: Mapping[str, StrEnum]) -> UpgradeFilter:
    kind, trigger, status = asked.get("kind"), asked.get("trigger"), asked.get("status")
    return UpgradeFilter(
        kind=kind if isinstance(kind, UpgradeKind) else None,
        trigger=trigger if isinstance(trigger, Trigger) else None,
        status=status if isinstance(status, StatusCode) else None,
    )
