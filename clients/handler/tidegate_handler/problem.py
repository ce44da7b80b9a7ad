"""One thing that is wrong with a package or its manifest: where, and what.

Law: a problem names a place and a rule, never what stands there, since that may be a secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SHOWN_CHARACTERS = 120
"""The longest place that is told whole; a package's author chooses names, and need not choose our lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that must be mended before the thing can be used."""

    place: str
    """A member of the package, or a field of the manifest such as ``handlerManifest.enableCommand``."""
    message: str
    """A sentence without its subject, which is the place."""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


def shown(name: str) -> str:
    """A name as it may be shown: without control characters or lone surrogates, and cut where it is very long."""
    plain = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in name[: SHOWN_CHARACTERS + 1])
    return plain if len(plain) <= SHOWN_CHARACTERS else f"{plain[:SHOWN_CHARACTERS]}…"


def told(problems: Iterable[Problem]) -> str:
    """All of them in one text, a line each."""
    return "\n".join(str(problem) for problem in problems)
