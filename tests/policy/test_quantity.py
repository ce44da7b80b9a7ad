"""Percentages and durations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.policy.quantity import MalformedQuantity, read_duration, read_percent, write_duration, write_number


@pytest.mark.parametrize(("text", "percent"), [("20%", 20.0), ("0%", 0.0), ("100%", 100.0), ("2.5%", 2.5)])
def test_percentages_are_numbers_up_to_a_hundred(text: str, percent: float) -> None:
    assert read_percent(text) == percent


@pytest.mark.parametrize("text", ["20", "%", "-1%", "101%", "1000%", "20 %", "2,5%", "٢%", ""])
def test_other_texts_are_no_percentages(text: str) -> None:
    with pytest.raises(MalformedQuantity):
        read_percent(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT0S", 0.0), ("PT5M", 300.0), ("P1D", 86_400.0), ("P1W", 604_800.0), ("P1DT1H1M1.5S", 90_061.5)],
)
def test_durations_are_seconds(text: str, seconds: float) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["5", "5m", "P", "PT", "P1M", "P1Y", "P1DT", "-PT1S", "pt5m", "PT5", ""])
def test_other_texts_are_no_durations(text: str) -> None:
    with pytest.raises(MalformedQuantity, match="ISO 8601"):
        read_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "PT0S"), (90_061.0, "P1DT1H1M1S"), (86_400.0, "P1D"), (0.5, "PT0.5S"), (-1.0, "-PT1S"), (90.0, "PT1M30S")],
)
def test_durations_are_written_shortly(seconds: float, text: str) -> None:
    assert write_duration(seconds) == text


@given(st.integers(0, 10**9))
def test_a_written_duration_is_read_back(seconds: int) -> None:
    assert read_duration(write_duration(float(seconds))) == float(seconds)


@pytest.mark.parametrize(
    ("number", "text"), [(20.0, "20"), (33.3333, "33.33"), (0.0, "0"), (2.5, "2.5"), (100.0, "100")]
)
def test_numbers_are_written_without_needless_digits(number: float, text: str) -> None:
    assert write_number(number) == text
