"""The sentence with which a rule explains itself; `{fact.name}` in it stands for the value of that fact."""

from __future__ import annotations

import dataclasses
import re

from tidegate.policy.fact import Fact, Facts, as_text
from tidegate.policy.facts import FACTS

_PIECE = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}]*)\}|[{}]|[^{}]+")


class MalformedBecause(ValueError):
    """A brace stands alone. The message says how to write one that is meant."""


class UnknownFactIn(ValueError):
    """The sentence names a fact that does not exist."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """Pieces of text and the facts between them."""

    pieces: tuple[str | Fact, ...]

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The facts that the sentence speaks of, each once."""
        return tuple(dict.fromkeys(piece for piece in self.pieces if isinstance(piece, Fact)))

    def say(self, facts: Facts) -> str:
        """The sentence with the values of the facts in it."""
        return "".join(piece if isinstance(piece, str) else as_text(piece, facts[piece.name]) for piece in self.pieces)


def read_because(text: str) -> Because:
    """The sentence; `{{` and `}}` stand for a brace itself.

    Raises:
        MalformedBecause: a brace is opened and not closed, or closed and not opened.
        UnknownFactIn: the name between braces is not that of a fact.
    """
    pieces: list[str | Fact] = []
    for match in _PIECE.finditer(text):
        piece = match[0]
        if piece in ("{", "}"):
            raise MalformedBecause(f"Write {piece}{piece} where a brace itself is meant, {{fact.name}} for a fact.")
        if piece in ("{{", "}}"):
            pieces.append(piece[0])
        elif match["name"] is None:
            pieces.append(piece)
        elif match["name"] in FACTS:
            pieces.append(FACTS[match["name"]])
        else:
            raise UnknownFactIn(match["name"])
    return Because(pieces=tuple(pieces))
