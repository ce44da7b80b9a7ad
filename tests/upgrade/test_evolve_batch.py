"""What happens to a batch moves the upgrade on, and nothing else may."""

from dataclasses import replace

import pytest

from tests.upgrade.building import START_MS, instances, policy, upgrade
from tests.upgrade.driving import Drive
from tidegate.domain.health import ProbeState
from tidegate.upgrade.events import (
    BatchSettled,
    BatchStarted,
    CancelAccepted,
    HealthObserved,
    SettlingBegan,
    UpgradePaused,
    WaveBegan,
)
from tidegate.upgrade.evolve import evolve
from tidegate.upgrade.state import InstanceStatus, Phase, Upgrade

FRESH = upgrade(policy({"batch": 3, "maximumInFlight": 2}), instances(10))
BATCH = BatchStarted(at_ms=START_MS, number=1, start=0, size=3, decision=FRESH.pace.decision)
WAVE = WaveBegan(at_ms=START_MS, start=0, size=2, deadline_ms=START_MS + 60_000)


def begun() -> Upgrade:
    return evolve(evolve(FRESH, BATCH), WAVE)


def test_an_observation_is_kept_for_the_rules() -> None:
    event = HealthObserved(at_ms=START_MS + 1, total_count=9, unhealthy_count=2, unhealthy_succeeded_count=1)
    after = evolve(FRESH, event)
    assert (after.total_count, after.unhealthy_count, after.unhealthy_succeeded_count) == (9, 2, 1)
    assert (after.observed_at_ms, after.phase) == (START_MS + 1, Phase.CHECKING)


def test_a_batch_takes_its_instances_out_of_the_order_and_begins_none() -> None:
    after = evolve(FRESH, replace(BATCH, unhealthy_instance_ids=("1",)))
    assert (after.phase, after.position, after.begun, after.in_flight_count) == (Phase.UPGRADING, 3, 0, 0)
    assert after.batch_number == 1
    assert after.batch_unhealthy == {"1"}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [({"start": 1}, "begins at 1"), ({"number": 2}, "batch 2 after batch 0"), ({"size": 0}, "empty")],
)
def test_a_batch_that_does_not_follow_the_one_before_is_a_broken_promise(wrong: dict[str, int], why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        evolve(FRESH, replace(BATCH, **wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "end", [CancelAccepted(at_ms=START_MS), UpgradePaused(at_ms=START_MS, decision=None)], ids=["cancelled", "paused"]
)
def test_nothing_begins_once_it_may_not(end: CancelAccepted | UpgradePaused) -> None:
    with pytest.raises(AssertionError, match="although nothing new may"):
        evolve(evolve(FRESH, end), BATCH)
    with pytest.raises(AssertionError, match="although nothing new may"):
        evolve(evolve(evolve(FRESH, BATCH), end), WAVE)


def test_a_wave_hands_its_instances_out() -> None:
    after = begun()
    assert (after.begun, after.in_flight_count, after.is_within_batch) == (2, 2, True)
    assert {instance_id: record.status for instance_id, record in after.records.items()} == {
        "0": InstanceStatus.IN_PROGRESS,
        "1": InstanceStatus.IN_PROGRESS,
    }
    [wave] = after.waves
    assert (wave.number, wave.instance_ids, wave.remaining, wave.is_restore) == (1, ("0", "1"), 2, False)


@pytest.mark.parametrize("wrong", [{"start": 1}, {"start": 3, "size": 1}, {"size": 2}, {"size": 0}])
def test_a_wave_neither_skips_nor_repeats_nor_leaves_the_batch(wrong: dict[str, int]) -> None:
    with pytest.raises(AssertionError, match="leaves the batch"):
        evolve(begun(), replace(WAVE, **{"start": 2, "size": 1, **wrong}))


def test_nothing_settles_while_instances_are_in_flight() -> None:
    with pytest.raises(AssertionError, match="have not ended"):
        evolve(begun(), SettlingBegan(at_ms=START_MS, deadline_ms=START_MS + 1))
    with pytest.raises(AssertionError, match="have not ended"):
        evolve(begun(), BatchSettled(at_ms=START_MS, number=1))


def test_a_batch_has_not_settled_while_an_instance_is_waited_for() -> None:
    drive = Drive(upgrade(fleet=instances(5)))
    drive.observe()
    drive.answer("0", probe=ProbeState.INITIALIZING)
    with pytest.raises(AssertionError, match="have not settled"):
        evolve(drive.upgrade, BatchSettled(at_ms=START_MS, number=1))


def test_a_judged_batch_is_completed_and_the_rest_begins() -> None:
    drive = Drive(upgrade(policy({"batch": 5, "pauseBetweenBatches": "PT5S"})))
    drive.observe()
    drive.answer_all()
    assert drive.upgrade.batches_completed_count == 0
    drive.observe()
    assert drive.upgrade.batches_completed_count == 1
    assert (drive.upgrade.phase, drive.upgrade.deadline_ms) == (Phase.RESTING, START_MS + 5_000)
