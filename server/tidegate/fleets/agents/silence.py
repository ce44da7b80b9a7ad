"""Who has not been heard of for too long: one timer for all hosts, however many there are.

Law: hearing of a host costs the same whatever their number. A host is told to be silent once, at the earliest when the
time-out has passed since it was last heard of, and again only after it was heard of in between.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from tidegate.fleets.agents.keeping import CallLater

Who = TypeVar("Who", bound=Hashable)


class Silence(Generic[Who]):
    """Tells of everybody who falls silent."""

    def __init__(
        self, seconds: float, now_ms: Callable[[], int], call_later: CallLater, on_silent: Callable[[Who], None]
    ) -> None:
        """`on_silent` is called on the event loop and never blocks."""
        self._timeout_ms = round(seconds * 1_000)
        self._now_ms = now_ms
        self._call_later = call_later
        self._on_silent = on_silent
        self._heard: OrderedDict[Who, int] = OrderedDict()
        self._is_booked = False
        self._is_stopped = False

    def heard(self, who: Who) -> None:
        """It was heard of just now."""
        self._heard[who] = self._now_ms()
        self._heard.move_to_end(who)
        self._book()

    def forget(self, who: Who) -> None:
        """Nobody waits for it any more."""
        self._heard.pop(who, None)

    def stop(self) -> None:
        """Tell of nobody any more."""
        self._is_stopped = True
        self._heard.clear()

    def _book(self) -> None:
        if self._is_booked or self._is_stopped or not self._heard:
            return
        self._is_booked = True
        first_ms = next(iter(self._heard.values()))
        self._call_later(max(0, first_ms + self._timeout_ms - self._now_ms()) / 1_000, self._ring)

    def _ring(self) -> None:
        self._is_booked = False
        latest_ms = self._now_ms() - self._timeout_ms
        while self._heard and not self._is_stopped:
            who, heard_ms = next(iter(self._heard.items()))
            if heard_ms > latest_ms:
                break
            del self._heard[who]
            self._on_silent(who)
        self._book()
