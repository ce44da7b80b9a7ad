"""The hosts of one scale set: who they are, how each stands as an instance, and who of them is not well.

Law: everything is kept as it changes, so that asking how the scale set is costs as much as there are hosts that are not
well, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.domain.health import HealthObservation, ProbeState
from tidegate.domain.instance import Instance
from tidegate.domain.natural_order import natural_key
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet
from tidegate.fleets.agents.host_card import HostCard
from tidegate.fleets.agents.host_state import instance_of
from tidegate.fleets.agents.profile import Profile

NO_PROFILE = Profile(handlers={}, circular=(), digest="")


class HostSite:
    """Until the fleet is told of the scale set it has hosts, from the store, and no definition."""

    def __init__(self, scale_set_id: ScaleSetId) -> None:
        self.scale_set_id = scale_set_id
        self.definition: ScaleSet | None = None
        self.profile = NO_PROFILE
        self.numbers: set[str] = set()
        """Instance ids that are numbers."""
        self._cards: dict[str, HostCard] = {}
        self._instances: dict[str, Instance] = {}
        self._ordered: tuple[HostCard, ...] | None = ()
        self._probe_unhealthy: set[str] = set()
        self._initializing: set[str] = set()
        self._extension_failed: set[str] = set()

    def __iter__(self) -> Iterator[HostCard]:
        """The hosts in natural order of their instance ids."""
        if self._ordered is None:
            self._ordered = tuple(sorted(self._cards.values(), key=lambda card: natural_key(card.instance_id.lower())))
        return iter(self._ordered)

    def __len__(self) -> int:
        return len(self._cards)

    def card(self, instance_id: str) -> HostCard | None:
        """The host of that instance id, in any spelling."""
        return self._cards.get(instance_id.lower())

    def add(self, card: HostCard) -> None:
        """The host belongs to the scale set now; it is to be refreshed right after."""
        self._cards[card.instance_id.lower()] = card
        self._ordered = None
        if card.instance_id.isdigit():
            self.numbers.add(card.instance_id)

    def drop(self, card: HostCard) -> None:
        """The host belongs to it no longer."""
        del self._cards[card.instance_id.lower()]
        self._ordered = None
        self._instances.pop(card.instance_id, None)
        for marked in (self.numbers, self._probe_unhealthy, self._initializing, self._extension_failed):
            marked.discard(card.instance_id)

    def refresh(self, card: HostCard, probe: ProbeState) -> Instance:
        """Something of the host has changed; how it stands now."""
        name = card.instance_id
        instance = self._instances[name] = instance_of(card, self.profile, probe)
        is_bad = not instance.is_reachable or instance.probe in (ProbeState.UNHEALTHY, ProbeState.UNKNOWN)
        _mark(self._probe_unhealthy, name, is_bad)
        _mark(self._initializing, name, not is_bad and instance.probe is ProbeState.INITIALIZING)
        _mark(self._extension_failed, name, instance.has_failed_extension)
        return instance

    def instance(self, card: HostCard) -> Instance:
        """How the host stands."""
        return self._instances[card.instance_id]

    def instances(self) -> tuple[Instance, ...]:
        """Every host, in natural order."""
        return tuple(self._instances[card.instance_id] for card in self)

    def observe(self) -> HealthObservation:
        """Who is not well."""
        return HealthObservation(
            total_count=len(self._cards),
            probe_unhealthy=frozenset(self._probe_unhealthy),
            initializing=frozenset(self._initializing),
            extension_failed=frozenset(self._extension_failed),
        )


def _mark(marked: set[str], name: str, holds: bool) -> None:
    if holds:
        marked.add(name)
    else:
        marked.discard(name)
