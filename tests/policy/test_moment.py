"""The moments of a rolling upgrade are the words of the policy language."""

from tidegate.policy.moment import Moment


def test_the_moments_are_the_words_after_at() -> None:
    assert {moment.value for moment in Moment} == {"beforeBatch", "duringBatch", "afterBatch"}
