"""ISO 8601 durations, the way ARM writes them: `PT0S`, `PT10M`, `P1DT12H`.

Law: only units of a fixed length are durations here. Years and months are refused, because nobody can say how long
a pause of one month is.
"""

from __future__ import annotations

import re

_SHAPE = re.compile(
    r"P(?:(?P<weeks>\d{1,9})W)?(?:(?P<days>\d{1,9})D)?"
    r"(?:T(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,9}(?:\.\d{1,6})?)S)?)?",
    re.ASCII,
)
_SECONDS = {"weeks": 604_800.0, "days": 86_400.0, "hours": 3_600.0, "minutes": 60.0, "seconds": 1.0}


class MalformedDuration(ValueError):
    """The text is not an ISO 8601 duration of weeks, days, hours, minutes and seconds."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is not a duration: write ISO 8601 such as PT30S, PT10M or P1DT12H")
        self.text = text


def parse_duration(text: str) -> float:
    """The length of `text` in seconds.

    Raises:
        MalformedDuration: the text has another shape, names years or months, or names no unit at all.
    """
    match = _SHAPE.fullmatch(text)
    if match is None or text.endswith("T") or not any(match.groupdict().values()):
        raise MalformedDuration(text)
    return sum(float(match[unit] or 0) * seconds for unit, seconds in _SECONDS.items())


def format_duration(seconds: float) -> str:
    """The shortest ISO 8601 text for `seconds` (not negative), in days, hours, minutes and seconds; `PT0S` for none."""
    assert seconds >= 0, f"a duration cannot be negative: {seconds}"
    whole, fraction = divmod(round(seconds * 1_000_000), 1_000_000)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    second_text = f"{second}.{fraction:06d}".rstrip("0") if fraction else str(second)
    date = f"{day}D" if day else ""
    time = (
        (f"{hour}H" if hour else "")
        + (f"{minute}M" if minute else "")
        + (f"{second_text}S" if second or fraction else "")
    )
    if not date and not time:
        return "PT0S"
    return f"P{date}T{time}" if time else f"P{date}"
