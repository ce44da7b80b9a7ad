"""A published version: one to four numeric parts, compared as numbers, never as text.

Law: `1.10` comes after `1.9`, and `2.1` is the same version as `2.1.0.0`. Azure lists versions in the order of their
letters, so whoever reads such a list must sort it here.
"""

from __future__ import annotations

import functools
import re

_SHAPE = re.compile(r"[0-9]{1,10}(\.[0-9]{1,10}){0,3}", re.ASCII)


class MalformedVersion(ValueError):
    """The text is not one to four numeric parts joined by dots."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} is not a version: write one to four numbers joined by dots, such as 1.10 or 2.1.6.0"
        )
        self.text = text


@functools.total_ordering
class Version:
    """An immutable version number; equality, order and hash look at its numbers, `str` gives the text as written."""

    __slots__ = ("_numbers", "text")

    text: str
    _numbers: tuple[int, int, int, int]

    def __init__(self, text: str) -> None:
        """Read `text`.

        Raises:
            MalformedVersion: the text is not one to four numeric parts.
        """
        if _SHAPE.fullmatch(text) is None:
            raise MalformedVersion(text)
        numbers = [int(part) for part in text.split(".")]
        padded = (*numbers, 0, 0, 0)[:4]
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "_numbers", padded)

    @property
    def major(self) -> int:
        """The first number; an upgrade never changes it."""
        return self._numbers[0]

    @property
    def minor(self) -> int:
        """The second number, 0 where the text has none."""
        return self._numbers[1]

    @property
    def numbers(self) -> tuple[int, int, int, int]:
        """All four numbers, missing ones as 0."""
        return self._numbers

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a version cannot be changed ({name})")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a version cannot be changed ({name})")

    def __eq__(self, other: object) -> bool:
        return self._numbers == other._numbers if isinstance(other, Version) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self._numbers < other._numbers if isinstance(other, Version) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._numbers)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Version({self.text!r})"

    def __reduce__(self) -> tuple[type[Version], tuple[str]]:
        return (Version, (self.text,))


def newest_within(requested: Version, published: frozenset[Version], minor_may_rise: bool) -> Version | None:
    """The version that Azure would deliver for a profile asking for `requested` (Major.Minor), or None if none fits.

    With `minor_may_rise` (autoUpgradeMinorVersion) the newest of the same major, at least the requested minor;
    without it the newest patch and hotfix of exactly the requested minor. Source: Azure's documentation of
    `typeHandlerVersion` and of the two upgrade properties.
    """
    fitting = [
        version
        for version in published
        if version.major == requested.major
        and (version.minor >= requested.minor if minor_may_rise else version.minor == requested.minor)
    ]
    return max(fitting, default=None)
