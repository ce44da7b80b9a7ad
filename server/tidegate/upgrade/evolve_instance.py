"""Evolving by what happens to one instance: it is upgraded, becomes healthy, fails, is brought back."""

from __future__ import annotations

from functools import lru_cache

from tidegate.upgrade.changed import changed
from tidegate.upgrade.events import (
    InstanceFailed,
    InstanceRestored,
    InstanceRestoreFailed,
    InstanceSettled,
    InstanceUpgraded,
    RestoreBegan,
)
from tidegate.upgrade.plan import UpgradeKind
from tidegate.upgrade.resting import phase_between_batches, phase_within_batch
from tidegate.upgrade.state import InstanceRecord, InstanceStatus, Phase, Upgrade, Wave


def instance_upgraded(upgrade: Upgrade, event: InstanceUpgraded) -> Upgrade:
    """It succeeded, or has still to become healthy."""
    before = _record(upgrade, event.instance_id, InstanceStatus.IN_PROGRESS)
    in_flight_count = upgrade.in_flight_count - 1
    unsettled = upgrade.unsettled if event.is_settled else upgrade.unsettled.set(event.instance_id, None)
    status = InstanceStatus.SUCCEEDED if event.is_settled else InstanceStatus.SETTLING
    after = _plain_record(status, before.batch_number, event.at_ms, before.wave_number)
    return changed(
        upgrade,
        sequence=upgrade.sequence + 1,
        changed_at_ms=event.at_ms,
        phase=phase_within_batch(upgrade, in_flight_count, len(unsettled)),
        records=upgrade.records.set(event.instance_id, after),
        waves=_one_fewer(upgrade.waves, before.wave_number),
        unsettled=unsettled,
        in_flight_count=in_flight_count,
        successful_count=upgrade.successful_count + event.is_settled,
    )


@lru_cache(maxsize=1_024)
def _plain_record(status: InstanceStatus, batch_number: int, changed_at_ms: int, wave_number: int) -> InstanceRecord:
    """Instances of a wave that answer in one moment share their record: it saves time, and memory in large upgrades."""
    return InstanceRecord(
        status=status, batch_number=batch_number, changed_at_ms=changed_at_ms, wave_number=wave_number
    )


def instance_settled(upgrade: Upgrade, event: InstanceSettled) -> Upgrade:
    """It was waited for, and succeeded."""
    before = _record(upgrade, event.instance_id, InstanceStatus.SETTLING)
    unsettled = upgrade.unsettled.delete(event.instance_id)
    after = changed(before, status=InstanceStatus.SUCCEEDED, changed_at_ms=event.at_ms)
    return changed(
        upgrade,
        sequence=upgrade.sequence + 1,
        changed_at_ms=event.at_ms,
        phase=phase_within_batch(upgrade, upgrade.in_flight_count, len(unsettled)),
        records=upgrade.records.set(event.instance_id, after),
        unsettled=unsettled,
        successful_count=upgrade.successful_count + 1,
    )


def instance_failed(upgrade: Upgrade, event: InstanceFailed) -> Upgrade:
    """It failed, either while it was with the fleet or while it was waited for."""
    assert event.code, f"instance {event.instance_id} failed without a code"
    before = _record(upgrade, event.instance_id, InstanceStatus.IN_PROGRESS, InstanceStatus.SETTLING)
    was_in_flight = before.status is InstanceStatus.IN_PROGRESS
    in_flight_count = upgrade.in_flight_count - was_in_flight
    unsettled = upgrade.unsettled if was_in_flight else upgrade.unsettled.delete(event.instance_id)
    after = changed(
        before,
        status=InstanceStatus.FAILED,
        changed_at_ms=event.at_ms,
        code=event.code,
        message=event.message,
        extension_name=event.extension_name,
    )
    return changed(
        upgrade,
        sequence=upgrade.sequence + 1,
        changed_at_ms=event.at_ms,
        phase=phase_within_batch(upgrade, in_flight_count, len(unsettled)),
        records=upgrade.records.set(event.instance_id, after),
        waves=_one_fewer(upgrade.waves, before.wave_number) if was_in_flight else upgrade.waves,
        unsettled=unsettled,
        in_flight_count=in_flight_count,
        failed_count=upgrade.failed_count + 1,
        batch_failed_count=upgrade.batch_failed_count + 1,
        unhealthy_count=upgrade.unhealthy_count + _is_newly_unhealthy(upgrade, event.instance_id, was_in_flight),
    )


