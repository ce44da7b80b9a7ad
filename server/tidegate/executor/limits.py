"""How much the executor takes on at once and how long it waits: every bound in one value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one server; the defaults fit a machine with two cores and a gigabyte."""

    max_active: int = 5_000
    """Rolling upgrades under way at once; more are refused."""
    max_automatic: int = 100
    """Of these, the ones that the autopilot starts."""
    reports_at_once: int = 1_024
    """Reports that a driver decides in one go and appends to the journal together."""
    inbox_capacity: int = 20_000
    """Answers that wait for a driver; what comes beyond is asked of the fleet again later."""
    kept_instances: int = 200_000
    """Instances of ended upgrades that are kept in memory, over all upgrades."""
    fleet_call_seconds: float = 30.0
    """How long a fleet may take to answer a call (not an order: that has the policy's time)."""
    observe_again_ms: int = 1_000
    """How soon the fleet is asked again after an observation from which nothing followed."""
    retry_first_ms: int = 100
    """The first wait after a fleet or a journal failed; it doubles from time to time."""
    retry_longest_ms: int = 30_000
    postpone_first_ms: int = 30_000
    """How long the autopilot lets a busy scale set be; it doubles from time to time."""
    postpone_longest_ms: int = 3_600_000
