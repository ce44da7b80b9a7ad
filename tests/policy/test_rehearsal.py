"""Rehearsals of policies."""

import pytest

from tests.policy.texts import policy_of, source_of
from tidegate.policy.problem import PolicyRefused
from tidegate.policy.rehearsal import Rehearsed, rehearse

POLICY = policy_of(
    eligibility="""
    - {name: large-enough, when: {fact: scaleSet.capacity, lessThan: 3}, deny: "{scaleSet.capacity} are few."}
    - {name: unprotected, when: {fact: instance.isProtected, equals: true}, deny: It is protected.}
    """,
    halt="- {name: late, at: afterBatch, when: {fact: progress.elapsed, atLeast: PT1H}, then: halt, because: Late.}",
)


def _rehearsed(*cases: str, policy: str = "tried") -> Rehearsed:
    text = f"apiVersion: tidegate/v1\nkind: Rehearsal\npolicy: {policy}\ncases:\n" + "".join(
        f"  - {{name: case, {case}}}\n" for case in cases
    )
    return rehearse(POLICY, source_of(text, file="rehearsal.yaml"))


def test_cases_that_are_answered_as_expected_pass() -> None:
    rehearsed = _rehearsed(
        "at: scaleSet, expect: {verdict: ALLOW, rules: []}",
        "at: scaleSet, facts: {scaleSet.capacity: 2},"
        " expect: {verdict: DENY, rules: [large-enough], because: 2 are few.}",
        "at: batching, expect: {verdict: PACE, rules: [plain], pace: {batch: 20%, zones: oneAfterAnother}}",
        "at: afterBatch, facts: {progress.elapsed: PT2H}, expect: {verdict: HALT, code: RollingUpgradeHaltedByPolicy}",
    )
    assert rehearsed.passed
    assert str(rehearsed.results[0].place) == "rehearsal.yaml:5:5"


@pytest.mark.parametrize(
    ("case", "difference"),
    [
        ("at: scaleSet, expect: {verdict: DENY}", "the verdict should be DENY and is ALLOW: no rule denies it"),
        (
            "at: scaleSet, facts: {scaleSet.capacity: 2}, expect: {verdict: DENY, rules: [unprotected]}",
            "the rules unprotected should speak, and these do: large-enough",
        ),
        (
            "at: scaleSet, facts: {scaleSet.capacity: 2}, expect: {verdict: DENY, because: 3 are few.}",
            'the because should be "3 are few." and is "2 are few."',
        ),
        (
            "at: afterBatch, facts: {progress.elapsed: PT2H}, expect: {verdict: HALT, code: TooLate}",
            "the code should be TooLate and is RollingUpgradeHaltedByPolicy",
        ),
        ("at: afterBatch, expect: {verdict: GO_ON, rules: [late]}", "the rules late should speak, and these do: none"),
        ("at: batching, expect: {verdict: PACE, pace: {batch: 25%}}", "batch should be 25% and is 20%"),
        (
            "at: batching, expect: {verdict: PACE, pace: {maximumInFlight: 5}}",
            "maximumInFlight should be 5 and is not set",
        ),
    ],
)
def test_a_difference_is_told_in_a_sentence(case: str, difference: str) -> None:
    rehearsed = _rehearsed(case)
    assert not rehearsed.passed
    assert rehearsed.results[0].differences == (difference,)


def test_the_rules_that_speak_are_told_in_the_order_of_the_file() -> None:
    policy = policy_of(eligibility="- {name: first, deny: It is so.}\n- {name: second, deny: It is so.}")
    head = "apiVersion: tidegate/v1\nkind: Rehearsal\npolicy: tried\ncases:\n"
    for rules, passed in (("[first, second]", True), ("[second, first]", False)):
        case = f"  - {{name: both, at: scaleSet, expect: {{verdict: DENY, rules: {rules}}}}}\n"
        assert rehearse(policy, source_of(head + case)).passed is passed


def test_rules_that_no_case_moved_are_named() -> None:
    rehearsed = _rehearsed("at: scaleSet, facts: {scaleSet.capacity: 2}, expect: {verdict: DENY}")
    assert rehearsed.never_spoke == ("unprotected", "plain", "late")
    assert rehearsed.never_silent == ("large-enough", "unprotected", "late")


def test_a_rehearsal_of_another_policy_is_refused() -> None:
    with pytest.raises(PolicyRefused) as refused:
        _rehearsed("at: scaleSet, expect: {verdict: ALLOW}", policy="other")
    assert str(refused.value) == (
        "rehearsal.yaml:3:9: This rehearsal is for other, not for tried. Write policy: tried or rehearse other."
    )


def test_a_rule_that_the_policy_does_not_have_is_refused() -> None:
    with pytest.raises(PolicyRefused, match=r"tried has no rule large-enoug\. Did you mean large-enough\?"):
        _rehearsed("at: scaleSet, expect: {verdict: DENY, rules: [large-enoug]}")
