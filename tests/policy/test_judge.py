"""The judge."""

import pytest

from tests.policy.texts import facts, policy_of
from tidegate.policy.decision import Verdict
from tidegate.policy.fact import Scope
from tidegate.policy.judge import eligibility, halt, pace, silence
from tidegate.policy.moment import Moment
from tidegate.policy.pace import BatchSize, FaultDomains, HealthyFloor

ELIGIBILITY = """
    - name: enrolled
      when: {fact: subscription.enrolled, equals: false}
      deny: The subscription is not enrolled.
    - name: large-enough
      when: {fact: scaleSet.capacity, lessThan: 3}
      deny: "{scaleSet.capacity} instances are too few."
    - name: wanted
      when: {fact: extension.autoUpgradeMinorVersion, equals: false}
      deny: "{extension.name} pins its version."
    - name: unprotected
      when: {all: [{fact: instance.isProtected, equals: true}, {fact: extension.suppressFailures, equals: false}]}
      deny: "{instance.id} is protected."
"""
HALT = """
    - {name: late, at: afterBatch, when: {fact: progress.elapsed, atLeast: PT1H}, then: pause, because: It is late.}
    - name: failing
      at: afterBatch
      when: {fact: progress.failedInstanceCount, atLeast: 1}
      then: rollBackFailed
      minimumSample: 4
      code: TooManyFailures
      because: "{progress.failedInstanceCount} failed."
    - {name: unwell, at: afterBatch, when: {fact: progress.unhealthyInstancePercent, greaterThan: 20%}, then: halt,
       because: They are unwell.}
    - {name: also-unwell, at: afterBatch, when: {fact: progress.unhealthyInstancePercent, greaterThan: 20%}, then: halt,
       because: They are unwell again.}
    - {name: deadly, at: afterBatch, when: {fact: progress.failedInstanceCount, atLeast: 9}, then: rollBack,
       evenWhenForced: true, because: All fail.}
"""


def test_every_denial_is_reported_in_the_order_of_the_file() -> None:
    judged = eligibility(
        policy_of(eligibility=ELIGIBILITY),
        Scope.SCALE_SET,
        facts({"subscription.enrolled": False, "scaleSet.capacity": 2}),
        {"scaleSet.capacity": 60.0},
    )
    assert not judged.allowed
    assert judged.decisions == judged.denials
    assert [(one.verdict, one.rule, one.because, str(one.place)) for one in judged.denials] == [
        (Verdict.DENY, "enrolled", "The subscription is not enrolled.", "tried.yaml:5:5"),
        (Verdict.DENY, "large-enough", "2 instances are too few.", "tried.yaml:8:5"),
    ]
    assert [(fact.name, fact.value, fact.age_seconds) for fact in judged.denials[1].facts] == [
        ("scaleSet.capacity", 2, 60.0)
    ]


def test_a_rule_is_asked_in_the_narrowest_scope_of_its_facts_only() -> None:
    policy = policy_of(eligibility=ELIGIBILITY)
    all_wrong = facts(
        {
            "subscription.enrolled": False,
            "scaleSet.capacity": 2,
            "extension.autoUpgradeMinorVersion": False,
            "instance.isProtected": True,
        }
    )
    spoke = {scope: [one.rule for one in eligibility(policy, scope, all_wrong).denials] for scope in Scope}
    assert spoke == {
        Scope.SCALE_SET: ["enrolled", "large-enough"],
        Scope.EXTENSION: ["wanted"],
        Scope.INSTANCE: ["unprotected"],
    }


def test_a_fact_that_only_the_sentence_names_narrows_the_scope_too() -> None:
    rule = "- {name: tells, when: {fact: subscription.enrolled, equals: false}, deny: '{instance.id} is not enrolled.'}"
    assert policy_of(eligibility=rule).rules.eligibility[0].scope is Scope.INSTANCE


def test_a_rule_without_a_condition_denies_everything() -> None:
    frozen = policy_of(eligibility="- {name: freeze, deny: Nothing is touched this week.}")
    assert [one.rule for one in eligibility(frozen, Scope.SCALE_SET, facts()).denials] == ["freeze"]
    assert eligibility(frozen, Scope.INSTANCE, facts()).allowed


