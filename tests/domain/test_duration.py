"""Durations as ARM writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.duration import MalformedDuration, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT0S", 0),
        ("PT30S", 30),
        ("PT1.5S", 1.5),
        ("PT10M", 600),
        ("PT2H", 7_200),
        ("P1D", 86_400),
        ("P2W", 1_209_600),
        ("P1DT2H3M4.000001S", 93_784.000001),
        ("PT90M", 5_400),
    ],
)
def test_a_duration_is_a_number_of_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "P1Y", "P1M", "10M", "PT10", "PT1H1H", "pt1s", "PT-1S", "PT1,5S", "PT1S ", "P1H"]
)
def test_anything_else_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(MalformedDuration, match="PT10M") as refusal:
        parse_duration(text)
    assert refusal.value.text == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "PT0S"), (30, "PT30S"), (600, "PT10M"), (86_400, "P1D"), (93_784, "P1DT2H3M4S"), (0.25, "PT0.25S")],
)
def test_a_duration_is_written_as_short_as_can_be(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.integers(min_value=0, max_value=10**15).map(lambda microseconds: microseconds / 1_000_000))
def test_what_is_written_is_read_as_the_same(seconds: float) -> None:
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, abs=1e-6)


def test_a_negative_duration_is_a_broken_promise_of_the_caller() -> None:
    with pytest.raises(AssertionError):
        format_duration(-1)
