"""Unfolding: the events that follow from one report, each decided where the ones before it have led."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from tidegate.upgrade.events import Event
from tidegate.upgrade.evolve import evolve
from tidegate.upgrade.state import Upgrade

Step: TypeAlias = tuple[Event, Upgrade]
"""An event, and where the upgrade stands after it."""


class Unfolding:
    """What has been decided so far because of a report that came at `at_ms`."""

    __slots__ = ("_steps", "at_ms", "upgrade")

    def __init__(self, upgrade: Upgrade, at_ms: int) -> None:
        self.upgrade = upgrade
        """Where it stands after the events decided so far."""
        self.at_ms = at_ms
        self._steps: list[Step] = []

    def say(self, event: Event) -> None:
        """Decide one more event."""
        self.upgrade = evolve(self.upgrade, event)
        self._steps.append((event, self.upgrade))

    @property
    def events(self) -> tuple[Event, ...]:
        """All events decided, in order."""
        return tuple([event for event, _ in self._steps])

    @property
    def steps(self) -> Sequence[Step]:
        """The same events, each with the upgrade as it stands after it."""
        return tuple(self._steps)