def test_a_fact_that_the_caller_forgot_is_our_mistake() -> None:
    policy = policy_of(eligibility=ELIGIBILITY, halt=HALT, batching="- {name: own, batch: {fact: scaleSet.capacity}}")
    lacking = facts()
    for name in ("scaleSet.capacity", "progress.elapsed"):
        del lacking[name]
    with pytest.raises(AssertionError, match=r"tried asks for the fact scaleSet\.capacity"):
        eligibility(policy, Scope.SCALE_SET, lacking)
    with pytest.raises(AssertionError, match=r"tried asks for the fact scaleSet\.capacity"):
        pace(policy, lacking)
    with pytest.raises(AssertionError, match=r"tried asks for the fact progress\.elapsed"):
        halt(policy, Moment.AFTER_BATCH, lacking, 0)
    assert halt(policy, Moment.BEFORE_BATCH, lacking, 0).verdict is Verdict.GO_ON


def test_the_first_batching_rule_that_fits_sets_the_pace() -> None:
    batching = """
    - {name: large, when: {fact: scaleSet.capacity, atLeast: 100}, batch: 5%}
    - {name: zoned, when: {fact: scaleSet.zones, isEmpty: false}, batch: 10%}
    - {name: otherwise, batch: 20%, because: "{scaleSet.name} is small."}
    """
    policy = policy_of(batching=batching)
    both = pace(policy, facts({"scaleSet.capacity": 100, "scaleSet.zones": ("1",)}))
    assert (both.decision.rule, both.batch) == ("large", (BatchSize(percent=5.0),))
    zoned = pace(policy, facts({"scaleSet.zones": ("1",)}))
    assert (zoned.decision.rule, zoned.decision.because) == ("zoned", "it is the first whose condition holds")
    neither = pace(policy, facts())
    assert (neither.decision.rule, neither.decision.because) == ("otherwise", "web is small.")
    assert [fact.name for fact in neither.decision.facts] == ["scaleSet.capacity", "scaleSet.zones", "scaleSet.name"]


def test_settings_may_be_the_values_of_facts() -> None:
    own = "scaleSet.rollingUpgradePolicy"
    batching = f"""
    - name: own
      batch: [{{fact: progress.unhealthyInstanceCount}}, {{fact: {own}.maxBatchInstancePercent}}]
      zones: {{fact: {own}.enableCrossZoneUpgrade}}
      unhealthyFirst: {{fact: {own}.prioritizeUnhealthyInstances}}
      pauseBetweenBatches: {{fact: {own}.pauseTimeBetweenBatches}}
      settleTimeout: {{fact: {own}.pauseTimeBetweenBatches}}
    """
    given = {
        f"{own}.maxBatchInstancePercent": 35.0,
        f"{own}.enableCrossZoneUpgrade": True,
        f"{own}.prioritizeUnhealthyInstances": True,
        f"{own}.pauseTimeBetweenBatches": 90.0,
        "progress.unhealthyInstanceCount": 0,
    }
    found = pace(policy_of(batching=batching), facts(given))
    assert found.batch == (BatchSize(count=1), BatchSize(percent=35.0))
    assert (found.zones_together, found.unhealthy_first) == (True, True)
    assert (found.pause_seconds, found.settle_seconds) == (90.0, 90.0)


def test_what_is_not_written_has_azures_values() -> None:
    found = pace(policy_of(), facts())
    assert (found.zones_together, found.unhealthy_first, found.fault_domains) == (False, False, FaultDomains.SPREAD)
    assert (found.pause_seconds, found.settle_seconds, found.instance_timeout_seconds) == (0.0, 300.0, 1200.0)
    assert (found.minimum_healthy, found.maximum_in_flight) == (None, None)


