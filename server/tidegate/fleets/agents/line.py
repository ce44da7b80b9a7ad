"""One open stream of one host: what waits to go down, and who must wait until something of it went.

Law: of goal states the newest alone waits, and of acknowledgements a bounded number; a host that takes no answers is
not read from either, so that it costs no more than that.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from tidegate.domain.host import GoalState, GoalStateResult, HandlerReport
from tidegate.domain.refusal import Refusal
from tidegate.fleets.agents.host_card import HostCard
from tidegate.fleets.agents.promise import Acknowledged, Down, Welcome

MOST_ACKNOWLEDGEMENTS = 64
"""So many may wait to be taken."""


class Listener(Protocol):
    """Who hears what comes up: the fleet."""

    def heard(self, card: HostCard, at_ms: int | None) -> None:
        """The host is alive."""

    def reported(self, card: HostCard, handlers: Sequence[HandlerReport]) -> None:
        """Its handlers stand so."""

    async def finished(self, card: HostCard, result: GoalStateResult) -> None:
        """A goal state was worked through; returns once that is kept."""

    def hung_up(self, card: HostCard, line: Line) -> None:
        """The line has ended."""


class Line:
    """Keeps the promise of `tidegate.fleets.agents.promise.HostLine`."""

    def __init__(
        self,
        card: HostCard,
        welcome: Welcome,
        listener: Listener,
        make_goal_state: Callable[[HostCard], Awaitable[GoalState | None]],
    ) -> None:
        """`make_goal_state` gives None where the host's scale set is not known yet."""
        self._card = card
        self._welcome = welcome
        self._listener = listener
        self._make_goal_state = make_goal_state
        self._acknowledged: deque[Acknowledged] = deque()
        self._told_incarnation = card.reached_incarnation
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._ended_by: Refusal | None = None
        self._is_closed = False

    @property
    def welcome(self) -> Welcome:
        """What the host is told first."""
        return self._welcome

    def heard(self, at_ms: int | None) -> None:
        """See the promise."""
        if self._is_open:
            self._listener.heard(self._card, at_ms)

    def reported(self, handlers: Sequence[HandlerReport]) -> None:
        """See the promise."""
        if self._is_open:
            self._listener.reported(self._card, handlers)

    async def finished(self, result: GoalStateResult) -> None:
        """See the promise."""
        await self._room.wait()
        if not self._is_open:
            return
        await self._listener.finished(self._card, result)
        self._acknowledged.append(Acknowledged(incarnation=result.incarnation))
        if len(self._acknowledged) >= MOST_ACKNOWLEDGEMENTS:
            self._room.clear()
        self._wake.set()

    async def next(self) -> Sequence[Down]:
        """See the promise."""
        while True:
            self._wake.clear()
            if self._ended_by is not None:
                raise self._ended_by
            down: list[Down] = [*self._acknowledged]
            self._acknowledged.clear()
            self._room.set()
            goal_state = await self._new_goal_state()
            if goal_state is not None:
                self._told_incarnation = goal_state.incarnation
                down.append(goal_state)
            if down:
                return down
            await self._wake.wait()

    def close(self) -> None:
        """See the promise."""
        if not self._is_closed:
            self._is_closed = True
            self._room.set()
            self._listener.hung_up(self._card, self)

    def wake(self) -> None:
        """There may be a new goal state."""
        self._wake.set()

    def end(self, refusal: Refusal) -> None:
        """Let it be over, for that reason."""
        self._ended_by = self._ended_by or refusal
        self._room.set()
        self._wake.set()

    @property
    def _is_open(self) -> bool:
        return not self._is_closed and self._ended_by is None

    async def _new_goal_state(self) -> GoalState | None:
        """The goal state that the host was not told of, where there is one and all of it is kept."""
        card = self._card
        incarnation = card.goal_incarnation
        if incarnation <= self._told_incarnation or card.kept_incarnation != incarnation:
            return None
        goal_state = await self._make_goal_state(card)
        if card.goal_incarnation != incarnation:
            # It is another one by now, which will be told once it is kept.
            self._wake.set()
            return None
        return goal_state
