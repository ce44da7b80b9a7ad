"""Patterns of text: `*` stands for any run of characters, `?` for exactly one. Case does not count.

Law: matching takes time linear in the text for each `*`, whatever the pattern: policies come from strangers.
"""

from __future__ import annotations

import functools
import re


@functools.lru_cache(maxsize=1024)
def pattern(text: str) -> re.Pattern[str]:
    """The compiled pattern; match it against a casefolded text with `fullmatch`.

    Every run up to the next fixed piece is an atomic group: once the earliest fit is found it is never reconsidered,
    which for `*` is always right and keeps hostile patterns cheap.
    """
    pieces = [
        "".join("." if sign == "?" else re.escape(sign) for sign in piece) for piece in text.casefold().split("*")
    ]
    if len(pieces) == 1:
        return re.compile(pieces[0], re.DOTALL)
    first, *middle, last = pieces
    inner = "".join(f"(?>.*?{piece})" for piece in middle if piece)
    return re.compile(f"{first}{inner}.*{last}", re.DOTALL)


def matches(text: str, wildcard: str) -> bool:
    """Does the text fit the pattern?"""
    return pattern(wildcard).fullmatch(text.casefold()) is not None


def overlap(one: str, other: str) -> bool:
    """Is there a text that fits both patterns?"""
    mine, yours = one.casefold(), other.casefold()
    reached = _close({(0, 0)}, mine, yours)
    while reached:
        if (len(mine), len(yours)) in reached:
            return True
        reached = _close({step for at in reached for step in _step(at, mine, yours)}, mine, yours)
    return False


def _close(points: set[tuple[int, int]], mine: str, yours: str) -> set[tuple[int, int]]:
    """All points reachable by letting a `*` stand for nothing more."""
    waiting, closed = list(points), set(points)
    while waiting:
        i, j = waiting.pop()
        for further in (
            (i + 1, j) if mine[i : i + 1] == "*" else None,
            (i, j + 1) if yours[j : j + 1] == "*" else None,
        ):
            if further is not None and further not in closed:
                closed.add(further)
                waiting.append(further)
    return closed


def _step(at: tuple[int, int], mine: str, yours: str) -> list[tuple[int, int]]:
    """Where one more character, fitting both, leads. Two stars facing each other never need one."""
    i, j = at
    if i == len(mine) or j == len(yours):
        return []
    a, b = mine[i], yours[j]
    if a == "*" and b == "*":
        return []
    if a != b and not {a, b} & {"*", "?"}:
        return []
    return [(i if a == "*" else i + 1, j if b == "*" else j + 1)]
