"""When hosts are asked."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.fleets.probing.schedule import JITTER_PERCENT, next_due_ms, place_of

NOW_MS = 1_760_000_000_000
INTERVAL_MS = 15_000


def test_a_place_follows_from_the_key_alone() -> None:
    assert place_of("web/0") == 16860312452999000457
    assert place_of("web/0") != place_of("web/1")


@given(st.text(max_size=20), st.integers(1, 3_600_000), st.integers(0, 4_000_000_000_000))
def test_the_next_moment_comes_within_an_interval_and_its_jitter(key: str, interval_ms: int, after_ms: int) -> None:
    place, stray_ms = place_of(key), interval_ms * JITTER_PERCENT // 100
    first = next_due_ms(place, interval_ms, after_ms)
    assert after_ms < first <= after_ms + interval_ms + 2 * stray_ms
    second = next_due_ms(place, interval_ms, first)
    assert interval_ms - 2 * stray_ms <= second - first <= interval_ms + 2 * stray_ms


@pytest.mark.parametrize("place", [0, 1, 7, 50, 93, 97, 99, 2**64 - 1])
def test_no_moment_is_left_out_whenever_it_is_asked_for(place: int) -> None:
    interval_ms = 100
    found = {after_ms: next_due_ms(place, interval_ms, after_ms) for after_ms in range(1_000, 4_000)}
    moments = sorted(set(found.values()))
    assert 29 <= len(moments) <= 32
    for after_ms, due_ms in found.items():
        assert due_ms == next(moment for moment in moments if moment > after_ms)


@given(st.integers(0, 100), st.integers(0, INTERVAL_MS))
def test_whoever_asks_a_little_later_is_told_the_same_moment(number: int, later_ms: int) -> None:
    place = place_of(f"host-{number}")
    due = next_due_ms(place, INTERVAL_MS, NOW_MS)
    if NOW_MS + later_ms < due:
        assert next_due_ms(place, INTERVAL_MS, NOW_MS + later_ms) == due


@pytest.mark.parametrize("joined_at_ms", [NOW_MS, NOW_MS + 7_777])
def test_hosts_that_join_at_one_moment_are_spread_over_the_interval(joined_at_ms: int) -> None:
    due = [next_due_ms(place_of(f"web/virtualMachines/{n}"), INTERVAL_MS, joined_at_ms) for n in range(5_000)]
    by_second = Counter((at_ms - joined_at_ms) // 1_000 for at_ms in due)
    fair = 5_000 / 15
    assert all(0.75 * fair < by_second[second] < 1.25 * fair for second in range(1, 14))


def test_hosts_stray_around_their_place_and_never_drift() -> None:
    place = place_of("web/0")
    at_ms, moments = NOW_MS, []
    for _ in range(1_000):
        at_ms = next_due_ms(place, INTERVAL_MS, at_ms)
        moments.append(at_ms)
    places = [(at_ms - place % INTERVAL_MS + INTERVAL_MS // 2) % INTERVAL_MS - INTERVAL_MS // 2 for at_ms in moments]
    assert max(map(abs, places)) <= INTERVAL_MS * JITTER_PERCENT // 100
    assert len(set(places)) > 400, "it strays"
    assert len(moments) == len(set(moments)) == 1_000
    assert moments[-1] - moments[0] == pytest.approx(999 * INTERVAL_MS, abs=2 * INTERVAL_MS * JITTER_PERCENT // 100)
