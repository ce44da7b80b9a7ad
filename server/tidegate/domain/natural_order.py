"""Natural order: `10` comes after `9`, and two texts are equal in it only where they are the same text."""

from __future__ import annotations

import re
from typing import TypeAlias

_NUMBER = re.compile(r"([0-9]+)")

NaturalKey: TypeAlias = tuple[tuple[str | int, ...], str]


def natural_key(text: str) -> NaturalKey:
    """A key that sorts texts by their words and, within them, by their numbers."""
    if text.isascii() and text.isdigit():
        return ("", int(text), ""), text
    pieces = _NUMBER.split(text)
    return tuple(int(piece) if index % 2 else piece for index, piece in enumerate(pieces)), text
