"""Health: what a probe says of an instance, and what a whole scale set looks like at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ProbeState(StrEnum):
    """What the load balancer probe or the Application Health extension says; rich states as in its version 2."""

    NONE = "None"
    """The scale set has no probe."""
    INITIALIZING = "Initializing"
    HEALTHY = "Healthy"
    UNHEALTHY = "Unhealthy"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthObservation:
    """The instances of one scale set that are not simply well; all others are, whatever their number."""

    total_count: int
    probe_unhealthy: frozenset[str] = frozenset()
    """Instances whose probe says Unhealthy or Unknown; an instance that cannot be reached belongs here."""
    initializing: frozenset[str] = frozenset()
    """Instances whose probe has not made up its mind yet."""
    extension_failed: frozenset[str] = frozenset()
    """Instances on which at least one extension failed to provision."""
