"""How fast an upgrade goes and in which order: what the batching rules decide."""

from __future__ import annotations

import dataclasses
import enum
import math
from fractions import Fraction

from tidegate.policy.decision import Decision


class FaultDomains(enum.Enum):
    """How a batch treats fault domains. The value is the word that a policy writes."""

    SPREAD = "spread"
    ONE_AFTER_ANOTHER = "oneAfterAnother"
    IGNORED = "ignored"


class FailedInstances(enum.Enum):
    """What becomes of an instance whose upgrade failed. The value is the word that a policy writes.

    Azure brings it back to its previous version after an automatic upgrade and leaves it after a manual one.
    """

    RESTORE_PREVIOUS_VERSION = "restorePreviousVersion"
    LEAVE = "leave"
    RESTORE_WHEN_AUTOMATIC = "restoreWhenAutomatic"


def _share(percent: float, total: int) -> Fraction:
    """The share in exact arithmetic, so that 7% of 100 is 7 and not a hair less."""
    return Fraction(str(percent)) * total / 100


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BatchSize:
    """Either a share of all instances (0 to 100) or a count; exactly one of the two is given."""

    percent: float | None = None
    count: int | None = None

    def __post_init__(self) -> None:
        assert (self.percent is None) != (self.count is None), "a batch size is a share or a count"

    def of(self, total: int) -> int:
        """Instances in a batch of a scale set with `total` instances: rounded down, at least 1.

        The share is a maximum and is taken of the total, not of what is left. Source: Azure's text of
        maxBatchInstancePercent; 5 instances or fewer make batches of one at 20%.
        """
        if self.count is not None:
            return max(1, self.count)
        assert self.percent is not None
        return max(1, math.floor(_share(self.percent, total)))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HealthyFloor:
    """How many healthy instances must stay untouched: a share of all instances (0 to 100) or a count."""

    percent: float | None = None
    count: int | None = None

    def __post_init__(self) -> None:
        assert (self.percent is None) != (self.count is None), "a floor is a share or a count"

    def of(self, total: int) -> int:
        """Healthy instances that must stay untouched in a scale set with `total` instances: rounded up."""
        if self.count is not None:
            return max(0, self.count)
        assert self.percent is not None
        return math.ceil(_share(self.percent, total))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The answer of the batching rules, with every reference to a fact resolved. Durations in seconds.

    `batch` holds the sizes of the first, second, ... batch; the last one repeats. `zones_together` lets a batch reach
    over zones. `minimum_healthy` shrinks a batch; `maximum_in_flight` bounds how many of its
    instances are upgraded at the same moment (None: the whole batch). `restore_failed` brings a failed instance back to
    its previous version.
    """

    decision: Decision
    batch: tuple[BatchSize, ...]
    zones_together: bool
    fault_domains: FaultDomains
    unhealthy_first: bool
    pause_seconds: float
    settle_seconds: float
    instance_timeout_seconds: float
    minimum_healthy: HealthyFloor | None
    maximum_in_flight: int | None
    restore_failed: bool

    def size_of(self, batch_number: int, total: int) -> int:
        """Instances in the batch of that number (the first is 1), before `minimum_healthy` shrinks it.

        `maximum_in_flight` does not make it smaller: it bounds the waves in which a batch is handed out.
        """
        assert batch_number >= 1, f"there is no batch {batch_number}"
        return self.batch[min(batch_number, len(self.batch)) - 1].of(total)
