"""Rules out of YAML, and rules that could never have a say."""

from tests.policy.texts import policy_of, problems_of, text_of
from tidegate.policy.decision import Verdict
from tidegate.policy.moment import Moment


def test_every_part_of_a_halt_rule_is_read() -> None:
    halt = """
    - name: failing
      at: duringBatch
      when: {fact: progress.failedInstanceCount, atLeast: 1}
      minimumSample: 5
      then: rollBackFailed
      because: Some fail.
      code: TooMany
      evenWhenForced: true
    - {name: ask-first, at: beforeBatch, then: pause, because: Somebody wants to look.}
    """
    failing, ask_first = policy_of(halt=halt).rules.halt
    assert (failing.name, failing.at, failing.minimum_sample) == ("failing", Moment.DURING_BATCH, 5)
    assert (failing.verdict, failing.code, failing.even_when_forced) == (Verdict.ROLL_BACK_FAILED, "TooMany", True)
    assert str(failing.place) == "tried.yaml:5:5"
    assert (ask_first.when, ask_first.minimum_sample, ask_first.even_when_forced) == (None, 0, False)
    assert (ask_first.verdict, ask_first.code) == (Verdict.PAUSE, "RollingUpgradeHaltedByPolicy")


def test_retries_are_read() -> None:
    retry = policy_of(rest="retry: {after: P1D, attempts: 3}\n").retry
    assert retry is not None
    assert (retry.after_seconds, retry.attempts) == (86_400.0, 3)
    assert policy_of().retry is None


def test_rules_behind_one_that_always_fits_are_refused() -> None:
    batching = """
    - {name: always, batch: 20%}
    - {name: never, when: {fact: scaleSet.capacity, atLeast: 100}, batch: 5%}
    - {name: neither, batch: 10%}
    """
    assert problems_of(text_of(batching=batching)) == [
        "tried.yaml:6:12: This rule can never set the pace: the rule always before it fits always."
        " Move it up, or give the other one a condition.",
        "tried.yaml:7:12: This rule can never set the pace: the rule always before it fits always."
        " Move it up, or give the other one a condition.",
    ]


def test_a_rule_with_the_condition_of_an_earlier_one_is_refused() -> None:
    batching = """
    - {name: large, when: {fact: scaleSet.capacity, atLeast: 100}, batch: 5%}
    - {name: large-too, when: {atLeast: 100, fact: scaleSet.capacity}, batch: 10%}
    - {name: always, batch: 10%}
    """
    assert problems_of(text_of(batching=batching)) == [
        "tried.yaml:6:12: This rule can never set the pace: the rule large before it has the same condition."
        " Change the condition or remove the rule.",
    ]


def test_batching_that_leaves_some_upgrades_without_a_pace_is_refused() -> None:
    assert problems_of(
        text_of(batching="- {name: large, when: {fact: scaleSet.capacity, atLeast: 100}, batch: 5%}")
    ) == [
        "tried.yaml:4:1: An upgrade that fits none of the batching rules would have no pace."
        " End batching with a rule without when."
    ]


def test_a_name_stands_once_in_the_whole_policy() -> None:
    text = text_of(
        eligibility="- {name: plain, when: {fact: scaleSet.capacity, atLeast: 3}, deny: It is so.}",
        halt="- {name: plain, at: afterBatch, then: halt, because: It is so.}",
    )
    assert problems_of(text) == [
        "tried.yaml:7:12: A rule named plain stands already at tried.yaml:5:12."
        " Give every rule of the policy its own name.",
        "tried.yaml:9:12: A rule named plain stands already at tried.yaml:5:12."
        " Give every rule of the policy its own name.",
    ]


def test_wrong_words_and_missing_keys_of_a_halt_rule_are_told_at_once() -> None:
    halt = """
    - name: Failing
      at: afterbatch
      then: rollback
      code: too many
      minimumSample: 0
      evenWhenForced: 1
    """
    assert problems_of(text_of(halt=halt)) == [
        "tried.yaml:5:5: because is missing. Add because: to this entry of halt.",
        "tried.yaml:5:11: Failing is no name. Write lower-case words joined by dashes, such as small-steps.",
        "tried.yaml:6:9: afterbatch is no at. Did you mean afterBatch?",
        "tried.yaml:7:11: rollback is no then. Did you mean rollBack?",
        "tried.yaml:8:11: too many is no code. Write one word of letters and digits, such as TooManyFailures.",
        "tried.yaml:9:20: 0 is no minimumSample. Write 1 or more.",
        "tried.yaml:10:21: evenWhenForced must be true or false, and 1 is not."
        " Speaks in a forced upgrade too. Default false: force skips the health stops.",
    ]


def test_wrong_retries_are_refused() -> None:
    assert problems_of(text_of(rest="retry: {after: PT1S, attempts: 0}\n")) == [
        "tried.yaml:4:16: PT1S is out of range. Write a duration from PT1M to P365D.",
        "tried.yaml:4:32: 0 is no attempts. Write 1 or more.",
    ]
