"""What a watcher knows of an upgrade: its snapshot, moved on by every event. No drawing is done here.

Law: an event changes what it says and nothing else; the counts are always the server's own.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tidegate.cli.palette import LEFT_ALONE
from tidegate_client import ENDED, WatchItem
from tidegate_client.messages import (
    Decision,
    EventType,
    InstanceProgress,
    InstanceStatus,
    Phase,
    RollingUpgrade,
    UpgradeEvent,
    UpgradeSnapshot,
)

_FAILURES_KEPT = 5
_BECOMES = {
    EventType.EVENT_TYPE_WAVE_BEGAN: InstanceStatus.INSTANCE_STATUS_IN_PROGRESS,
    EventType.EVENT_TYPE_INSTANCE_SETTLED: InstanceStatus.INSTANCE_STATUS_SUCCEEDED,
    EventType.EVENT_TYPE_INSTANCE_FAILED: InstanceStatus.INSTANCE_STATUS_FAILED,
    EventType.EVENT_TYPE_RESTORE_BEGAN: InstanceStatus.INSTANCE_STATUS_RESTORING,
    EventType.EVENT_TYPE_INSTANCE_RESTORED: InstanceStatus.INSTANCE_STATUS_RESTORED,
    EventType.EVENT_TYPE_INSTANCE_RESTORE_FAILED: InstanceStatus.INSTANCE_STATUS_RESTORE_FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Instances that are shown together: those of one zone, or of one batch."""

    label: str
    instance_ids: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An instance that failed, and why."""

    instance_id: str
    code: str
    message: str


class Picture:
    """Where an upgrade stands, instance by instance."""

    def __init__(self) -> None:
        self.upgrade = RollingUpgrade()
        self.statuses: dict[str, InstanceStatus.ValueType] = {}
        """Every instance's status, in the plan's order, those left alone at the end."""
        self.rows: Sequence[Row] = ()
        self.failures: deque[Failed] = deque(maxlen=_FAILURES_KEPT)
        """The latest failures, the newest last."""
        self.last_event: UpgradeEvent | None = None

    @property
    def is_known(self) -> bool:
        """A snapshot came; until then there is nothing to show but events."""
        return bool(self.upgrade.name)

    @property
    def is_ended(self) -> bool:
        """The upgrade is over."""
        return self.upgrade.status in ENDED

    @property
    def decision(self) -> Decision | None:
        """What a rule decided last."""
        return self.upgrade.last_decision if self.upgrade.HasField("last_decision") else None

    def counts(self) -> Counter[InstanceStatus.ValueType]:
        """How many instances have each status."""
        return Counter(self.statuses.values())

    def take(self, item: WatchItem) -> None:
        """Moves the picture on."""
        match item:
            case UpgradeSnapshot():
                self._begin(item)
            case UpgradeEvent():
                self._move(item)

    def _begin(self, snapshot: UpgradeSnapshot) -> None:
        self.upgrade.CopyFrom(snapshot.rolling_upgrade)
        self.statuses = {each.instance_id: each.status for each in snapshot.instances}
        self.rows = _rows(snapshot.instances)
        self.failures.extend(
            Failed(instance_id=each.instance_id, code=each.code, message=each.message)
            for each in snapshot.instances
            if each.code
        )

    def _move(self, event: UpgradeEvent) -> None:
        upgrade = self.upgrade
        status = _BECOMES.get(event.type)
        if event.type == EventType.EVENT_TYPE_INSTANCE_UPGRADED:
            # An instance that is well at once is counted at once; one that is waited for is not yet.
            is_well = event.progress.successful_instance_count > upgrade.progress.successful_instance_count
            status = InstanceStatus.INSTANCE_STATUS_SUCCEEDED if is_well else InstanceStatus.INSTANCE_STATUS_SETTLING
        if status is not None:
            self.statuses.update(dict.fromkeys(event.instance_ids, status))
        if event.type == EventType.EVENT_TYPE_INSTANCE_FAILED:
            self.failures.extend(
                Failed(instance_id=each, code=event.code, message=event.message) for each in event.instance_ids
            )
        upgrade.status, upgrade.phase = event.status, event.phase
        upgrade.batch_number = event.batch_number
        upgrade.last_sequence = event.sequence
        upgrade.progress.CopyFrom(event.progress)
        if event.HasField("decision"):
            upgrade.last_decision.CopyFrom(event.decision)
        if event.phase == Phase.PHASE_ENDED:
            upgrade.end_time.CopyFrom(event.time)
        self.last_event = event


def _rows(instances: Iterable[InstanceProgress]) -> Sequence[Row]:
    """One row for each zone, in the order in which the plan comes to them; those left alone have a row of their own."""
    grouped: dict[str, list[str]] = {}
    for each in instances:
        label = "left alone" if each.status in LEFT_ALONE else f"zone {each.zone}" if each.zone else "instances"
        grouped.setdefault(label, []).append(each.instance_id)
    return [Row(label=label, instance_ids=ids) for label, ids in grouped.items()]