def _is_newly_unhealthy(upgrade: Upgrade, instance_id: str, was_in_flight: bool) -> bool:
    """Does the failure make one more unhealthy instance than were last observed? An image's health is the probe's
    alone, and one that was waited for has just been observed."""
    is_extension_upgrade = upgrade.started.kind is UpgradeKind.EXTENSION
    is_known = instance_id in upgrade.batch_unhealthy or upgrade.unhealthy_count >= upgrade.total_count
    return is_extension_upgrade and was_in_flight and not is_known


def restore_began(upgrade: Upgrade, event: RestoreBegan) -> Upgrade:
    """The instances are with the fleet again, to be brought back."""
    number = upgrade.wave_count + 1
    with upgrade.records.mutate() as records:
        for instance_id in event.instance_ids:
            before = _record(upgrade, instance_id, InstanceStatus.FAILED, InstanceStatus.SUCCEEDED)
            records[instance_id] = changed(
                before, status=InstanceStatus.RESTORING, changed_at_ms=event.at_ms, wave_number=number
            )
        after = records.finish()
    wave = Wave(
        number=number,
        instance_ids=event.instance_ids,
        deadline_ms=event.deadline_ms,
        remaining=len(event.instance_ids),
        is_restore=True,
    )
    return changed(
        upgrade,
        sequence=upgrade.sequence + 1,
        changed_at_ms=event.at_ms,
        phase=Phase.ROLLING_BACK if upgrade.phase is Phase.ROLLING_BACK else Phase.RESTORING,
        records=after,
        waves=(*upgrade.waves, wave),
        wave_count=number,
        restore_position=event.next_position,
    )


def instance_restored(upgrade: Upgrade, event: InstanceRestored) -> Upgrade:
    """It runs its previous versions again; why it failed stays in its record."""
    return _restore_ended(upgrade, event, InstanceStatus.RESTORED)


def instance_restore_failed(upgrade: Upgrade, event: InstanceRestoreFailed) -> Upgrade:
    """It could not be brought back."""
    return _restore_ended(upgrade, event, InstanceStatus.RESTORE_FAILED, event.code, event.message)


def _restore_ended(
    upgrade: Upgrade,
    event: InstanceRestored | InstanceRestoreFailed,
    status: InstanceStatus,
    code: str = "",
    message: str = "",
) -> Upgrade:
    before = _record(upgrade, event.instance_id, InstanceStatus.RESTORING)
    after = changed(before, status=status, changed_at_ms=event.at_ms, restore_code=code, restore_message=message)
    waves = _one_fewer(upgrade.waves, before.wave_number)
    is_over = not waves and upgrade.phase is Phase.RESTORING
    between = phase_between_batches(upgrade.is_held, upgrade.deadline_ms, event.at_ms)
    return changed(
        upgrade,
        sequence=upgrade.sequence + 1,
        changed_at_ms=event.at_ms,
        phase=between if is_over else upgrade.phase,
        records=upgrade.records.set(event.instance_id, after),
        waves=waves,
        restored_count=upgrade.restored_count + (status is InstanceStatus.RESTORED),
    )


def _record(upgrade: Upgrade, instance_id: str, *expected: InstanceStatus) -> InstanceRecord:
    record = upgrade.records.get(instance_id)
    assert record is not None, f"instance {instance_id} was never begun"
    assert record.status in expected, f"instance {instance_id} is {record.status}, not {' or '.join(expected)}"
    return record


def _one_fewer(waves: tuple[Wave, ...], number: int) -> tuple[Wave, ...]:
    """The waves once one more instance of the numbered one has answered; a wave without any left is over."""
    left = [
        changed(wave, remaining=wave.remaining - 1) if wave.number == number else wave
        for wave in waves
        if wave.number != number or wave.remaining > 1
    ]
    return tuple(left)
