"""An upgrade is the sum of its events."""

from dataclasses import replace

import pytest

from tests.upgrade.building import AZURE_HALTS, START_MS, halt_rule, instances, policy, started, upgrade
from tests.upgrade.driving import Drive
from tidegate.upgrade.events import (
    CancelAccepted,
    RestEnded,
    UpgradeCancelled,
    UpgradeCompleted,
    UpgradePaused,
    UpgradeResumed,
)
from tidegate.upgrade.evolve import evolve
from tidegate.upgrade.state import Phase, StatusCode


def test_an_upgrade_starts_about_to_begin_a_batch() -> None:
    fresh = upgrade()
    assert (fresh.phase, fresh.status, fresh.sequence) == (Phase.CHECKING, StatusCode.ROLLING_FORWARD, 1)
    assert fresh.progress.pending_count == 10
    assert fresh.pace.size_of(1, 10) == 2


def test_every_event_raises_the_sequence_by_one() -> None:
    drive = Drive(upgrade())
    drive.run()
    assert drive.upgrade.sequence == 1 + len(drive.events)


def test_replaying_the_events_gives_the_same_upgrade() -> None:
    first = started(policy({"batch": "50%", "maximumInFlight": 2}, AZURE_HALTS), instances(7))
    drive = Drive(evolve(None, first))
    drive.observe()
    drive.fail("0")
    drive.run()
    replayed = evolve(None, first)
    for event in drive.events:
        replayed = evolve(replayed, event)
    assert replayed == drive.upgrade


def test_an_upgrade_whose_frozen_policy_is_another_does_not_start() -> None:
    first = started(policy(), instances(3))
    with pytest.raises(AssertionError, match="not the one that was frozen"):
        evolve(None, replace(first, policy_digest="0" * 64))


def test_an_upgrade_whose_pace_is_set_by_another_rule_does_not_start() -> None:
    first = started(policy(), instances(3))
    other = replace(first.plan, pace=replace(first.plan.pace, rule="another"))
    with pytest.raises(AssertionError, match="another rule sets the pace"):
        evolve(None, replace(first, plan=other))


def test_an_upgrade_starts_once_and_first() -> None:
    first = started(policy(), instances(3))
    with pytest.raises(AssertionError, match="started twice"):
        evolve(evolve(None, first), first)
    with pytest.raises(AssertionError, match="begins with UpgradeStarted"):
        evolve(None, RestEnded(at_ms=START_MS))


def test_nothing_happens_after_the_end() -> None:
    ended = evolve(upgrade(), UpgradeCompleted(at_ms=START_MS))
    assert (ended.phase, ended.status, ended.ended_at_ms) == (Phase.ENDED, StatusCode.COMPLETED, START_MS)
    with pytest.raises(AssertionError, match="after the end"):
        evolve(ended, RestEnded(at_ms=START_MS))


def test_an_upgrade_does_not_end_with_instances_in_flight() -> None:
    drive = Drive(upgrade())
    drive.observe()
    with pytest.raises(AssertionError, match="in flight"):
        evolve(drive.upgrade, UpgradeCancelled(at_ms=START_MS))


def test_a_pause_between_batches_holds_at_once() -> None:
    held = evolve(upgrade(), UpgradePaused(at_ms=START_MS, decision=None))
    assert (held.phase, held.is_held) == (Phase.PAUSED, True)
    assert held.last_decision == upgrade().last_decision


def test_a_resume_excuses_pauses_until_the_next_batch_has_begun() -> None:
    rule = halt_rule("beforeBatch", "unhealthyInstanceCount", "atLeast", 1, "pause")
    drive = Drive(upgrade(policy(halt=[rule])))
    drive.observe(unhealthy=["0"])
    drive.resume()
    assert drive.upgrade.is_excused
    drive.observe(unhealthy=["0"])
    assert not drive.upgrade.is_excused


def test_a_resume_of_what_somebody_had_paused_excuses_no_rule() -> None:
    rule = halt_rule("afterBatch", "failedInstanceCount", "atLeast", 1, "pause")
    drive = Drive(upgrade(policy(halt=[rule])))
    drive.observe()
    drive.pause()
    drive.resume()
    drive.fail("0")
    drive.answer("1")
    drive.observe()
    assert drive.upgrade.phase is Phase.PAUSED


def test_a_resume_of_what_has_not_come_to_rest_changes_no_phase() -> None:
    drive = Drive(upgrade())
    drive.observe()
    drive.pause()
    resumed = evolve(drive.upgrade, UpgradeResumed(at_ms=START_MS))
    assert (resumed.phase, resumed.is_held) == (Phase.UPGRADING, False)


def test_an_end_that_is_decided_is_above_a_pause() -> None:
    drive = Drive(upgrade())
    drive.observe()
    drive.pause()
    cancelled = evolve(drive.upgrade, CancelAccepted(at_ms=START_MS + 5))
    assert (cancelled.is_held, cancelled.is_ending, cancelled.may_begin) == (False, True, False)
    assert cancelled.cancelled_at_ms == START_MS + 5


def test_a_halt_is_above_a_pause_too() -> None:
    rule = halt_rule("duringBatch", "failedInstanceCount", "atLeast", 1)
    drive = Drive(upgrade(policy({"batch": 2}, [rule])))
    drive.observe()
    drive.pause()
    drive.fail("0")
    assert drive.upgrade.halt is not None
    assert not drive.upgrade.is_held


def test_left_out_instances_are_found_by_their_id() -> None:
    first = started(policy(), instances(3))
    assert evolve(None, first).places == {"0": 0, "1": 1, "2": 2}
