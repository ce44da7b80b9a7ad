"""How long to wait before trying again: exponential, with full jitter, bounded.

Law: a wait is drawn evenly between nothing and a bound that doubles with every failure in a row, up to a limit. A
thousand agents whose server went away come back spread over the whole of their waits, never as one wave.
Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
"""

from __future__ import annotations

import random
from collections.abc import Callable

_MOST_DOUBLINGS = 30  # beyond it 2.0 ** n only grows towards an overflow


class Backoff:
    """The waits after failures in a row."""

    def __init__(
        self,
        *,
        first_seconds: float = 2.0,
        most_seconds: float = 60.0,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """The bound is `first_seconds` after the first failure and never more than `most_seconds`."""
        if not 0 <= first_seconds <= most_seconds:
            raise ValueError("0 <= first_seconds <= most_seconds")
        self._first_seconds = first_seconds
        self._most_seconds = self._longest_seconds = most_seconds
        self._draw = draw
        self._failures = 0

    @property
    def failures(self) -> int:
        """How many in a row."""
        return self._failures

    def next_seconds(self) -> float:
        """Counts a failure; how long to wait after it."""
        bound = min(self._most_seconds, self._first_seconds * 2.0 ** min(self._failures, _MOST_DOUBLINGS))
        self._failures += 1
        return self._draw(0.0, bound)

    def wait_at_most(self, seconds: float) -> None:
        """From now on no wait is longer than this, nor than the limit it was made with."""
        self._most_seconds = min(self._longest_seconds, seconds)

    def reset(self) -> None:
        """It went well: the next failure is the first again."""
        self._failures = 0
