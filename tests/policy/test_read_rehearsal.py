"""Rehearsals out of YAML."""

import pytest

from tests.policy.texts import source_of
from tidegate.domain.version import Version
from tidegate.policy.fact import Scope
from tidegate.policy.facts import FACTS
from tidegate.policy.moment import Moment
from tidegate.policy.problem import PolicyRefused
from tidegate.policy.read_rehearsal import read_rehearsal

HEAD = "apiVersion: tidegate/v1\nkind: Rehearsal\npolicy: tried\ncases:\n"


def test_facts_are_read_by_their_types_and_the_others_have_their_usual_values() -> None:
    case = """\
  - name: A case.
    at: extension
    facts:
      subscription.enrolled: false
      scaleSet.zones: ["1", "2"]
      scaleSet.tags: {stage: prod}
      scaleSet.rollingUpgradePolicy.maxBatchInstancePercent: 35%
      extension.targetVersion: 1.10
      extension.targetVersionAge: -PT1S
      progress.elapsed: PT5M
      progress.upgradedInstanceCount: 3
    expect: {verdict: ALLOW}
"""
    (read,) = read_rehearsal(source_of(HEAD + case)).cases
    given = {name: value for name, value in read.facts.items() if value != FACTS[name].usual}
    assert given == {
        "subscription.enrolled": False,
        "scaleSet.zones": ("1", "2"),
        "scaleSet.tags": {"stage": "prod"},
        "scaleSet.rollingUpgradePolicy.maxBatchInstancePercent": 35.0,
        "extension.targetVersion": Version("1.10"),
        "extension.targetVersionAge": -1.0,
        "progress.elapsed": 300.0,
        "progress.upgradedInstanceCount": 3,
    }
    assert set(read.facts) == set(FACTS)
    assert (read.question, read.attempted_count, read.rules, read.code) == (Scope.EXTENSION, 3, None, None)


def test_every_part_of_the_answer_is_read() -> None:
    cases = """\
  - name: A stop.
    at: afterBatch
    attempted: 7
    expect: {verdict: HALT, rules: [stop], because: It is so., code: TooMany}
  - {name: A pace., at: batching, expect: {verdict: PACE,
     pace: {batch: [1, 5%], settleTimeout: PT60S, unhealthyFirst: true}}}
"""
    rehearsal = read_rehearsal(source_of(HEAD + cases))
    stop, pace = rehearsal.cases
    assert (stop.question, stop.attempted_count, stop.verdict) == (Moment.AFTER_BATCH, 7, "HALT")
    assert (stop.rules, stop.because, stop.code) == (("stop",), "It is so.", "TooMany")
    assert pace.question is None
    assert pace.pace == (("batch", "1, 5%"), ("settleTimeout", "PT1M"), ("unhealthyFirst", "true"))


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("{name: x, at: extension, expect: {verdict: ALOW}}", "ALOW is no verdict. Did you mean ALLOW?"),
        ("{name: x, at: extensions, expect: {verdict: ALLOW}}", "extensions is no at. Did you mean extension?"),
        ("{name: x, expect: {verdict: ALLOW}}", "at is missing."),
        ("{name: x, at: extension, facts: {moon.phase: 1}, expect: {verdict: ALLOW}}", "There is no moon.phase here."),
        (
            "{name: x, at: extension, facts: {progress.elapsed: 5m}, expect: {verdict: ALLOW}}",
            "progress.elapsed is a duration; 5m is not.",
        ),
        (
            "{name: x, at: extension, facts: {progress.elapsed: -5m}, expect: {verdict: ALLOW}}",
            "progress.elapsed is a duration; 5m is not.",
        ),
        ("{name: x, at: batching, expect: {verdict: PACE, pace: {settleTimeout: 5m}}}", "5m is no duration."),
    ],
)
def test_a_wrong_rehearsal_is_refused_with_its_place(case: str, said: str) -> None:
    with pytest.raises(PolicyRefused) as refused:
        read_rehearsal(source_of(f"{HEAD}  - {case}\n", file="a.yaml"))
    assert str(refused.value.problems[0]).startswith("a.yaml:5:")
    assert said in str(refused.value)


def test_an_empty_rehearsal_is_refused() -> None:
    with pytest.raises(PolicyRefused, match="The file is empty"):
        read_rehearsal(source_of(""))
    with pytest.raises(PolicyRefused, match="must be a map"):
        read_rehearsal(source_of("- x\n"))
