"""Events on the wire: what happened in an upgrade, and where it stood right after."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import get_args

from tidegate.api.present_decision import present_decision_if_any
from tidegate.api.present_moment import present_moment
from tidegate.api.present_progress import PHASES, STATUSES, present_progress
from tidegate.api.present_upgrade import upgrade_name
from tidegate.policy.decision import Decision
from tidegate.upgrade.events import (
    BatchJudged,
    BatchStarted,
    Event,
    HaltDecided,
    InstanceFailed,
    InstanceRestored,
    InstanceRestoreFailed,
    InstanceSettled,
    InstanceUpgraded,
    RestoreBegan,
    UpgradePaused,
    WaveBegan,
)
from tidegate.upgrade.state import Upgrade
from tidegate.v1 import rolling_upgrade_pb2 as pb


def _type_of(event: type) -> pb.EventType.ValueType:
    words = re.sub(r"(?<!^)(?=[A-Z])", "_", event.__name__).upper()
    return pb.EventType.Value(f"EVENT_TYPE_{words}")


_TYPES: Mapping[type, pb.EventType.ValueType] = {event: _type_of(event) for event in get_args(Event)}
"""The contract has the name of every event; one without a name there is found at import."""


def present_event(sequence: int, event: Event, after: Upgrade) -> pb.UpgradeEvent:
    """One event; `after` is the upgrade as this very event left it."""
    code, message = _failure(event)
    return pb.UpgradeEvent(
        upgrade=upgrade_name(after),
        sequence=sequence,
        time=present_moment(event.at_ms),
        type=_TYPES[type(event)],
        instance_ids=_instance_ids(event, after),
        batch_number=after.batch_number,
        decision=present_decision_if_any(_decision(event)),
        code=code,
        message=message,
        status=STATUSES[after.status],
        phase=PHASES[after.phase],
        progress=present_progress(after.progress),
    )


def _instance_ids(event: Event, after: Upgrade) -> tuple[str, ...]:
    match event:
        case BatchStarted() | WaveBegan():
            planned = after.started.plan.order[event.start : event.start + event.size]
            return tuple(instance.instance_id for instance in planned)
        case RestoreBegan():
            return event.instance_ids
        case HaltDecided():
            return event.unhealthy_instance_ids
        case InstanceUpgraded() | InstanceSettled() | InstanceFailed() | InstanceRestored() | InstanceRestoreFailed():
            return (event.instance_id,)
        case _:
            return ()


def _decision(event: Event) -> Decision | None:
    match event:
        case BatchStarted() | BatchJudged() | HaltDecided() | UpgradePaused():
            return event.decision
        case _:
            return None


def _failure(event: Event) -> tuple[str, str]:
    match event:
        case InstanceFailed() | InstanceRestoreFailed():
            return event.code, event.message
        case HaltDecided():
            return event.code, event.decision.because
        case _:
            return "", ""
