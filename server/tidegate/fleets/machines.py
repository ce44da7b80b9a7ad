"""The machines of one simulated scale set: what each runs, how each is, and who of them is not well.

Law: everything is kept as it changes, so that asking how the scale set is costs as much as there are machines that
are not well, however many there are. Machines that run the same software share one mapping of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tidegate.domain.extension import ExtensionState
from tidegate.domain.health import HealthObservation, ProbeState
from tidegate.domain.instance import Instance
from tidegate.domain.order import InstanceAnswer
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet
from tidegate.domain.version import Version

REMEMBERED_OPERATIONS = 3
"""How many finished operations each machine remembers, newest last. Only an order whose answer was not yet recorded
is ever given again, and a machine works on one order at a time, so one would do; more costs little."""

FIRST_IMAGE_VERSION = "1.0.0"
"""What `latest` stands for when a machine is made: a simulated machine must run some version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledExtension:
    """What a definition says of one extension: enough to install it, and to see that it became another one."""

    name: str
    handler: str
    """The extension type's key."""
    version: str
    """All four parts of what a new machine gets."""

    @property
    def lineage(self) -> tuple[str, int]:
        """Handler and major version: what no upgrade changes, so another one is a new installation."""
        return self.handler, Version(self.version).major


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """The part of a scale set's definition that its machines are made from."""

    scale_set_id: ScaleSetId
    capacity: int
    zones: tuple[str, ...]
    fault_domain_count: int
    has_probe: bool
    image_version: str
    extensions: tuple[InstalledExtension, ...]

    @classmethod
    def of(cls, scale_set: ScaleSet) -> Definition:
        image = scale_set.image
        return cls(
            scale_set_id=scale_set.scale_set_id,
            capacity=scale_set.capacity,
            zones=scale_set.zones,
            fault_domain_count=scale_set.fault_domain_count,
            has_probe=scale_set.has_probe,
            image_version=FIRST_IMAGE_VERSION if image.version.lower() == "latest" else image.version,
            extensions=tuple(
                InstalledExtension(
                    name=extension.name,
                    handler=extension.extension_type.key,
                    version=".".join(map(str, extension.type_handler_version.numbers)),
                )
                for extension in scale_set.extensions
            ),
        )


Software = Mapping[str, ExtensionState]


