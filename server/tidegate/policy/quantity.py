"""Percentages and durations as policies write them: `20%`, `P1D`, `PT5M`."""

from __future__ import annotations

import re

from tidegate.domain.duration import MalformedDuration, format_duration, parse_duration

_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)%", re.ASCII)


class MalformedQuantity(ValueError):
    """The text is not a quantity of the kind asked for; the message says how to write one."""


def read_percent(text: str) -> float:
    """The percentage written as `20%` or `2.5%`, as a number from 0 to 100.

    Raises:
        MalformedQuantity: the text is not a percentage, or lies outside 0% to 100%.
    """
    match = _PERCENT.fullmatch(text)
    if match is None:
        raise MalformedQuantity("Write a percentage such as 20%.")
    percent = float(match[1])
    if percent > 100:
        raise MalformedQuantity("A percentage lies between 0% and 100%.")
    return percent


def read_duration(text: str) -> float:
    """The ISO 8601 duration in seconds. Years and months are refused: they have no fixed length.

    Raises:
        MalformedQuantity: the text is not a duration in weeks, days, hours, minutes and seconds.
    """
    try:
        return parse_duration(text)
    except MalformedDuration as malformed:
        advice = "Write an ISO 8601 duration such as PT30S, PT5M, PT1H or P1D (no years or months)."
        raise MalformedQuantity(advice) from malformed


def write_number(number: float) -> str:
    """The number with at most two digits after the point and no needless zeros."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def write_duration(seconds: float) -> str:
    """The seconds as an ISO 8601 duration, with a minus where they are negative (an unknown age is -PT1S)."""
    return f"-{format_duration(-seconds)}" if seconds < 0 else format_duration(seconds)
