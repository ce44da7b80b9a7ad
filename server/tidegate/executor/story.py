"""The story in the log: one line for each event of an upgrade, in the words of the house.

What happens to a whole upgrade is told at the level `info`, what happens to one of its instances at `debug`. The lines
hold names, numbers and reasons; what an extension is set to is never among them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from functools import cache

import structlog

from tidegate.executor.commands import name_of
from tidegate.executor.replay import Step
from tidegate.policy.decision import Decision
from tidegate.upgrade.events import (
    HealthObserved,
    InstanceFailed,
    InstanceRestored,
    InstanceRestoreFailed,
    InstanceSettled,
    InstanceUpgraded,
    UpgradeStarted,
)
from tidegate.upgrade.state import Upgrade

log = structlog.stdlib.get_logger(__name__)

_OF_ONE_INSTANCE = (
    InstanceUpgraded,
    InstanceSettled,
    InstanceFailed,
    InstanceRestored,
    InstanceRestoreFailed,
    HealthObserved,
)
_TOLD = ("number", "size", "instance_id", "code", "extension_name", "unhealthy_count")
_CAPITAL = re.compile(r"(?<!^)([A-Z])")


def tell(steps: Sequence[Step]) -> None:
    """Log what happened."""
    told = log.bind(upgrade=name_of(steps[0].upgrade))
    # Most events are about one instance, and few servers log at `debug`: what nobody reads is not even put together.
    tells_of_instances = told.is_enabled_for(logging.DEBUG)
    for step in steps:
        event, sequence = step.entry.event, step.entry.sequence
        word = _word(type(event).__name__)
        if isinstance(event, _OF_ONE_INSTANCE):
            if tells_of_instances:
                told.debug(word, sequence=sequence, **_details(event))
        elif isinstance(event, UpgradeStarted):
            told.info(word, sequence=sequence, **_beginning(event))
        else:
            told.info(word, sequence=sequence, **_details(event), **_end(step.upgrade))


@cache
def _word(kind: str) -> str:
    """`BatchStarted` is `batch_started`."""
    return _CAPITAL.sub(r"_\1", kind).lower()


def _details(event: object) -> dict[str, object]:
    found = {field: getattr(event, field) for field in _TOLD if getattr(event, field, "") != ""}
    decision = getattr(event, "decision", None)
    if isinstance(decision, Decision):
        found |= {"verdict": decision.verdict.value, "rule": decision.rule, "because": decision.because}
    return found


def _beginning(event: UpgradeStarted) -> dict[str, object]:
    return {
        "kind": event.kind.value,
        "trigger": event.trigger.value,
        "force": event.force,
        "policy": event.policy_name,
        "instances": len(event.plan.order),
        "batches": len(event.plan.batches),
    }


def _end(upgrade: Upgrade) -> dict[str, object]:
    if not upgrade.is_ended:
        return {}
    progress = upgrade.progress
    return {
        "successful": progress.successful_count,
        "failed": progress.failed_count,
        "pending": progress.pending_count,
        "restored": progress.restored_count,
    }
