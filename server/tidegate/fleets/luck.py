"""Luck that can be had again: a number between 0 and 1 for a seed and a subject, the same in every run.

It depends on nothing but its arguments, so neither the order in which things happen nor a restart changes it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from hashlib import blake2b

_BYTES = 6
_DRAWS = 1 << 8 * _BYTES


def luck(seed: int, *subject: str) -> float:
    """A number from 0 (included) to 1 (excluded), spread evenly over subjects."""
    text = "\0".join((str(seed), *subject))
    drawn = int.from_bytes(blake2b(text.encode("utf-8"), digest_size=_BYTES).digest(), "big")
    return drawn / _DRAWS


def draw(seed: int, purpose: str, names: Iterable[str], count: int) -> frozenset[str]:
    """`count` of `names`, chosen by luck; a larger count draws the same ones and more."""
    return frozenset(heapq.nsmallest(count, names, key=lambda name: (luck(seed, purpose, name), name)))