@pytest.mark.parametrize(
    ("written", "automatic", "manual"),
    [("restoreWhenAutomatic", True, False), ("restorePreviousVersion", True, True), ("leave", False, False)],
)
def test_failed_instances_are_restored_as_the_rule_and_the_trigger_say(
    written: str, automatic: bool, manual: bool
) -> None:
    policy = policy_of(batching=f"- {{name: plain, batch: 1, failedInstances: {written}}}")
    assert pace(policy, facts({"upgrade.trigger": "AUTOMATIC"})).restore_failed is automatic
    assert pace(policy, facts({"upgrade.trigger": "MANUAL"})).restore_failed is manual


def test_floors_and_bounds_may_be_facts() -> None:
    batching = """
    - name: own
      batch: 1
      minimumHealthy: {fact: scaleSet.rollingUpgradePolicy.maxUnhealthyInstancePercent}
      maximumInFlight: {fact: progress.unhealthyInstanceCount}
    """
    found = pace(policy_of(batching=batching), facts())
    assert (found.minimum_healthy, found.maximum_in_flight) == (HealthyFloor(percent=20.0), 1)


def test_no_halt_rule_means_going_on() -> None:
    stop = halt(policy_of(halt=HALT), Moment.AFTER_BATCH, facts(), 10)
    assert (stop.verdict, stop.code, stop.spoke) == (Verdict.GO_ON, "", ())
    assert stop.decision.because == "no rule stops it"
    assert "progress.elapsed" in [fact.name for fact in stop.decision.facts]


def test_the_gravest_verdict_wins_and_all_that_spoke_are_told() -> None:
    given = facts(
        {"progress.elapsed": 3600.0, "progress.failedInstanceCount": 2, "progress.unhealthyInstancePercent": 30.0}
    )
    stop = halt(policy_of(halt=HALT), Moment.AFTER_BATCH, given, 4)
    assert (stop.verdict, stop.code) == (Verdict.ROLL_BACK_FAILED, "TooManyFailures")
    assert stop.decision.because == "2 failed."
    assert [(one.rule, one.verdict) for one in stop.spoke] == [
        ("late", Verdict.PAUSE),
        ("failing", Verdict.ROLL_BACK_FAILED),
        ("unwell", Verdict.HALT),
        ("also-unwell", Verdict.HALT),
    ]


def test_among_equals_the_earlier_rule_decides() -> None:
    stop = halt(policy_of(halt=HALT), Moment.AFTER_BATCH, facts({"progress.unhealthyInstancePercent": 30.0}), 4)
    assert (stop.decision.rule, stop.code) == ("unwell", "RollingUpgradeHaltedByPolicy")


@pytest.mark.parametrize(("attempted", "verdict"), [(3, Verdict.GO_ON), (4, Verdict.ROLL_BACK_FAILED)])
def test_a_rule_is_silent_until_its_sample_is_there(attempted: int, verdict: Verdict) -> None:
    given = facts({"progress.failedInstanceCount": 1})
    assert halt(policy_of(halt=HALT), Moment.AFTER_BATCH, given, attempted).verdict is verdict


def test_force_skips_the_stops_but_for_those_that_say_otherwise() -> None:
    given = facts({"upgrade.force": True, "progress.failedInstanceCount": 9, "progress.unhealthyInstancePercent": 90.0})
    stop = halt(policy_of(halt=HALT), Moment.AFTER_BATCH, given, 20)
    assert [one.rule for one in stop.spoke] == ["deadly"]
    assert stop.verdict is Verdict.ROLL_BACK


def test_silence_has_a_reason() -> None:
    failing, deadly = policy_of(halt=HALT).rules.halt[1], policy_of(halt=HALT).rules.halt[4]
    assert silence(failing, facts(), 3) == "silent until 4 instances were attempted; 3 were"
    assert silence(failing, facts({"upgrade.force": True}), 4) == "silent because the upgrade is forced"
    assert silence(deadly, facts({"upgrade.force": True}), 0) is None


def test_rules_are_asked_at_their_moment_only() -> None:
    given = facts({"progress.failedInstanceCount": 9})
    assert halt(policy_of(halt=HALT), Moment.DURING_BATCH, given, 20).verdict is Verdict.GO_ON
