"""Evolving by what happens to a batch: it is formed, handed out, waited for, judged."""

from __future__ import annotations

from tidegate.upgrade.changed import changed
from tidegate.upgrade.events import (
    BatchJudged,
    BatchSettled,
    BatchStarted,
    HealthObserved,
    SettlingBegan,
    WaveBegan,
)
from tidegate.upgrade.resting import phase_between_batches
from tidegate.upgrade.state import InstanceRecord, InstanceStatus, Phase, Upgrade, Wave


def health_observed(upgrade: Upgrade, event: HealthObserved) -> Upgrade:
    """What the rules are asked about from now on."""
    return changed(
        upgrade,
        sequence=upgrade.sequence + 1,
        changed_at_ms=event.at_ms,
        observed_at_ms=event.at_ms,
        total_count=event.total_count,
        unhealthy_count=event.unhealthy_count,
        unhealthy_succeeded_count=event.unhealthy_succeeded_count,
    )


def batch_started(upgrade: Upgrade, event: BatchStarted) -> Upgrade:
    """A batch follows the one before without a gap, so that no instance is ever in two."""
    assert event.start == upgrade.position, f"batch {event.number} begins at {event.start}, not {upgrade.position}"
    assert event.number == upgrade.batch_number + 1, f"batch {event.number} after batch {upgrade.batch_number}"
    assert event.size >= 1, f"batch {event.number} is empty"
    assert upgrade.may_begin, f"batch {event.number} begins although nothing new may"
    return changed(
        upgrade,
        sequence=upgrade.sequence + 1,
        changed_at_ms=event.at_ms,
        phase=Phase.UPGRADING,
        position=event.start + event.size,
        batch_number=event.number,
        batch_start=event.start,
        batch_size=event.size,
        batch_unhealthy=frozenset(event.unhealthy_instance_ids),
        batch_failed_count=0,
        begun=event.start,
        deadline_ms=None,
        is_excused=False,
        last_decision=event.decision,
    )


def wave_began(upgrade: Upgrade, event: WaveBegan) -> Upgrade:
    """The next instances of the batch are with the fleet."""
    end = event.start + event.size
    assert event.start == upgrade.begun < end <= upgrade.position, f"a wave of {event.start}:{end} leaves the batch"
    assert upgrade.may_begin, "a wave begins although nothing new may"
    number = upgrade.wave_count + 1
    instance_ids = tuple(planned.instance_id for planned in upgrade.started.plan.order[event.start : end])
    record = InstanceRecord(
        status=InstanceStatus.IN_PROGRESS,
        batch_number=upgrade.batch_number,
        changed_at_ms=event.at_ms,
        wave_number=number,
    )
    wave = Wave(
        number=number,
        instance_ids=instance_ids,
        deadline_ms=event.deadline_ms,
        remaining=event.size,
        is_restore=False,
    )
    return changed(
        upgrade,
        sequence=upgrade.sequence + 1,
        changed_at_ms=event.at_ms,
        phase=Phase.UPGRADING,
        begun=end,
        records=upgrade.records.update(dict.fromkeys(instance_ids, record)),
        waves=(*upgrade.waves, wave),
        wave_count=number,
        in_flight_count=upgrade.in_flight_count + event.size,
        deadline_ms=None,
    )


def settling_began(upgrade: Upgrade, event: SettlingBegan) -> Upgrade:
    """From now on the batch's instances are waited for, until the deadline."""
    assert upgrade.in_flight_count == 0, f"{upgrade.in_flight_count} instances have not ended"
    return changed(
        upgrade,
        sequence=upgrade.sequence + 1,
        changed_at_ms=event.at_ms,
        phase=Phase.SETTLING,
        deadline_ms=event.deadline_ms,
    )


def batch_settled(upgrade: Upgrade, event: BatchSettled) -> Upgrade:
    """Instances of it that were never begun, because its end was decided, are pending again."""
    assert upgrade.in_flight_count == 0, f"{upgrade.in_flight_count} instances have not ended"
    assert not upgrade.unsettled, f"{len(upgrade.unsettled)} instances have not settled"
    return changed(
        upgrade,
        sequence=upgrade.sequence + 1,
        changed_at_ms=event.at_ms,
        phase=Phase.JUDGING,
        restore_position=upgrade.batch_start,
        deadline_ms=None,
    )


def batch_judged(upgrade: Upgrade, event: BatchJudged) -> Upgrade:
    """The batch is over."""
    deadline_ms = event.resume_at_ms if event.resume_at_ms > event.at_ms else None
    return changed(
        upgrade,
        sequence=upgrade.sequence + 1,
        changed_at_ms=event.at_ms,
        phase=phase_between_batches(upgrade.is_held, deadline_ms, event.at_ms),
        batches_completed_count=upgrade.batches_completed_count + 1,
        deadline_ms=deadline_ms,
        last_decision=event.decision,
    )
