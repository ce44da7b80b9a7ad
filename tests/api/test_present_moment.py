"""Moments and lengths of time keep their milliseconds and microseconds on the wire."""

from hypothesis import given
from hypothesis import strategies as st

from tidegate.api.present_moment import present_duration, present_moment, present_moment_if_any


@given(st.integers(min_value=0, max_value=253_402_300_799_999))
def test_a_moment_keeps_its_milliseconds(at_ms: int) -> None:
    moment = present_moment(at_ms)
    assert moment.ToMilliseconds() == at_ms
    assert moment.nanos % 1_000_000 == 0


def test_a_moment_that_has_not_come_is_absent() -> None:
    assert present_moment_if_any(None) is None
    assert present_moment_if_any(1_500) == present_moment(1_500)


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_a_duration_keeps_its_microseconds(microseconds: int) -> None:
    assert present_duration(microseconds / 1_000_000).ToMicroseconds() == microseconds
