"""Counting answers: what a probe says once enough of them in a row were equal.

Law: one answer that differs begins the count anew and changes nothing else, so that a state holds until it is refuted.
Source: probeThreshold of Microsoft.Network/loadBalancers/probes: the same number takes a host out and puts it back.
"""

from __future__ import annotations

from typing import NamedTuple

from tidegate.domain.health import ProbeState


class Tally(NamedTuple):
    """Where one probe stands. `equal` answers in a row were as the last one, which `was_well` or not."""

    state: ProbeState = ProbeState.INITIALIZING
    equal: int = 0
    was_well: bool = False


UNDECIDED = Tally()
"""Nothing was asked yet, or what was answered before counts no more."""


def counted(tally: Tally, *, is_well: bool, threshold: int) -> Tally:
    """The tally after one more answer; `threshold` equal ones in a row decide."""
    equal = tally.equal + 1 if tally.equal and tally.was_well is is_well else 1
    if equal < threshold:
        return Tally(tally.state, equal, is_well)
    return Tally(ProbeState.HEALTHY if is_well else ProbeState.UNHEALTHY, threshold, is_well)
