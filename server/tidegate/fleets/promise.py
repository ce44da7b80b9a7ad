"""The promise every fleet keeps: say what there is, say how it is, carry out orders once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from tidegate.domain.health import HealthObservation
from tidegate.domain.instance import Instance
from tidegate.domain.order import InstanceAnswer, InstanceOrder
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet

Reply = Callable[[InstanceAnswer], None]
"""Takes one answer; called on the event loop, never blocks, may be called twice with the same answer."""


class Fleet(Protocol):
    """Runs the instances of scale sets."""

    async def place(self, scale_set: ScaleSet) -> None:
        """Make the fleet know this definition. A new scale set gets its instances; a known one is resized to its
        capacity and keeps what its instances run. Repeating it changes nothing."""

    async def forget(self, scale_set: ScaleSetId) -> None:
        """The scale set and its instances are gone; orders under way are never answered. Repeating it is harmless."""

    async def instances(self, scale_set: ScaleSetId) -> tuple[Instance, ...]:
        """Every instance, in the fleet's own stable order.

        Raises:
            ScaleSetNotFound: the fleet does not have it.
        """

    async def observe(self, scale_set: ScaleSetId) -> HealthObservation:
        """How the scale set is now; cheap, whatever its size.

        Raises:
            ScaleSetNotFound: the fleet does not have it.
        """

    async def begin(self, orders: Sequence[InstanceOrder], reply: Reply) -> None:
        """Take the orders and return; each answer comes through `reply` when its instance has finished, or never.

        An operation id that was finished before is answered again, with the same answer, and not carried out again;
        one that is under way is answered once it ends, to the `reply` given last.
        """

    async def close(self) -> None:
        """Stop all machines' work and let go of everything held."""
