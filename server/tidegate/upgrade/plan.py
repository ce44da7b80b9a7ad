"""What an upgrade is going to do, fixed when it starts: targets, the order of the instances, the batches foreseen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tidegate.domain.extension import ExtensionType
from tidegate.domain.version import Version
from tidegate.policy.decision import Decision


class UpgradeKind(StrEnum):
    """What is upgraded; the two kinds have different health models."""

    EXTENSION = "EXTENSION"
    OS_IMAGE = "OS_IMAGE"


class Trigger(StrEnum):
    """Who wanted it: somebody who called, or a publication."""

    MANUAL = "MANUAL"
    AUTOMATIC = "AUTOMATIC"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionTarget:
    """One extension and the version every instance shall run of it."""

    extension_name: str
    extension_type: ExtensionType
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageTarget:
    """The exact image version every instance shall run."""

    version: Version


Target = ExtensionTarget | ImageTarget


@dataclass(frozen=True, slots=True)
class PlannedInstance:
    """One instance that is to be upgraded.

    `previous` has the version it runs before, target by target in the order of the targets; None where this
    instance does not need that target (it is there already, or does not have the extension).
    """

    instance_id: str
    zone: str
    fault_domain: int
    previous: tuple[Version | None, ...]


class SkipReason(StrEnum):
    """Why an instance is left alone."""

    ALREADY_NEWEST = "ALREADY_NEWEST"
    DENIED = "DENIED"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    """No target fits it: it lacks the extensions, runs another major version, or nobody knows what it runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedInstances:
    """Instances left alone for one and the same reason; `decision` is the denial where a rule denied them."""

    reason: SkipReason
    instance_ids: tuple[str, ...]
    decision: Decision | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedBatch:
    """A batch as foreseen: the instances `order[start : start + size]`. Health may make the real one smaller."""

    number: int
    """From 1."""
    start: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All instances to upgrade, in their order, and the batches foreseen; the same inputs give the same digest."""

    targets: tuple[Target, ...]
    order: tuple[PlannedInstance, ...]
    skipped: tuple[SkippedInstances, ...]
    total_count: int
    """All instances of the scale set; percentages of batches are of this."""
    batches: tuple[PlannedBatch, ...]
    pace: Decision
    """Which batching rule set the pace, and why."""
    digest: str
    """SHA-256, hex, over targets, order and batches."""
