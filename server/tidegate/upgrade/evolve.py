"""Evolve: where an upgrade stands once an event has happened. It judges nothing and refuses nothing.

Law: an upgrade is the sum of its events, so this is the only place that makes one. An event that could not follow
from where the upgrade stands is a broken promise of our own. No event costs more than the instances it is about.
"""

from __future__ import annotations

import immutables

from tidegate.domain.resource_id import ScaleSetId
from tidegate.policy import judge
from tidegate.policy.compiled import compile_policy
from tidegate.policy.decision import Verdict
from tidegate.upgrade.changed import changed
from tidegate.upgrade.events import (
    BatchJudged,
    BatchSettled,
    BatchStarted,
    CancelAccepted,
    Event,
    HaltDecided,
    HealthObserved,
    InstanceFailed,
    InstanceRestored,
    InstanceRestoreFailed,
    InstanceSettled,
    InstanceUpgraded,
    RestEnded,
    RestoreBegan,
    RollingBackBegan,
    SettlingBegan,
    UpgradeCancelled,
    UpgradeCompleted,
    UpgradeFaulted,
    UpgradePaused,
    UpgradeResumed,
    UpgradeStarted,
    WaveBegan,
)
from tidegate.upgrade.evolve_batch import (
    batch_judged,
    batch_settled,
    batch_started,
    health_observed,
    settling_began,
    wave_began,
)
from tidegate.upgrade.evolve_instance import (
    instance_failed,
    instance_restore_failed,
    instance_restored,
    instance_settled,
    instance_upgraded,
    restore_began,
)
from tidegate.upgrade.resting import phase_between_batches, phase_within_batch
from tidegate.upgrade.state import Phase, StatusCode, Upgrade


def evolve(upgrade: Upgrade | None, event: Event) -> Upgrade:
    """The upgrade after `event`; its first event is UpgradeStarted and goes with None.

    Raises:
        PolicyRefused: the frozen policy's source cannot be compiled by this version.
    """
    if isinstance(event, UpgradeStarted):
        assert upgrade is None, f"upgrade {event.upgrade_id} started twice"
        return _started(event)
    assert upgrade is not None, f"an upgrade begins with UpgradeStarted, not with {type(event).__name__}"
    assert upgrade.phase is not Phase.ENDED, f"{type(event).__name__} after the end of {upgrade.upgrade_id}"
    return _next(upgrade, event)


def _next(upgrade: Upgrade, event: Event) -> Upgrade:  # noqa: C901
    """One arm for each event and nothing else in it, so that it reads as the list it is; the frequent ones first."""
    match event:
        case InstanceUpgraded():
            return instance_upgraded(upgrade, event)
        case InstanceSettled():
            return instance_settled(upgrade, event)
        case InstanceFailed():
            return instance_failed(upgrade, event)
        case HealthObserved():
            return health_observed(upgrade, event)
        case BatchStarted():
            return batch_started(upgrade, event)
        case WaveBegan():
            return wave_began(upgrade, event)
        case SettlingBegan():
            return settling_began(upgrade, event)
        case BatchSettled():
            return batch_settled(upgrade, event)
        case BatchJudged():
            return batch_judged(upgrade, event)
        case RestEnded():
            return _rest_ended(upgrade, event)
        case RestoreBegan():
            return restore_began(upgrade, event)
        case InstanceRestored():
            return instance_restored(upgrade, event)
        case InstanceRestoreFailed():
            return instance_restore_failed(upgrade, event)
        case HaltDecided():
            return _halted(upgrade, event)
        case CancelAccepted():
            return _cancelled(upgrade, event)
        case UpgradePaused():
            return _paused(upgrade, event)
        case UpgradeResumed():
            return _resumed(upgrade, event)
        case RollingBackBegan():
            return _rolling_back(upgrade, event)
        case UpgradeCompleted():
            return _ended(upgrade, event, StatusCode.COMPLETED)
        case UpgradeCancelled():
            return _ended(upgrade, event, StatusCode.CANCELLED)
        case UpgradeFaulted():
            return _ended(upgrade, event, StatusCode.FAULTED)
        case UpgradeStarted():
            raise AssertionError("an upgrade starts once")


