"""Rules as values."""

from tests.policy.texts import policy_of

POLICY = policy_of(
    eligibility="- {name: wanted, when: {fact: scaleSet.capacity, lessThan: 3}, deny: '{scaleSet.name} is small.'}",
    batching="""
    - name: own
      batch: [1, {fact: scaleSet.rollingUpgradePolicy.maxBatchInstancePercent}]
      zones: {fact: scaleSet.rollingUpgradePolicy.enableCrossZoneUpgrade}
      maximumInFlight: {fact: scaleSet.capacity}
    """,
    halt="""
    - name: late
      at: afterBatch
      when: {fact: progress.elapsed, atLeast: PT1H}
      then: halt
      because: "{progress.elapsed} {progress.elapsed}"
    """,
)


def test_a_rule_knows_every_fact_that_it_looks_at_or_speaks_of() -> None:
    named = [
        [fact.name for fact in rule.facts]
        for rule in (POLICY.rules.eligibility[0], POLICY.rules.batching[0], POLICY.rules.halt[0])
    ]
    assert named == [
        ["scaleSet.capacity", "scaleSet.name"],
        [
            "scaleSet.rollingUpgradePolicy.maxBatchInstancePercent",
            "scaleSet.rollingUpgradePolicy.enableCrossZoneUpgrade",
            "scaleSet.capacity",
        ],
        ["progress.elapsed"],
    ]


def test_the_names_of_all_rules_are_known() -> None:
    assert POLICY.rules.names == ("wanted", "own", "late")