class Machines:
    """The machines of one scale set, by instance id, in the order in which they were made."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.finished: dict[str, tuple[InstanceAnswer, ...]] = {}
        """The newest finished operations of each machine, at most `REMEMBERED_OPERATIONS`."""
        self._instances: dict[str, Instance] = {}
        self._software: dict[tuple[ExtensionState, ...], Software] = {}
        self._probe_unhealthy: set[str] = set()
        self._initializing: set[str] = set()
        self._extension_failed: set[str] = set()

    def __contains__(self, instance_id: str) -> bool:
        return instance_id in self._instances

    def __iter__(self) -> Iterator[str]:
        return iter(self._instances)

    def __getitem__(self, instance_id: str) -> Instance:
        return self._instances[instance_id]

    def all(self) -> tuple[Instance, ...]:
        return tuple(self._instances.values())

    def observe(self) -> HealthObservation:
        return HealthObservation(
            total_count=len(self._instances),
            probe_unhealthy=frozenset(self._probe_unhealthy),
            initializing=frozenset(self._initializing),
            extension_failed=frozenset(self._extension_failed),
        )

    def put(self, instance: Instance) -> None:
        """Keep this state of a machine, and count it where it is not well."""
        name = instance.instance_id
        self._instances[name] = instance
        is_bad = not instance.is_reachable or instance.probe in (ProbeState.UNHEALTHY, ProbeState.UNKNOWN)
        _mark(self._probe_unhealthy, name, is_bad)
        _mark(self._initializing, name, not is_bad and instance.probe is ProbeState.INITIALIZING)
        _mark(self._extension_failed, name, instance.has_failed_extension)

    def put_software(
        self, instance: Instance, states: Mapping[str, ExtensionState], image_version: str | None = None
    ) -> None:
        """Keep that the machine now runs these extensions, and this image where one is given."""
        self.put(
            dataclasses.replace(
                instance,
                extensions=self.software(states.values()),
                image_version=instance.image_version if image_version is None else image_version,
            )
        )

    def remember(self, answer: InstanceAnswer) -> None:
        """Keep the answer, and let go of the oldest."""
        known = self.finished.get(answer.instance_id, ())
        self.finished[answer.instance_id] = (*known, answer)[-REMEMBERED_OPERATIONS:]

    def answer_of(self, instance_id: str, operation_id: str) -> InstanceAnswer | None:
        """The answer given to the operation, where it was finished and is remembered."""
        for answer in self.finished.get(instance_id, ()):
            if answer.operation_id == operation_id:
                return answer
        return None

    def software(self, states: Iterable[ExtensionState]) -> Software:
        """These extension states by name, as one mapping that all machines with the same states share."""
        key = tuple(states)
        shared = self._software.get(key)
        if shared is None:
            shared = self._software[key] = {state.name: state for state in key}
        return shared

    def redefine(self, definition: Definition) -> tuple[list[str], list[str]]:
        """Take up a new definition; the ids of machines that changed or are new, and of those that are gone.

        Machines keep the versions they run. An extension that is new to the profile, or that became another handler
        or major, is installed as on a new machine; one that left the profile leaves the machines.
        """
        old, self.definition = self.definition, definition
        gone = [name for name in self._instances if int(name) >= definition.capacity]
        for name in gone:
            self._drop(name)
        is_same = old.extensions == definition.extensions and old.has_probe == definition.has_probe
        changed = [] if is_same else self._adapt(old)
        made = [str(number) for number in range(len(self._instances), definition.capacity)]
        software = self.software(map(_installed, definition.extensions))
        for name in made:
            self.put(self._new(name, software))
        return changed + made, gone

    def _new(self, name: str, software: Software) -> Instance:
        definition, number = self.definition, int(name)
        zones = definition.zones
        return Instance(
            instance_id=name,
            zone=zones[number % len(zones)] if zones else "",
            fault_domain=number // max(1, len(zones)) % definition.fault_domain_count,
            extensions=software,
            probe=self.healthy_probe,
            image_version=definition.image_version,
        )

    @property
    def healthy_probe(self) -> ProbeState:
        """What the probe of a machine says when nothing is wrong."""
        return ProbeState.HEALTHY if self.definition.has_probe else ProbeState.NONE

    def _adapt(self, old: Definition) -> list[str]:
        """Bring every machine to the new definition; the ids of those that changed."""
        lineages = {extension.name.lower(): extension.lineage for extension in old.extensions}
        probe_changed = old.has_probe != self.definition.has_probe
        adapted: dict[int, Software] = {}
        changed = []
        for instance in self.all():
            software = adapted.get(id(instance.extensions))
            if software is None:
                software = adapted[id(instance.extensions)] = self._adapted(instance.extensions, lineages)
            probe = self.healthy_probe if probe_changed else instance.probe
            if software is not instance.extensions or probe is not instance.probe:
                self.put(dataclasses.replace(instance, extensions=software, probe=probe))
                changed.append(instance.instance_id)
        return changed

    def _adapted(self, software: Software, lineages: Mapping[str, tuple[str, int]]) -> Software:
        running = {state.name.lower(): state for state in software.values()}
        return self.software(
            dataclasses.replace(running[key], name=wanted.name)
            if (key := wanted.name.lower()) in running and lineages.get(key) == wanted.lineage
            else _installed(wanted)
            for wanted in self.definition.extensions
        )

    def _drop(self, name: str) -> None:
        del self._instances[name]
        self.finished.pop(name, None)
        for marked in (self._probe_unhealthy, self._initializing, self._extension_failed):
            marked.discard(name)


def _installed(extension: InstalledExtension) -> ExtensionState:
    return ExtensionState(name=extension.name, version=Version(extension.version))


def _mark(marked: set[str], name: str, holds: bool) -> None:
    if holds:
        marked.add(name)
    else:
        marked.discard(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What changed of one scale set's machines and is to be kept before anybody hears of it."""

    machines: Machines
    instance_ids: tuple[str, ...]
    spent: tuple[tuple[int, str, int], ...]
    """Fault, instance and how often the fault has held on it by now."""
