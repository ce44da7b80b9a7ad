"""What an observation of the scale set means: a batch may begin, an instance has settled, a batch is judged."""

from __future__ import annotations

from collections.abc import Set

from tidegate.domain.health import HealthObservation
from tidegate.domain.natural_order import natural_key
from tidegate.policy.decision import Decision, FactSeen, Verdict
from tidegate.policy.moment import Moment
from tidegate.upgrade.batching import foreseen_size, size_that_keeps
from tidegate.upgrade.events import (
    BatchJudged,
    BatchStarted,
    InstanceFailed,
    InstanceSettled,
    UpgradeCompleted,
    UpgradePaused,
)
from tidegate.upgrade.halting import ask, ask_during_batch, obey, unhealthy_upgraded
from tidegate.upgrade.numbers import health_observed, unhealthy_instances
from tidegate.upgrade.onward import after_batch, go_on_within_batch, wind_up_if_ending
from tidegate.upgrade.state import Phase, Upgrade
from tidegate.upgrade.unfolding import Unfolding

UNHEALTHY_CODE = "RollingUpgradeInstanceUnhealthyError"
UNHEALTHY_MESSAGE = "Instance found to be unhealthy or unreachable."
"""Azure's code and sentence for an instance that does not become healthy."""


def scale_set_observed(unfolding: Unfolding, observation: HealthObservation) -> None:
    """An observation that comes in a phase that does not wait for one means nothing."""
    phase = unfolding.upgrade.phase
    if phase not in (Phase.CHECKING, Phase.SETTLING, Phase.JUDGING):
        return
    unfolding.say(health_observed(unfolding.upgrade, observation, unfolding.at_ms))
    if phase is Phase.CHECKING:
        _check(unfolding, observation)
    elif phase is Phase.SETTLING:
        _settle(unfolding, observation)
    else:
        _judge(unfolding, observation)


def _check(unfolding: Unfolding, observation: HealthObservation) -> None:
    """Before a batch, the first included."""
    upgrade = unfolding.upgrade
    if not upgrade.has_more:
        unfolding.say(UpgradeCompleted(at_ms=unfolding.at_ms))
        return
    unhealthy = unhealthy_instances(upgrade.started.kind, observation)
    halt = ask(unfolding, Moment.BEFORE_BATCH)
    if obey(unfolding, halt, lambda: unhealthy):
        _form_batch(unfolding, observation, unhealthy, halt.decision)
    wind_up_if_ending(unfolding)


def _form_batch(unfolding: Unfolding, observation: HealthObservation, unhealthy: Set[str], decision: Decision) -> None:
    upgrade, at_ms = unfolding.upgrade, unfolding.at_ms
    plan, number = upgrade.started.plan, upgrade.batch_number + 1
    foreseen = foreseen_size(plan.order, upgrade.position, number, upgrade.pace, plan.total_count)
    size = _size_by_health(upgrade, observation, unhealthy, foreseen)
    if not size:
        unfolding.say(UpgradePaused(at_ms=at_ms, decision=_too_few_healthy(upgrade, observation, unhealthy)))
        return
    members = (planned.instance_id for planned in plan.order[upgrade.position : upgrade.position + size])
    unfolding.say(
        BatchStarted(
            at_ms=at_ms,
            number=number,
            start=upgrade.position,
            size=size,
            decision=decision,
            unhealthy_instance_ids=tuple(member for member in members if member in unhealthy),
        )
    )
    go_on_within_batch(unfolding)


def _size_by_health(upgrade: Upgrade, observation: HealthObservation, unhealthy: Set[str], foreseen: int) -> int:
    """The foreseen size, or less so that enough healthy instances stay untouched. What is forced always goes on."""
    floor = upgrade.pace.minimum_healthy
    if floor is None:
        return foreseen
    size = size_that_keeps(
        upgrade.started.plan.order[upgrade.position : upgrade.position + foreseen],
        unhealthy | observation.initializing,
        _healthy_count(observation, unhealthy),
        floor.of(observation.total_count),
    )
    return max(1, size) if upgrade.started.force else size


def _healthy_count(observation: HealthObservation, unhealthy: Set[str]) -> int:
    """Instances that are healthy now: those whose probe has not made up its mind are not counted on."""
    return max(0, observation.total_count - len(unhealthy | observation.initializing))


def _too_few_healthy(upgrade: Upgrade, observation: HealthObservation, unhealthy: Set[str]) -> Decision:
    """Why not even one instance can be taken. A resume does not excuse this: it is looked at again then."""
    floor, pace = upgrade.pace.minimum_healthy, upgrade.pace.decision
    assert floor is not None, "without a floor a batch has at least one instance"
    total, healthy = observation.total_count, _healthy_count(observation, unhealthy)
    return Decision(
        verdict=Verdict.PAUSE,
        rule=pace.rule,
        because=(
            f"{healthy} of {total} instances are healthy and {floor.of(total)} healthy ones have to stay untouched: "
            "not one can be taken for the next batch"
        ),
        place=pace.place,
        facts=(
            FactSeen(name="progress.totalInstanceCount", value=total, age_seconds=0.0),
            FactSeen(name="progress.unhealthyInstanceCount", value=len(unhealthy), age_seconds=0.0),
        ),
    )


def _settle(unfolding: Unfolding, observation: HealthObservation) -> None:
    """Those that are healthy now have settled; at the deadline all others have failed."""
    upgrade, at_ms = unfolding.upgrade, unfolding.at_ms
    assert upgrade.deadline_ms is not None, "settling has a deadline"
    unhealthy = unhealthy_instances(upgrade.started.kind, observation)
    is_over = at_ms >= upgrade.deadline_ms
    for instance_id in sorted(upgrade.unsettled, key=natural_key):
        if instance_id not in unhealthy and instance_id not in observation.initializing:
            unfolding.say(InstanceSettled(at_ms=at_ms, instance_id=instance_id))
        elif is_over:
            unfolding.say(
                InstanceFailed(at_ms=at_ms, instance_id=instance_id, code=UNHEALTHY_CODE, message=UNHEALTHY_MESSAGE)
            )
    ask_during_batch(unfolding, unhealthy)
    go_on_within_batch(unfolding)


def _judge(unfolding: Unfolding, observation: HealthObservation) -> None:
    """After a batch. Nothing rests after the last one, and a pause would have nothing to hold back."""
    upgrade, at_ms = unfolding.upgrade, unfolding.at_ms
    unhealthy = unhealthy_instances(upgrade.started.kind, observation)
    halt = ask(unfolding, Moment.AFTER_BATCH)
    rests = upgrade.has_more and halt.verdict in (Verdict.GO_ON, Verdict.PAUSE)
    rest_ms = round(upgrade.pace.pause_seconds * 1000) if rests else 0
    unfolding.say(
        BatchJudged(at_ms=at_ms, number=upgrade.batch_number, decision=halt.decision, resume_at_ms=at_ms + rest_ms)
    )
    if upgrade.has_more or halt.verdict is not Verdict.PAUSE:
        obey(unfolding, halt, lambda: unhealthy_upgraded(upgrade, unhealthy))
    after_batch(unfolding)
