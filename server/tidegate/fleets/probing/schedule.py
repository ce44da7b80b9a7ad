"""When each host is asked: at its own place within the interval, so that thousands are spread over it evenly.

Law: the place follows from the host's key and the wall clock alone. Neither the order of joining nor a restart nor a
moment in which this server was busy brings hosts together in time, and no clock is read here.
"""

from __future__ import annotations

from hashlib import blake2b

JITTER_PERCENT = 5
"""So far around its place, to both sides, an ask may stray: otherwise what a host does on the minute, such as a job
that makes it slow, would meet every one of its probes or none."""

_WORD = (1 << 64) - 1


def place_of(key: str) -> int:
    """A number of 64 bits that stands for the key and nothing else."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big")


def next_due_ms(place: int, interval_ms: int, after_ms: int) -> int:
    """The first moment after `after_ms` at which the host of that place is to be asked, in milliseconds.

    Two moments of one host lie an interval apart, give or take twice the jitter.
    """
    stray_ms = interval_ms * JITTER_PERCENT // 100
    round_number = (after_ms - place % interval_ms) // interval_ms
    while True:
        due_ms = round_number * interval_ms + place % interval_ms
        if stray_ms:
            due_ms += _mixed(place, round_number) % (2 * stray_ms + 1) - stray_ms
        if due_ms > after_ms:
            return due_ms
        round_number += 1


def _mixed(place: int, round_number: int) -> int:
    """A number that looks drawn, another one each round. Source: the finaliser of SplitMix64."""
    word = (place + round_number * 0x9E3779B97F4A7C15) & _WORD
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _WORD
    return word ^ (word >> 31)
