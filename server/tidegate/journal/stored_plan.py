"""The form a plan has in the journal: compact enough for a hundred thousand instances.

Law: the instances are columns, not objects, and what many share (the zone, the versions they run before) is written
once and named by its index. Every field of the plan has its place here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from tidegate.domain.extension import ExtensionType
from tidegate.domain.version import Version
from tidegate.policy.decision import Decision
from tidegate.upgrade.plan import (
    ExtensionTarget,
    ImageTarget,
    Plan,
    PlannedBatch,
    PlannedInstance,
    SkippedInstances,
    Target,
)

Shared = TypeVar("Shared")


class StoredExtensionTarget(msgspec.Struct, frozen=True, tag_field="kind", tag="extension"):
    extension_name: str
    publisher: str
    type: str
    version: Version


class StoredImageTarget(msgspec.Struct, frozen=True, tag_field="kind", tag="image"):
    version: Version


StoredTarget = StoredExtensionTarget | StoredImageTarget


class StoredOrder(msgspec.Struct, frozen=True):
    """The planned instances as columns of one length; `zone` and `previous` are indices into the lists beside them."""

    zones: list[str]
    previous_versions: list[tuple[Version | None, ...]]
    instance_id: list[str]
    zone: list[int]
    fault_domain: list[int]
    previous: list[int]


class StoredPlan(msgspec.Struct, frozen=True):
    """The fields of `tidegate.upgrade.plan.Plan`; `batches` are triples of number, start and size."""

    targets: tuple[StoredTarget, ...]
    order: StoredOrder
    skipped: tuple[SkippedInstances, ...]
    total_count: int
    batches: list[tuple[int, int, int]]
    pace: Decision
    digest: str


def stored_plan(plan: Plan) -> StoredPlan:
    """The plan in the form the journal keeps."""
    return StoredPlan(
        targets=tuple(_stored_target(target) for target in plan.targets),
        order=_stored_order(plan.order),
        skipped=plan.skipped,
        total_count=plan.total_count,
        batches=[(batch.number, batch.start, batch.size) for batch in plan.batches],
        pace=plan.pace,
        digest=plan.digest,
    )


def plan_from(stored: StoredPlan) -> Plan:
    """The plan that was stored; instances share their zone and previous versions again."""
    return Plan(
        targets=tuple(_target_from(target) for target in stored.targets),
        order=_order_from(stored.order),
        skipped=stored.skipped,
        total_count=stored.total_count,
        batches=tuple(PlannedBatch(number=number, start=start, size=size) for number, start, size in stored.batches),
        pace=stored.pace,
        digest=stored.digest,
    )


def _stored_target(target: Target) -> StoredTarget:
    match target:
        case ExtensionTarget():
            return StoredExtensionTarget(
                extension_name=target.extension_name,
                publisher=target.extension_type.publisher,
                type=target.extension_type.type,
                version=target.version,
            )
        case ImageTarget():
            return StoredImageTarget(version=target.version)


def _target_from(stored: StoredTarget) -> Target:
    match stored:
        case StoredExtensionTarget():
            return ExtensionTarget(
                extension_name=stored.extension_name,
                extension_type=ExtensionType(publisher=stored.publisher, type=stored.type),
                version=stored.version,
            )
        case StoredImageTarget():
            return ImageTarget(version=stored.version)


def _stored_order(order: Sequence[PlannedInstance]) -> StoredOrder:
    zones, zone = _written_once([instance.zone for instance in order])
    # By their texts: 2.1 and 2.1.0.0 are equal as versions, but each is kept as it was written.
    texts, previous = _written_once([_texts(instance.previous) for instance in order])
    return StoredOrder(
        zones=zones,
        previous_versions=[tuple(None if text is None else Version(text) for text in each) for each in texts],
        instance_id=[instance.instance_id for instance in order],
        zone=zone,
        fault_domain=[instance.fault_domain for instance in order],
        previous=previous,
    )


def _order_from(stored: StoredOrder) -> tuple[PlannedInstance, ...]:
    columns = zip(stored.instance_id, stored.zone, stored.fault_domain, stored.previous, strict=True)
    zones, previous_versions = stored.zones, stored.previous_versions
    return tuple(
        PlannedInstance(instance_id, zones[zone], fault_domain, previous_versions[previous])
        for instance_id, zone, fault_domain, previous in columns
    )


def _texts(versions: Iterable[Version | None]) -> tuple[str | None, ...]:
    return tuple(None if version is None else version.text for version in versions)


def _written_once(values: Iterable[Shared]) -> tuple[list[Shared], list[int]]:
    """The different values in the order they come, and for each place the index of its value."""
    index_of: dict[Shared, int] = {}
    indices = [index_of.setdefault(value, len(index_of)) for value in values]
    return list(index_of), indices
