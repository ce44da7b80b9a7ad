"""Rolling upgrades on the wire."""

from __future__ import annotations

from tidegate.api.present_decision import present_decision_if_any
from tidegate.api.present_moment import present_moment, present_moment_if_any
from tidegate.api.present_plan import present_targets
from tidegate.api.present_progress import PHASES, STATUSES, present_progress
from tidegate.api.present_scale_set import present_rolling_policy
from tidegate.domain.resource_id import UpgradeName
from tidegate.upgrade.plan import Trigger, UpgradeKind
from tidegate.upgrade.state import Upgrade
from tidegate.upgrade.status_error import StatusError, status_error
from tidegate.v1 import rolling_upgrade_pb2 as pb

KINDS = {kind: pb.UpgradeKind.Value(f"UPGRADE_KIND_{kind.name}") for kind in UpgradeKind}
TRIGGERS = {trigger: pb.Trigger.Value(f"TRIGGER_{trigger.name}") for trigger in Trigger}


def present_upgrade(upgrade: Upgrade, *, with_error_details: bool = True) -> pb.RollingUpgrade:
    """One upgrade as it stands; one that was only considered has no name."""
    started = upgrade.started
    return pb.RollingUpgrade(
        name=upgrade_name(upgrade),
        scale_set=str(upgrade.scale_set),
        location=started.location,
        kind=KINDS[started.kind],
        trigger=TRIGGERS[started.trigger],
        force=started.force,
        status=STATUSES[upgrade.status],
        phase=PHASES[upgrade.phase],
        batch_number=upgrade.batch_number,
        planned_batch_count=len(started.plan.batches),
        progress=present_progress(upgrade.progress),
        error=_error(status_error(upgrade), with_error_details),
        targets=present_targets(started.plan),
        scale_set_policy=present_rolling_policy(started.scale_set_policy),
        policy=started.policy_name,
        policy_digest=started.policy_digest,
        plan_digest=started.plan.digest,
        start_time=present_moment(started.at_ms),
        end_time=present_moment_if_any(upgrade.ended_at_ms),
        last_action="Start" if upgrade.cancelled_at_ms is None else "Cancel",
        last_action_time=present_moment(upgrade.cancelled_at_ms or started.at_ms),
        last_decision=present_decision_if_any(upgrade.last_decision),
        request_id=started.request_id,
        last_sequence=upgrade.sequence,
    )


def upgrade_name(upgrade: Upgrade) -> str:
    """`{scale set}/rollingUpgrades/{id}`; empty where it was only considered and has no id."""
    if not upgrade.upgrade_id:
        return ""
    return str(UpgradeName(scale_set=upgrade.scale_set, upgrade_id=upgrade.upgrade_id))


def _error(error: StatusError | None, with_details: bool) -> pb.UpgradeError | None:
    if error is None:
        return None
    details = error.details if with_details else ()
    return pb.UpgradeError(
        code=error.code,
        message=error.message,
        details=[pb.UpgradeErrorDetail(code=each.code, target=each.target, message=each.message) for each in details],
    )
