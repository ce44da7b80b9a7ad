"""Luck is the same for the same seed and subject, spread evenly, and a larger draw keeps the smaller one."""

import pytest

from tidegate.fleets.luck import draw, luck

NAMES = [str(number) for number in range(1000)]


def test_luck_is_the_same_every_time_and_in_every_run() -> None:
    assert luck(7, "jitter", "op/1") == luck(7, "jitter", "op/1")
    assert luck(7, "jitter", "op/1") == pytest.approx(0.789587, abs=1e-6)


def test_seed_purpose_and_subject_all_count() -> None:
    drawn = {luck(7, "jitter", "1"), luck(8, "jitter", "1"), luck(7, "share", "1"), luck(7, "jitter", "2")}
    assert len(drawn) == 4
    assert luck(1, "23") != luck(12, "3")
    assert luck(1, "a", "b") != luck(1, "ab")


def test_luck_is_spread_evenly_from_0_to_1() -> None:
    drawn = sorted(luck(7, name) for name in NAMES)
    assert 0 <= drawn[0] < 0.01
    assert 0.99 < drawn[-1] < 1
    assert drawn[500] == pytest.approx(0.5, abs=0.05)


def test_a_draw_is_as_large_as_it_should_be_and_does_not_depend_on_the_order_of_names() -> None:
    assert len(draw(7, "x", NAMES, 137)) == 137
    assert draw(7, "x", NAMES, 137) == draw(7, "x", reversed(NAMES), 137)
    assert draw(7, "x", NAMES, 137) != draw(8, "x", NAMES, 137)
    assert draw(7, "x", NAMES, 0) == frozenset()


def test_a_larger_draw_keeps_the_smaller_one() -> None:
    assert draw(7, "x", NAMES, 10) < draw(7, "x", NAMES, 20)