def _started(event: UpgradeStarted) -> Upgrade:
    policy = compile_policy(event.policy_source)
    assert policy.digest == event.policy_digest, f"the policy {event.policy_name} is not the one that was frozen"
    pace = judge.pace(policy, event.facts)
    assert pace.decision.rule == event.plan.pace.rule, f"another rule sets the pace than when {event.upgrade_id} began"
    return Upgrade(
        started=event,
        policy=policy,
        pace=pace,
        scale_set=ScaleSetId.parse(event.scale_set),
        places={planned.instance_id: place for place, planned in enumerate(event.plan.order)},
        skipped={instance_id: group for group in event.plan.skipped for instance_id in group.instance_ids},
        sequence=1,
        phase=Phase.CHECKING,
        status=StatusCode.ROLLING_FORWARD,
        position=0,
        batch_number=0,
        batch_start=0,
        batch_size=0,
        batch_unhealthy=frozenset(),
        batch_failed_count=0,
        batches_completed_count=0,
        begun=0,
        records=immutables.Map(),
        waves=(),
        wave_count=0,
        unsettled=immutables.Map(),
        successful_count=0,
        failed_count=0,
        restored_count=0,
        in_flight_count=0,
        restore_position=0,
        deadline_ms=None,
        observed_at_ms=None,
        total_count=event.plan.total_count,
        unhealthy_count=0,
        unhealthy_succeeded_count=0,
        is_held=False,
        is_excused=False,
        is_cancelled=False,
        halt=None,
        ended_at_ms=None,
        changed_at_ms=event.at_ms,
        cancelled_at_ms=None,
        last_decision=pace.decision,
    )


def _rest_ended(upgrade: Upgrade, event: RestEnded) -> Upgrade:
    return changed(
        upgrade,
        sequence=upgrade.sequence + 1,
        changed_at_ms=event.at_ms,
        phase=Phase.CHECKING,
        deadline_ms=None,
    )


def _halted(upgrade: Upgrade, event: HaltDecided) -> Upgrade:
    """An end that is decided is above a pause."""
    return changed(
        upgrade,
        sequence=upgrade.sequence + 1,
        changed_at_ms=event.at_ms,
        halt=event,
        is_held=False,
        last_decision=event.decision,
    )


def _cancelled(upgrade: Upgrade, event: CancelAccepted) -> Upgrade:
    return changed(
        upgrade,
        sequence=upgrade.sequence + 1,
        changed_at_ms=event.at_ms,
        is_cancelled=True,
        is_held=False,
        cancelled_at_ms=event.at_ms,
    )


def _paused(upgrade: Upgrade, event: UpgradePaused) -> Upgrade:
    """Between batches it is paused at once; inside a batch what is under way comes to its end first."""
    held = changed(
        upgrade,
        sequence=upgrade.sequence + 1,
        changed_at_ms=event.at_ms,
        is_held=True,
        last_decision=event.decision or upgrade.last_decision,
    )
    if upgrade.phase in (Phase.CHECKING, Phase.RESTING):
        return changed(held, phase=Phase.PAUSED)
    return changed(held, phase=phase_within_batch(held, held.in_flight_count, len(held.unsettled)))


def _resumed(upgrade: Upgrade, event: UpgradeResumed) -> Upgrade:
    """It goes on exactly where it was: inside the batch, in the rest between two, or before the next one.

    Where a rule had wanted the pause, that rule is now known to whoever resumes, and excused.
    """
    phase, last = upgrade.phase, upgrade.last_decision
    if phase is Phase.PAUSED:
        between = phase_between_batches(False, upgrade.deadline_ms, event.at_ms)
        phase = Phase.UPGRADING if upgrade.is_within_batch else between
    return changed(
        upgrade,
        sequence=upgrade.sequence + 1,
        changed_at_ms=event.at_ms,
        phase=phase,
        is_held=False,
        is_excused=upgrade.is_excused or (last is not None and last.verdict is Verdict.PAUSE),
    )


def _rolling_back(upgrade: Upgrade, event: RollingBackBegan) -> Upgrade:
    return changed(
        upgrade,
        sequence=upgrade.sequence + 1,
        changed_at_ms=event.at_ms,
        phase=Phase.ROLLING_BACK,
        status=StatusCode.ROLLING_BACK,
        restore_position=0,
    )


def _ended(
    upgrade: Upgrade, event: UpgradeCompleted | UpgradeCancelled | UpgradeFaulted, status: StatusCode
) -> Upgrade:
    """Nothing is ever left in progress at the end."""
    assert upgrade.in_flight_count == 0, f"{upgrade.in_flight_count} instances are in flight"
    assert not upgrade.unsettled, f"{len(upgrade.unsettled)} instances have not settled"
    assert not upgrade.waves, f"{len(upgrade.waves)} waves have not ended"
    return changed(
        upgrade,
        sequence=upgrade.sequence + 1,
        changed_at_ms=event.at_ms,
        phase=Phase.ENDED,
        status=status,
        deadline_ms=None,
        is_held=False,
        ended_at_ms=event.at_ms,
    )
