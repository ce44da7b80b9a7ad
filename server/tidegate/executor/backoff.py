"""Waits that double up to a longest one: for whatever fails now and may work later."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Backoff:
    """The waits after the first, second, ... failure in a row, in milliseconds."""

    first_ms: int
    longest_ms: int
    failures: int = 0

    def next_ms(self) -> int:
        """How long to wait after one more failure."""
        wait_ms = doubled_ms(self.first_ms, self.failures, self.longest_ms)
        self.failures += 1
        return wait_ms

    def reset(self) -> None:
        """It worked; the next failure is a first one again."""
        self.failures = 0


def doubled_ms(first_ms: int, times: int, longest_ms: int) -> int:
    """`first_ms` doubled `times` times, but never above `longest_ms`."""
    return min(longest_ms, first_ms << min(times, 32))
