"""Explanations on the wire: why an instance stands where it stands."""

from __future__ import annotations

from tidegate.api.present_decision import present_decision
from tidegate.api.present_moment import present_moment_if_any
from tidegate.api.present_plan import SKIP_STATUS
from tidegate.api.present_progress import INSTANCE_STATUSES
from tidegate.api.present_upgrade import upgrade_name
from tidegate.executor.conductor import Explained
from tidegate.upgrade.explain import Explanation
from tidegate.upgrade.plan import SkipReason
from tidegate.upgrade.state import Upgrade
from tidegate.v1 import rolling_upgrade_pb2
from tidegate.v1 import rolling_upgrade_service_pb2 as pb


def present_explanation(explained: Explained) -> pb.ExplainInstanceResponse:
    """The whole answer: the upgrade, the instance, the sentence, and every decision."""
    return pb.ExplainInstanceResponse(
        rolling_upgrade="" if explained.upgrade is None else upgrade_name(explained.upgrade),
        instance=_instance(explained.standing, explained.upgrade),
        explanation=explained.explanation,
        decisions=[present_decision(decision) for decision in explained.decisions],
    )


def _instance(standing: Explanation, upgrade: Upgrade | None) -> rolling_upgrade_pb2.InstanceProgress:
    record, decision = standing.record, standing.decision
    is_skipped = isinstance(standing.status, SkipReason)
    because = "" if decision is None or not is_skipped else decision.because
    return rolling_upgrade_pb2.InstanceProgress(
        instance_id=standing.instance_id,
        status=_status(standing),
        batch_number=standing.batch_number or 0,
        zone=_zone(standing.instance_id, upgrade),
        code="" if record is None else record.code,
        message=because if record is None else record.message,
        change_time=present_moment_if_any(None if record is None else record.changed_at_ms),
    )


def _status(standing: Explanation) -> rolling_upgrade_pb2.InstanceStatus.ValueType:
    match standing.status:
        case SkipReason() as reason:
            return SKIP_STATUS[reason]
        case status:
            return INSTANCE_STATUSES[status]


def _zone(instance_id: str, upgrade: Upgrade | None) -> str:
    place = None if upgrade is None else upgrade.places.get(instance_id)
    return "" if upgrade is None or place is None else upgrade.started.plan.order[place].zone
