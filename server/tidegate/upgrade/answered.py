"""What an answer means, or that none came in time: an instance is upgraded, has failed, is brought back.

Law: an operation is answered once. An answer that nobody waits for, because it came twice, late, or to somebody
else's order, means nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from tidegate.domain.health import ProbeState
from tidegate.domain.order import InstanceAnswer, MoveFailure
from tidegate.upgrade.events import (
    InstanceFailed,
    InstanceRestored,
    InstanceRestoreFailed,
    InstanceUpgraded,
    RestEnded,
)
from tidegate.upgrade.halting import ask_during_batch
from tidegate.upgrade.onward import after_batch, go_on_within_batch
from tidegate.upgrade.operation import restore_operation, upgrade_operation
from tidegate.upgrade.plan import UpgradeKind
from tidegate.upgrade.state import InstanceStatus, Phase, Upgrade, Wave
from tidegate.upgrade.unfolding import Unfolding

TIMED_OUT_CODE = "InstanceUpgradeTimedOut"
RESTORE_TIMED_OUT_CODE = "InstanceRestoreTimedOut"
PROVISIONING_CODE = "VMExtensionProvisioningError"
"""Azure's code where a handler failed and gave none of its own."""
_SETTLED = (ProbeState.HEALTHY, ProbeState.NONE)


def order_answered(unfolding: Unfolding, answer: InstanceAnswer) -> None:
    """A fleet finished an order."""
    upgrade, instance_id = unfolding.upgrade, answer.instance_id
    record = upgrade.records.get(instance_id)
    if record is None:
        return
    if (
        record.status is InstanceStatus.IN_PROGRESS
        and answer.operation_id == upgrade_operation(upgrade.upgrade_id, instance_id)
    ):  # fmt: skip
        _upgrade_answered(unfolding, answer)
    elif (
        record.status is InstanceStatus.RESTORING
        and answer.operation_id == restore_operation(upgrade.upgrade_id, instance_id)
    ):  # fmt: skip
        _restore_answered(unfolding, answer)


def _upgrade_answered(unfolding: Unfolding, answer: InstanceAnswer) -> None:
    at_ms, failures = unfolding.at_ms, _failures(unfolding.upgrade, answer)
    if failures:
        unfolding.say(_failed(at_ms, answer.instance_id, failures))
        ask_during_batch(unfolding)
    else:
        is_settled = answer.probe in _SETTLED
        unfolding.say(InstanceUpgraded(at_ms=at_ms, instance_id=answer.instance_id, is_settled=is_settled))
    go_on_within_batch(unfolding)


def _failures(upgrade: Upgrade, answer: InstanceAnswer) -> Sequence[MoveFailure]:
    """The failures that count: an image upgrade does not look at extensions."""
    if upgrade.started.kind is UpgradeKind.EXTENSION:
        return answer.failures
    return [failure for failure in answer.failures if not failure.extension_name]


def _failed(at_ms: int, instance_id: str, failures: Sequence[MoveFailure]) -> InstanceFailed:
    """The first failure gives the code; the message names them all."""
    first = failures[0]
    return InstanceFailed(
        at_ms=at_ms,
        instance_id=instance_id,
        code=first.code or PROVISIONING_CODE,
        message=_message(failures),
        extension_name=first.extension_name,
    )


def _message(failures: Sequence[MoveFailure]) -> str:
    if len(failures) == 1:
        return failures[0].message
    return "; ".join(
        f"{failure.extension_name}: {failure.message} ({failure.code or PROVISIONING_CODE})" for failure in failures
    )


def _restore_answered(unfolding: Unfolding, answer: InstanceAnswer) -> None:
    at_ms, failures = unfolding.at_ms, _failures(unfolding.upgrade, answer)
    if failures:
        unfolding.say(
            InstanceRestoreFailed(
                at_ms=at_ms,
                instance_id=answer.instance_id,
                code=failures[0].code or PROVISIONING_CODE,
                message=_message(failures),
            )
        )
    else:
        unfolding.say(InstanceRestored(at_ms=at_ms, instance_id=answer.instance_id))
    _after_restores(unfolding)


def _after_restores(unfolding: Unfolding) -> None:
    if not unfolding.upgrade.waves:
        after_batch(unfolding)


def alarm_rang(unfolding: Unfolding) -> None:
    """Whatever is due by now has happened; an alarm before anything is due means nothing.

    Settling has no alarm of its own: the first observation at or after its deadline ends it, so that a server that
    was away does not take for unhealthy what it has not looked at.
    """
    upgrade, at_ms = unfolding.upgrade, unfolding.at_ms
    if upgrade.phase is Phase.RESTING and upgrade.deadline_ms is not None and upgrade.deadline_ms <= at_ms:
        unfolding.say(RestEnded(at_ms=at_ms))
    due = [wave for wave in upgrade.waves if wave.deadline_ms <= at_ms]
    upgrades = [instance_id for wave in due if not wave.is_restore for instance_id in unanswered(upgrade, wave)]
    restores = [instance_id for wave in due if wave.is_restore for instance_id in unanswered(upgrade, wave)]
    if upgrades:
        _upgrades_timed_out(unfolding, upgrades)
    if restores:
        _restores_timed_out(unfolding, restores)


def unanswered(upgrade: Upgrade, wave: Wave) -> list[str]:
    """The instances of the wave whose orders are not answered, in the plan's order; linear in the wave."""
    waiting = InstanceStatus.RESTORING if wave.is_restore else InstanceStatus.IN_PROGRESS
    return [instance_id for instance_id in wave.instance_ids if upgrade.records[instance_id].status is waiting]


def _upgrades_timed_out(unfolding: Unfolding, instance_ids: Sequence[str]) -> None:
    """The rules are asked once about all that timed out together."""
    seconds = unfolding.upgrade.pace.instance_timeout_seconds
    message = f"The upgrade of the instance did not end within {seconds:g} seconds."
    for instance_id in instance_ids:
        unfolding.say(
            InstanceFailed(at_ms=unfolding.at_ms, instance_id=instance_id, code=TIMED_OUT_CODE, message=message)
        )
    ask_during_batch(unfolding)
    go_on_within_batch(unfolding)


def _restores_timed_out(unfolding: Unfolding, instance_ids: Sequence[str]) -> None:
    seconds = unfolding.upgrade.pace.instance_timeout_seconds
    message = f"Bringing the instance back did not end within {seconds:g} seconds."
    for instance_id in instance_ids:
        unfolding.say(
            InstanceRestoreFailed(
                at_ms=unfolding.at_ms, instance_id=instance_id, code=RESTORE_TIMED_OUT_CODE, message=message
            )
        )
    _after_restores(unfolding)
