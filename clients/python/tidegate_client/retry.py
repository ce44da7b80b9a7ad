"""Trying again: which failures are worth it, how long to wait after each, and when to give up.

Law: waits grow, are spread by chance so that many clients do not come back together, and never outlast the deadline.
A call that would do more by being sent twice is only sent again where the server said that it did nothing.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from tidegate_client.errors import TidegateError, Unavailable

_DID_NOTHING = frozenset({"SHUTTING_DOWN"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """At most `attempts` in all; after the n-th a wait of up to `first_seconds` * 2^(n-1), at most `most_seconds`."""

    attempts: int = 5
    first_seconds: float = 0.1
    most_seconds: float = 2.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or not 0 <= self.first_seconds <= self.most_seconds:
            raise ValueError("attempts is at least 1, and 0 <= first_seconds <= most_seconds")

    def wait_seconds(self, failed_attempts: int) -> float | None:
        """How long to wait after `failed_attempts` (from 1) in a row, or None to give up."""
        if failed_attempts >= self.attempts:
            return None
        # The exponent is bounded so that a great number of attempts cannot overflow.
        longest = min(self.most_seconds, self.first_seconds * 2.0 ** min(failed_attempts - 1, 30))
        return random.uniform(longest / 2, longest)

    def after(
        self, error: TidegateError, *, is_repeatable: bool, failed_attempts: int, left_seconds: float
    ) -> float | None:
        """How long to wait before a failed call is sent again, or None where it is not: its error is the answer."""
        if not isinstance(error, Unavailable) or not (is_repeatable or error.reason in _DID_NOTHING):
            return None
        wait = self.wait_seconds(failed_attempts)
        return wait if wait is not None and wait < left_seconds else None


CALLS = Retry()
"""For single calls: five attempts within about two seconds."""

WATCHES = Retry(attempts=20)
"""For watches, counted anew with every sign of life: a server may take half a minute to come back."""
