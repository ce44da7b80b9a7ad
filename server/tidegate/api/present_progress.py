"""Where an upgrade stands, in the words of the wire: status, phase, counts, and every instance's part."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.api.present_moment import present_moment
from tidegate.api.present_plan import SKIP_STATUS
from tidegate.upgrade.plan import PlannedInstance
from tidegate.upgrade.state import InstanceStatus, Phase, Progress, StatusCode, Upgrade
from tidegate.v1 import rolling_upgrade_pb2 as pb

STATUSES = {status: pb.StatusCode.Value(f"STATUS_CODE_{status.name}") for status in StatusCode}
PHASES = {phase: pb.Phase.Value(f"PHASE_{phase.name}") for phase in Phase}
INSTANCE_STATUSES = {status: pb.InstanceStatus.Value(f"INSTANCE_STATUS_{status.name}") for status in InstanceStatus}


def present_progress(progress: Progress) -> pb.Progress:
    """The counts."""
    return pb.Progress(
        successful_instance_count=progress.successful_count,
        failed_instance_count=progress.failed_count,
        in_progress_instance_count=progress.in_progress_count,
        pending_instance_count=progress.pending_count,
        skipped_instance_count=progress.skipped_count,
        restored_instance_count=progress.restored_count,
    )


def present_instances(upgrade: Upgrade) -> Iterator[pb.InstanceProgress]:
    """Every planned instance in the plan's order, then those left alone."""
    for index, planned in enumerate(upgrade.started.plan.order):
        yield _planned(upgrade, index, planned)
    for group in upgrade.started.plan.skipped:
        because = "" if group.decision is None else group.decision.because
        for instance_id in group.instance_ids:
            yield pb.InstanceProgress(instance_id=instance_id, status=SKIP_STATUS[group.reason], message=because)


def _planned(upgrade: Upgrade, index: int, planned: PlannedInstance) -> pb.InstanceProgress:
    record = upgrade.records.get(planned.instance_id)
    if record is None:
        in_batch = upgrade.batch_start <= index < upgrade.position
        return pb.InstanceProgress(
            instance_id=planned.instance_id,
            status=pb.INSTANCE_STATUS_WAITING,
            batch_number=upgrade.batch_number if in_batch else 0,
            zone=planned.zone,
        )
    return pb.InstanceProgress(
        instance_id=planned.instance_id,
        status=INSTANCE_STATUSES[record.status],
        batch_number=record.batch_number,
        zone=planned.zone,
        code=record.code,
        message=record.message,
        change_time=present_moment(record.changed_at_ms),
    )
