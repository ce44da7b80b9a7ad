"""Where an upgrade stands: a frozen value, made only by `evolve`, one event after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import immutables

from tidegate.domain.resource_id import ScaleSetId
from tidegate.policy.compiled import CompiledPolicy
from tidegate.policy.decision import Decision
from tidegate.policy.pace import Pace
from tidegate.upgrade.events import HaltDecided, UpgradeStarted
from tidegate.upgrade.plan import SkippedInstances


class StatusCode(StrEnum):
    """Azure's status codes, as they are on the wire."""

    ROLLING_FORWARD = "RollingForward"
    ROLLING_BACK = "RollingBack"
    CANCELLED = "Cancelled"
    COMPLETED = "Completed"
    FAULTED = "Faulted"


class Phase(StrEnum):
    """What an upgrade is doing; finer than Azure's status codes and beside them."""

    CHECKING = "CHECKING"
    """About to begin a batch: waits for an observation of the whole scale set."""
    UPGRADING = "UPGRADING"
    """Instances of the batch are being upgraded."""
    SETTLING = "SETTLING"
    """The batch's instances are done; those not yet healthy are waited for."""
    JUDGING = "JUDGING"
    """The batch has settled: waits for an observation to judge it by."""
    RESTORING = "RESTORING"
    """Failed instances of the batch are brought back to their previous versions."""
    RESTING = "RESTING"
    """Between batches, until the pause is over."""
    PAUSED = "PAUSED"
    """Nothing is under way and nothing begins until it is resumed."""
    ROLLING_BACK = "ROLLING_BACK"
    """The policy brings instances back after a breach."""
    ENDED = "ENDED"


class InstanceStatus(StrEnum):
    """Where one planned instance stands in an upgrade."""

    WAITING = "WAITING"
    IN_PROGRESS = "IN_PROGRESS"
    SETTLING = "SETTLING"
    """Upgraded, not healthy yet."""
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    RESTORING = "RESTORING"
    RESTORED = "RESTORED"
    """Failed (or rolled back with the rest), and back at its previous versions."""
    RESTORE_FAILED = "RESTORE_FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRecord:
    """What this upgrade did to one instance so far; instances not begun have no record."""

    status: InstanceStatus
    batch_number: int
    changed_at_ms: int
    code: str = ""
    """Why it failed, where it failed; stays when it is restored."""
    message: str = ""
    extension_name: str = ""
    restore_code: str = ""
    """Why it could not be brought back, where it could not."""
    restore_message: str = ""
    wave_number: int = 0
    """The wave it was last handed out with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """Orders handed out together and due together; `remaining` of them are not answered."""

    number: int
    instance_ids: tuple[str, ...]
    deadline_ms: int
    remaining: int
    is_restore: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Azure's four counts, and what lies beside them."""

    successful_count: int
    failed_count: int
    in_progress_count: int
    pending_count: int
    skipped_count: int
    """Instances left alone: at the newest version already, or denied."""
    restored_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """One rolling upgrade; `sequence` is the number of the event it was last evolved by."""

    started: UpgradeStarted
    policy: CompiledPolicy
    pace: Pace
    """What the frozen policy said to the frozen facts when the upgrade started."""
    scale_set: ScaleSetId
    places: Mapping[str, int] = field(repr=False, compare=False)
    """Where in the plan's order each planned instance is, by its id."""
    skipped: Mapping[str, SkippedInstances] = field(repr=False, compare=False)
    """The group that each instance left alone is in, by its id."""
    sequence: int
    phase: Phase
    status: StatusCode
    position: int
    """How far into the plan's order instances were put into a batch."""
    batch_number: int
    """The batch under way or last over; 0 before the first."""
    batch_start: int
    batch_size: int
    batch_unhealthy: frozenset[str]
    """Instances of the batch that were unhealthy already when it was formed."""
    batch_failed_count: int
    """Instances of the batch that failed."""
    batches_completed_count: int
    begun: int
    """How far into the order instances were handed to the fleet."""
    records: immutables.Map[str, InstanceRecord]
    waves: tuple[Wave, ...]
    wave_count: int
    """Waves that ever began; the number of the latest."""
    unsettled: immutables.Map[str, None]
    """Instances of the batch that are upgraded but not healthy yet."""
    successful_count: int
    failed_count: int
    restored_count: int
    in_flight_count: int
    """Instances handed to the fleet to be upgraded and not answered; those being restored are not among them."""
    restore_position: int
    """How far into the order instances to bring back were looked for, in the batch or the roll-back under way."""
    deadline_ms: int | None
    """When settling or resting is over; kept while failed instances are restored and while it is paused."""
    observed_at_ms: int | None
    """When the fleet was last asked; None if not yet."""
    total_count: int
    """Instances the scale set had then."""
    unhealthy_count: int
    """Unhealthy instances of the whole scale set then, and extension upgrades that failed since."""
    unhealthy_succeeded_count: int
    """Unhealthy ones then among the instances that had succeeded."""
    is_held: bool
    """Paused by somebody or by a rule: nothing new begins."""
    is_excused: bool
    """Resumed in spite of a rule: one that wants a pause is not obeyed until the next batch has begun."""
    is_cancelled: bool
    halt: HaltDecided | None
    ended_at_ms: int | None
    changed_at_ms: int
    cancelled_at_ms: int | None
    """When somebody cancelled it, for the status's last action."""
    last_decision: Decision | None

    @property
    def upgrade_id(self) -> str:
        """The id of its own, unique over all scale sets."""
        return self.started.upgrade_id

    @property
    def is_ended(self) -> bool:
        """Nothing is owed any more."""
        return self.phase is Phase.ENDED

    @property
    def is_ending(self) -> bool:
        """Its end is decided: nothing new begins, what was begun may finish."""
        return self.is_cancelled or self.halt is not None

    @property
    def may_begin(self) -> bool:
        """Further instances may be handed to the fleet."""
        return not self.is_held and not self.is_ending

    @property
    def has_more(self) -> bool:
        """Instances remain that were not put into any batch."""
        return self.position < len(self.started.plan.order)

    @property
    def is_within_batch(self) -> bool:
        """Instances of the batch under way remain that were not handed to the fleet."""
        return self.begun < self.position

    @property
    def progress(self) -> Progress:
        """The counts for the status; successful + failed + in progress + pending is the number of planned instances.

        An instance that was restored stays in the count of what its upgrade had come to.
        """
        in_progress = self.in_flight_count + len(self.unsettled)
        done = self.successful_count + self.failed_count
        return Progress(
            successful_count=self.successful_count,
            failed_count=self.failed_count,
            in_progress_count=in_progress,
            pending_count=len(self.started.plan.order) - done - in_progress,
            skipped_count=len(self.skipped),
            restored_count=self.restored_count,
        )
