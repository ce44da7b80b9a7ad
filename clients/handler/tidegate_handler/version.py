"""The version of a handler: one to four numbers, compared as numbers, never as text.

Law: `1.10` comes after `1.9`, and `2.1` equals `2.1.0.0`; folders and files are named by the text as it was written.

Source: WALinuxAgent 2.15, exthandlers.py (the pattern of a handler's folder) and its FlexibleVersion.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field

_SHAPE = re.compile(r"[0-9]{1,10}(\.[0-9]{1,10}){0,3}", re.ASCII)


class MalformedVersion(ValueError):
    """The text is not one to four numbers joined by dots."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text[:60]!r} is not a version: write one to four numbers joined by dots, such as 1.10")
        self.text = text


@functools.total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class HandlerVersion:
    """A version; equality, order and hash look at its numbers, `str` gives the text as written.

    Raises:
        MalformedVersion: the text is not one to four numbers joined by dots.
    """

    text: str
    numbers: tuple[int, int, int, int] = field(init=False, repr=False)
    """All four numbers, missing ones as 0."""

    def __post_init__(self) -> None:
        if _SHAPE.fullmatch(self.text) is None:
            raise MalformedVersion(self.text)
        parts = [int(part) for part in self.text.split(".")]
        object.__setattr__(self, "numbers", (*parts, 0, 0, 0)[:4])

    @property
    def major(self) -> int:
        """The first number."""
        return self.numbers[0]

    @property
    def minor(self) -> int:
        """The second number, 0 where the text has none."""
        return self.numbers[1]

    def __eq__(self, other: object) -> bool:
        return self.numbers == other.numbers if isinstance(other, HandlerVersion) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self.numbers < other.numbers if isinstance(other, HandlerVersion) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.numbers)

    def __str__(self) -> str:
        return self.text
