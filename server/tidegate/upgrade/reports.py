"""Reports: what happened in the world, past tense, each with the moment `at_ms` (milliseconds since the epoch, UTC)."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.health import HealthObservation
from tidegate.domain.order import InstanceAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleSetObserved:
    """The fleet was asked how the scale set is."""

    at_ms: int
    observation: HealthObservation


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAnswered:
    """A fleet finished an order. It may come twice, late, or for an order nobody waits for."""

    at_ms: int
    answer: InstanceAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRang:
    """A moment the upgrade wanted to be woken at has come (or a little early: then nothing follows from it)."""

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequested:
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRequested:
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRequested:
    at_ms: int


Report = ScaleSetObserved | OrderAnswered | AlarmRang | CancelRequested | PauseRequested | ResumeRequested
