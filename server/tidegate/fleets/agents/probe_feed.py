"""What the health probe of hosts says: asked for where a scale set has a probe and a host an address, and remembered.

Law: a host that is to be probed and cannot be, since it gave no address or none that is one, is Unknown: nobody can
say that it is well.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from tidegate.domain.health import ProbeState
from tidegate.domain.probe import ProbeDefinition
from tidegate.fleets.agents.host_card import HostCard


class Probes(Protocol):
    """Whoever asks hosts: the prober."""

    def watch(
        self, key: str, definition: ProbeDefinition, address: str, on_change: Callable[[ProbeState], None]
    ) -> ProbeState:
        """Ask from now on; what is known already. ValueError where the address is none."""

    def unwatch(self, key: str) -> None:
        """Ask no more."""

    def renew(self, key: str) -> None:
        """What was answered before counts no more, and the host is asked at once."""


class ProbeFeed:
    """Keeps what the probes say, by host."""

    def __init__(self, probes: Probes, on_change: Callable[[HostCard], None]) -> None:
        self._probes = probes
        self._on_change = on_change
        self._states: dict[str, ProbeState] = {}

    def watch(self, card: HostCard, definition: ProbeDefinition | None) -> None:
        """Ask the host so from now on; not at all where there is no probe."""
        if definition is None:
            self.unwatch(card)
            return
        try:
            state = self._probes.watch(card.uid, definition, card.probe_address, partial(self._changed, card))
        except ValueError:
            self._probes.unwatch(card.uid)
            state = ProbeState.UNKNOWN
        self._states[card.uid] = state

    def unwatch(self, card: HostCard) -> None:
        """Ask it no more."""
        if self._states.pop(card.uid, None) is not None:
            self._probes.unwatch(card.uid)

    def renew(self, card: HostCard) -> None:
        """Something about the host has changed: what was answered before says nothing any more."""
        if card.uid in self._states:
            self._probes.renew(card.uid)

    def state(self, card: HostCard) -> ProbeState:
        """What its probe says; ProbeState.NONE where it has none."""
        return self._states.get(card.uid, ProbeState.NONE)

    def _changed(self, card: HostCard, state: ProbeState) -> None:
        if card.uid in self._states:
            self._states[card.uid] = state
            self._on_change(card)
