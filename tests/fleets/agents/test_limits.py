"""The bounds of a fleet of hosts."""

from tidegate.fleets.agents.limits import AgentLimits


def test_a_host_may_miss_three_heartbeats_before_it_counts_as_silent() -> None:
    limits = AgentLimits()
    assert limits.silence_seconds >= 4 * limits.heartbeat_seconds
