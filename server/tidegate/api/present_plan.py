"""Plans on the wire: what an upgrade would do, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence

from tidegate.api.present_decision import present_decision, present_decision_if_any
from tidegate.policy.decision import Decision
from tidegate.upgrade.plan import (
    ExtensionTarget,
    ImageTarget,
    Plan,
    PlannedBatch,
    PlannedInstance,
    SkippedInstances,
    SkipReason,
    Target,
)
from tidegate.v1 import rolling_upgrade_pb2 as pb

SKIP_STATUS = {reason: pb.InstanceStatus.Value(f"INSTANCE_STATUS_{reason.name}") for reason in SkipReason}


def present_plan(plan: Plan, eligibility: Sequence[Decision], policy_name: str, policy_digest: str) -> pb.Plan:
    """The whole plan, with the decisions that let it begin."""
    return pb.Plan(
        batches=[_batch(batch, plan.order) for batch in plan.batches],
        skipped=[_skipped(group) for group in plan.skipped],
        targets=present_targets(plan),
        pace=present_decision(plan.pace),
        eligibility=[present_decision(decision) for decision in eligibility],
        policy=policy_name,
        policy_digest=policy_digest,
        digest=plan.digest,
        total_instance_count=plan.total_count,
    )


def present_targets(plan: Plan) -> list[pb.UpgradeTarget]:
    """The versions that instances are brought to."""
    return [_target(target) for target in plan.targets]


def _target(target: Target) -> pb.UpgradeTarget:
    match target:
        case ExtensionTarget():
            return pb.UpgradeTarget(
                extension_name=target.extension_name,
                publisher=target.extension_type.publisher,
                type=target.extension_type.type,
                version=str(target.version),
            )
        case ImageTarget():
            return pb.UpgradeTarget(version=str(target.version))


def _batch(batch: PlannedBatch, order: Sequence[PlannedInstance]) -> pb.Batch:
    instances = order[batch.start : batch.start + batch.size]
    zones = {instance.zone for instance in instances}
    return pb.Batch(
        number=batch.number,
        zone=zones.pop() if len(zones) == 1 else "",
        instance_ids=[instance.instance_id for instance in instances],
    )


def _skipped(group: SkippedInstances) -> pb.SkippedInstances:
    return pb.SkippedInstances(
        status=SKIP_STATUS[group.reason],
        instance_ids=group.instance_ids,
        decision=present_decision_if_any(group.decision),
    )
