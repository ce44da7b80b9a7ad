"""The halt rules are asked with the numbers of the moment, and their gravest verdict is obeyed."""

import pytest

from tests.upgrade.building import START_MS, halt_rule, instances, policy, upgrade
from tests.upgrade.driving import Drive, names
from tidegate.policy.decision import Verdict
from tidegate.policy.moment import Moment
from tidegate.upgrade.events import BatchStarted, HaltDecided, UpgradePaused
from tidegate.upgrade.halting import MOST_INSTANCES_NAMED, ask, failed_of_batch, unhealthy_upgraded
from tidegate.upgrade.unfolding import Unfolding

UNHEALTHY_HALT = halt_rule("beforeBatch", "unhealthyInstanceCount", "atLeast", 1, code="TooMany")
UNHEALTHY_PAUSE = halt_rule("beforeBatch", "unhealthyInstanceCount", "atLeast", 1, "pause")


def only(drive: Drive, kind: type[HaltDecided]) -> HaltDecided:
    [found] = [event for event in drive.events if isinstance(event, kind)]
    return found


def test_the_gravest_verdict_wins() -> None:
    drive = Drive(upgrade(policy({"batch": 1}, [UNHEALTHY_PAUSE, UNHEALTHY_HALT])))
    drive.observe(unhealthy=["3"])
    assert only(drive, HaltDecided).code == "TooMany"


def test_a_decision_keeps_the_facts_it_saw_and_how_old_they_were() -> None:
    drive = Drive(upgrade(policy({"batch": 1}, [UNHEALTHY_HALT])))
    drive.observe(unhealthy=["3", "4"])
    [fact] = only(drive, HaltDecided).decision.facts
    assert (fact.name, fact.value, fact.age_seconds) == ("progress.unhealthyInstanceCount", 2, 0)


def test_a_halt_names_the_instances_that_moved_it_in_natural_order_and_at_most_a_thousand() -> None:
    drive = Drive(upgrade(policy({"batch": 1}, [UNHEALTHY_HALT])))
    drive.observe(unhealthy=["10", "9", "2"])
    assert only(drive, HaltDecided).unhealthy_instance_ids == ("2", "9", "10")
    many = Drive(upgrade(policy({"batch": 1}, [UNHEALTHY_HALT])))
    many.observe(unhealthy=map(str, range(5_000)), total_count=5_000)
    named = only(many, HaltDecided).unhealthy_instance_ids
    assert (named[0], named[-1], len(named)) == ("0", "999", MOST_INSTANCES_NAMED)


def test_an_excused_pause_becomes_going_on_and_says_so() -> None:
    drive = Drive(upgrade(policy({"batch": 1}, [UNHEALTHY_PAUSE])))
    assert names(drive.observe(unhealthy=["3"])) == ["HealthObserved", "UpgradePaused"]
    drive.resume()
    begun = [event for event in drive.observe(unhealthy=["3"]) if isinstance(event, BatchStarted)]
    assert begun[0].decision.verdict is Verdict.GO_ON
    assert begun[0].decision.because.startswith("It was resumed, although: ")


def test_an_excuse_holds_for_one_batch() -> None:
    drive = Drive(upgrade(policy({"batch": 1}, [UNHEALTHY_PAUSE])))
    drive.observe(unhealthy=["3"])
    drive.resume()
    drive.observe(unhealthy=["3"])
    drive.answer_all()
    drive.observe(unhealthy=["3"])
    assert names(drive.observe(unhealthy=["3"])) == ["HealthObserved", "UpgradePaused"]


def test_a_halt_is_never_excused() -> None:
    drive = Drive(upgrade(policy({"batch": 1}, [UNHEALTHY_HALT])))
    drive.pause()
    drive.resume()
    assert "HaltDecided" in names(drive.observe(unhealthy=["3"]))


def test_a_rule_that_pauses_what_is_paused_already_says_nothing() -> None:
    rule = halt_rule("duringBatch", "failedInstanceCount", "atLeast", 1, "pause")
    drive = Drive(upgrade(policy({"batch": 2}, [rule])))
    drive.observe()
    drive.pause()
    drive.fail("0")
    drive.fail("1")
    assert [event.decision for event in drive.events if isinstance(event, UpgradePaused)] == [None]


@pytest.mark.parametrize(("forced", "ends"), [(False, True), (True, False)])
def test_a_force_silences_rules_at_all_moments(forced: bool, ends: bool) -> None:
    rules = [
        halt_rule("beforeBatch", "unhealthyInstanceCount", "atLeast", 1),
        halt_rule("duringBatch", "failedInstanceCount", "atLeast", 1),
        halt_rule("afterBatch", "failedInstanceCount", "atLeast", 1),
    ]
    drive = Drive(upgrade(policy({"batch": 5}, rules), force=forced))
    drive.observe(unhealthy=["3"])
    assert drive.upgrade.is_ended is ends
    if forced:
        drive.fail("0")
        drive.run()
        assert "HaltDecided" not in names(drive.events)


def test_a_rule_that_holds_even_when_forced_is_obeyed() -> None:
    rule = halt_rule("beforeBatch", "unhealthyInstanceCount", "atLeast", 1, evenWhenForced=True)
    drive = Drive(upgrade(policy({"batch": 5}, [rule]), force=True))
    assert "HaltDecided" in names(drive.observe(unhealthy=["3"]))


def test_a_rule_waits_for_its_sample() -> None:
    rule = halt_rule("duringBatch", "failedInstancePercent", "greaterThan", "10%", minimumSample=3)
    drive = Drive(upgrade(policy({"batch": 5}, [rule])))
    drive.observe()
    drive.fail("0")
    drive.fail("1")
    assert drive.upgrade.halt is None
    drive.fail("2")
    assert drive.upgrade.halt is not None


def test_a_rule_without_a_say_gives_a_decision_to_go_on() -> None:
    halt = ask(Unfolding(upgrade(policy({"batch": 1}, [UNHEALTHY_HALT])), START_MS), Moment.BEFORE_BATCH)
    assert (halt.verdict, halt.code) == (Verdict.GO_ON, "")


def test_the_instances_behind_a_halt_are_the_failed_and_those_that_turned_unhealthy() -> None:
    drive = Drive(upgrade(policy({"batch": 2}), instances(6)))
    drive.observe()
    drive.answer("0")
    drive.fail("1")
    drive.observe()
    drive.observe()
    drive.fail("2")
    assert failed_of_batch(drive.upgrade) == ["2"]
    assert unhealthy_upgraded(drive.upgrade, {"0", "5"}) == {"0", "1", "2"}
