"""Explain: why an upgrade did, or did not, touch one instance, in a sentence and with the decision behind it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from tidegate.policy.decision import Decision
from tidegate.upgrade.plan import SkippedInstances, SkipReason, UpgradeKind
from tidegate.upgrade.state import InstanceRecord, InstanceStatus, Phase, StatusCode, Upgrade
from tidegate.upgrade.wording import sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Where one instance stands, and why."""

    instance_id: str
    status: InstanceStatus | SkipReason
    sentence: str
    decision: Decision | None
    """The rule's decision behind it, where a rule had a say."""
    record: InstanceRecord | None
    """What the upgrade did to it; None where it did not begin."""
    batch_number: int | None
    """The batch it was in, or the one foreseen for it; None where it is in none."""


def explain(upgrade: Upgrade, instance_id: str) -> Explanation | None:
    """Why the instance is where it is; None where the scale set had no such instance when the upgrade began."""
    record = upgrade.records.get(instance_id)
    if record is not None:
        return _begun(upgrade, instance_id, record)
    place = upgrade.places.get(instance_id)
    if place is not None:
        return _not_begun(upgrade, instance_id, place)
    group = upgrade.skipped.get(instance_id)
    return None if group is None else _skipped(upgrade, instance_id, group)


def _begun(upgrade: Upgrade, instance_id: str, record: InstanceRecord) -> Explanation:
    return Explanation(
        instance_id=instance_id,
        status=record.status,
        sentence=_sentence(upgrade, record),
        decision=upgrade.pace.decision,
        record=record,
        batch_number=record.batch_number,
    )


def _sentence(upgrade: Upgrade, record: InstanceRecord) -> str:
    batch, why = f"batch {record.batch_number}", f"{record.code}: {record.message}".rstrip().removesuffix(".")
    match record.status:
        case InstanceStatus.WAITING:
            return "Its turn has not come."
        case InstanceStatus.IN_PROGRESS:
            return f"It is being upgraded in {batch}."
        case InstanceStatus.SETTLING:
            return f"It was upgraded in {batch} and is waited for to become healthy."
        case InstanceStatus.SUCCEEDED:
            return f"It was upgraded in {batch}."
        case InstanceStatus.FAILED:
            return f"Its upgrade in {batch} failed with {why}."
        case InstanceStatus.RESTORING:
            return f"It is being brought back to its previous versions, {_because_of(upgrade, record, why)}."
        case InstanceStatus.RESTORED:
            return f"It was brought back to its previous versions, {_because_of(upgrade, record, why)}."
        case InstanceStatus.RESTORE_FAILED:
            stuck = f"{record.restore_code}: {record.restore_message}".rstrip().removesuffix(".")
            because = _because_of(upgrade, record, why)
            return f"It was to be brought back to its previous versions, {because}; that failed with {stuck}."


def _because_of(upgrade: Upgrade, record: InstanceRecord, why: str) -> str:
    if record.code:
        return f"because its upgrade in batch {record.batch_number} failed with {why}"
    assert upgrade.halt is not None, "an instance that succeeded is only brought back by a halt"
    decision = upgrade.halt.decision
    return f"because the rule {decision.rule} rolled everything back: {decision.because.removesuffix('.')}"


def _not_begun(upgrade: Upgrade, instance_id: str, place: int) -> Explanation:
    batch_number = _batch_number(upgrade, place)
    why, decision = _why_not_begun(upgrade, batch_number)
    return Explanation(
        instance_id=instance_id,
        status=InstanceStatus.WAITING,
        sentence=why,
        decision=decision,
        record=None,
        batch_number=batch_number,
    )


def _batch_number(upgrade: Upgrade, place: int) -> int:
    """The batch it is in, or the one the plan foresaw; health may since have moved it to a later one."""
    if upgrade.batch_start <= place < upgrade.position:
        return upgrade.batch_number
    batches = upgrade.started.plan.batches
    return batches[bisect_right(batches, place, key=lambda batch: batch.start) - 1].number


def _why_not_begun(upgrade: Upgrade, batch_number: int) -> tuple[str, Decision | None]:
    if upgrade.status is StatusCode.CANCELLED or upgrade.is_cancelled:
        return "It was not begun: the upgrade was cancelled before its turn came.", None
    if upgrade.halt is not None:
        decision = upgrade.halt.decision
        return f"It was not begun: the rule {decision.rule} halted the upgrade: {sentence(decision.because)}", decision
    if upgrade.is_held or upgrade.phase is Phase.PAUSED:
        return f"It waits for batch {batch_number}; the upgrade is paused.", upgrade.last_decision
    return f"It waits for batch {batch_number}.", upgrade.pace.decision


def _skipped(upgrade: Upgrade, instance_id: str, group: SkippedInstances) -> Explanation:
    return Explanation(
        instance_id=instance_id,
        status=group.reason,
        sentence=_skip_sentence(upgrade, group),
        decision=group.decision,
        record=None,
        batch_number=None,
    )


def _skip_sentence(upgrade: Upgrade, group: SkippedInstances) -> str:
    is_image = upgrade.started.kind is UpgradeKind.OS_IMAGE
    match group.reason:
        case SkipReason.ALREADY_NEWEST if is_image:
            return "It was left alone: its image was at the newest version already, or above it."
        case SkipReason.ALREADY_NEWEST:
            return "It was left alone: its extensions were at the newest versions already, or above them."
        case SkipReason.NOT_APPLICABLE if is_image:
            return "It was left alone: nobody knows which image version it runs."
        case SkipReason.NOT_APPLICABLE:
            return "It was left alone: it has none of the extensions, or runs another major version of them."
        case SkipReason.DENIED:
            assert group.decision is not None, "a denial is a decision"
            return f"It was left alone: the rule {group.decision.rule} denies it: {sentence(group.decision.because)}"
