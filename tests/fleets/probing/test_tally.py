"""When answers decide what a probe says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.health import ProbeState
from tidegate.fleets.probing.tally import UNDECIDED, counted

LETTERS = {ProbeState.INITIALIZING: "i", ProbeState.HEALTHY: "H", ProbeState.UNHEALTHY: "U"}


def states(answers: str, threshold: int) -> str:
    """What the probe says after each answer: + is well, - is not."""
    tally, said = UNDECIDED, ""
    for answer in answers:
        tally = counted(tally, is_well=answer == "+", threshold=threshold)
        said += LETTERS[tally.state]
    return said


@pytest.mark.parametrize(
    ("threshold", "answers", "said"),
    [
        (1, "+", "H"),
        (1, "-", "U"),
        (1, "+-+", "HUH"),
        (2, "+", "i"),
        (2, "++", "iH"),
        (2, "--", "iU"),
        (2, "+-+-", "iiii"),  # flaps: nothing is decided
        (2, "+-++", "iiiH"),
        (2, "++-+-+", "iHHHHH"),  # flaps: what was decided holds
        (2, "++--++", "iHHUUH"),
        (3, "+++--+---", "iiHHHHHHU"),
        (3, "++-", "iii"),
        (3, "--+--+--", "iiiiiiii"),
        (3, "---" + "+" * 3, "iiUUUH"),
    ],
)
def test_equal_answers_in_a_row_decide(threshold: int, answers: str, said: str) -> None:
    assert states(answers, threshold) == said


@given(st.text(alphabet="+-", max_size=60), st.integers(1, 7))
def test_the_state_is_that_of_the_last_run_that_was_long_enough(answers: str, threshold: int) -> None:
    expected = "i"
    for end in range(len(answers) + 1):
        run = answers[max(0, end - threshold) : end]
        if len(run) == threshold and len(set(run)) == 1:
            expected = "H" if run[0] == "+" else "U"
        assert (states(answers[:end], threshold) or "i")[-1] == expected


@given(st.text(alphabet="+-", min_size=1, max_size=60), st.integers(1, 7))
def test_a_count_never_grows_beyond_the_threshold(answers: str, threshold: int) -> None:
    tally = UNDECIDED
    for answer in answers:
        tally = counted(tally, is_well=answer == "+", threshold=threshold)
        assert 1 <= tally.equal <= threshold
