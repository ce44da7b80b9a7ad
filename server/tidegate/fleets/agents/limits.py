"""Every bound that a fleet of hosts keeps, in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLimits:
    """The defaults bear thousands of hosts on one machine."""

    heartbeat_seconds: float = 15.0
    """A host must say something at least this often."""
    silence_seconds: float = 60.0
    """Whoever is silent for so long counts as Unknown, and as not to be reached."""
