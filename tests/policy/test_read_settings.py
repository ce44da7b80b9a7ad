"""The settings of rules."""

import pytest

from tests.policy.texts import policy_of, problems_of, text_of
from tidegate.policy.pace import BatchSize, HealthyFloor

MAX_BATCH = "scaleSet.rollingUpgradePolicy.maxBatchInstancePercent"


def test_sizes_may_be_counts_shares_and_growing_steps() -> None:
    rule = policy_of(batching="- {name: own, batch: [1, 5, 5%, 20%], minimumHealthy: 60%}").rules.batching[0]
    assert rule.batch == (BatchSize(count=1), BatchSize(count=5), BatchSize(percent=5.0), BatchSize(percent=20.0))
    assert rule.minimum_healthy == HealthyFloor(percent=60.0)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("batch: 0", "0 is no amount. A count is at least 1."),
        ("batch: 0%", "0% is no amount. A percentage here is more than 0%."),
        ("batch: 120%", "120% is no amount. A percentage lies between 0% and 100%."),
        ("batch: many", "many is no amount. Write a count such as 5 or a percentage such as 20%."),
        (
            "batch: [5, 1]",
            "This step is smaller than the one before. Batches grow from step to step: put the smaller one first.",
        ),
        ("batch: [20%, 5%]", "This step is smaller than the one before."),
        ("batch: []", "batch is empty."),
        ("batch: 2.5", "batch must be a text or a whole number or a map or a list, and 2.5 is not."),
        ("batch: true", "batch must be"),
        (
            "batch: {fact: scaleSet.name}",
            "scaleSet.name is a string. Name a fact that is a percent or an integer here.",
        ),
        ("batch: {fact: scaleSet.nam}", "There is no fact scaleSet.nam. Did you mean scaleSet.name?"),
        (
            "batch: {fact: instance.faultDomain}",
            "instance.faultDomain is not known in batching. It may be asked for in eligibility.",
        ),
        ("batch: 1, pauseBetweenBatches: 5", "pauseBetweenBatches must be a map or a text, and 5 is not."),
        ("batch: 1, pauseBetweenBatches: 5m", "5m is no duration. Write an ISO 8601 duration such as"),
        ("batch: 1, pauseBetweenBatches: P31D", "P31D is out of range. Write a duration from PT0S to P30D."),
        ("batch: 1, settleTimeout: P2D", "P2D is out of range. Write a duration from PT0S to P1D."),
        ("batch: 1, instanceTimeout: PT0S", "PT0S is out of range. Write a duration from PT1S to P1D."),
        (
            "batch: 1, settleTimeout: {fact: scaleSet.capacity}",
            "scaleSet.capacity is an integer. Name a fact that is a duration here.",
        ),
        ("batch: 1, unhealthyFirst: 'true'", "unhealthyFirst must be a map or true or false, and true is not."),
        ("batch: 1, unhealthyFirst: {fact: scaleSet.capacity}", "Name a fact that is a boolean here."),
        ("batch: 1, zones: apart", "apart is no zones. Write one of oneAfterAnother, together."),
        ("batch: 1, zones: togehter", "togehter is no zones. Did you mean together?"),
        (
            "batch: 1, zones: {fact: scaleSet.zones}",
            "scaleSet.zones is a list of strings. Name a fact that is a boolean here.",
        ),
        ("batch: 1, faultDomains: spred", "spred is no faultDomains. Did you mean spread?"),
        ("batch: 1, minimumHealthy: 101%", "101% is no amount."),
        ("batch: 1, maximumInFlight: 0", "0 is no maximumInFlight. Write 1 or more."),
        ("batch: 1, maximumInFlight: 5%", "maximumInFlight must be a map or a whole number, and 5% is not."),
        (
            "batch: 1, failedInstances: forget",
            "forget is no failedInstances. Write one of restorePreviousVersion, leave, restoreWhenAutomatic.",
        ),
        ("batch: 1, because: '{scaleSet.nam}'", "There is no fact scaleSet.nam. Did you mean scaleSet.name?"),
        ("batch: 1, because: '{instance.id}'", "instance.id is not known in batching."),
        ("batch: 1, because: 'a { b'", "A brace stands alone in this text. Write {{ where a brace itself is meant"),
        ("batch: 1, because: ''", "because is empty."),
    ],
)
def test_a_wrong_setting_is_refused_with_advice(settings: str, said: str) -> None:
    (problem,) = problems_of(text_of(batching=f"- {{name: own, {settings}}}"))
    assert problem.startswith("tried.yaml:5:")
    assert said in problem


def test_each_wrong_step_is_told() -> None:
    found = problems_of(text_of(batching=f"- {{name: own, batch: [0, x, {{fact: {MAX_BATCH}}}, 0%]}}"))
    assert [problem.split(": ")[0] for problem in found] == ["tried.yaml:5:25", "tried.yaml:5:28", "tried.yaml:5:94"]
