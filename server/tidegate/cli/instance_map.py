"""The map of an upgrade: one sign for every instance, or one for several where there are too many.

Law: a row never hides a failure. Where one sign stands for several instances it is that of the gravest status.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from tidegate.cli.palette import GRAVEST_FIRST, SPINNING, UNKNOWN_SIGN, Sign, sign_of
from tidegate.cli.watch_picture import Picture, Row
from tidegate_client.messages import InstanceStatus

MOST_SIGNS = 500
"""Above so many instances one sign stands for several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much may be drawn: columns and lines, whether signs may be Unicode, and the tick that turns the spinners."""

    columns: int
    lines: int
    is_unicode: bool
    tick: int = 0


def map_lines(picture: Picture, room: Room) -> list[Text]:
    """The map, one or more lines for each zone; within `room` if at all possible."""
    if not picture.rows:
        return []
    label_columns = max(len(row.label) for row in picture.rows) + 2
    columns = max(10, room.columns - label_columns)
    per_sign = _per_sign(picture.rows, columns, room.lines)
    lines: list[Text] = []
    for row in picture.rows:
        signs = list(_signs(picture, row, per_sign))
        for start in range(0, len(signs), columns):
            label = row.label if start == 0 else ""
            line = Text(label.ljust(label_columns), style="dim", no_wrap=True)
            for sign in signs[start : start + columns]:
                line.append(
                    _drawn(sign, room), style=f"not dim {sign.style}" if "dim" not in sign.style else sign.style
                )
            lines.append(line)
    if per_sign > 1:
        lines.append(Text(f"{'':{label_columns}}one sign stands for up to {per_sign} instances", style="dim"))
    return lines


def legend(picture: Picture, room: Room) -> Text:
    """What each sign that is on the map means, and how many there are."""
    counts = picture.counts()
    line = Text()
    for status in reversed(GRAVEST_FIRST):
        if counts[status]:
            sign = sign_of(status)
            line.append("   " if line.plain else "").append(_drawn(sign, room), style=sign.style)
            line.append(f" {counts[status]} {sign.word}")
    return line


def _per_sign(rows: Sequence[Row], columns: int, lines: int) -> int:
    """How many instances one sign must stand for, so that the map fits."""
    total = sum(len(row.instance_ids) for row in rows)
    per_sign = max(1, -(-total // MOST_SIGNS))
    while _lines_needed(rows, columns, per_sign) > max(lines, len(rows)):
        per_sign += 1 if per_sign < 10 else per_sign // 4
    return per_sign


def _lines_needed(rows: Sequence[Row], columns: int, per_sign: int) -> int:
    return sum(-(-len(row.instance_ids) // (per_sign * columns)) for row in rows) + (per_sign > 1)


def _signs(picture: Picture, row: Row, per_sign: int) -> Iterator[Sign]:
    for start in range(0, len(row.instance_ids), per_sign):
        # Few statuses and many instances: a set is a tenth of the work of comparing them all.
        yield _gravest(set(map(picture.statuses.get, row.instance_ids[start : start + per_sign])))


def _gravest(statuses: Collection[InstanceStatus.ValueType | None]) -> Sign:
    return next((sign_of(status) for status in GRAVEST_FIRST if status in statuses), UNKNOWN_SIGN)


def _drawn(sign: Sign, room: Room) -> str:
    if not room.is_unicode:
        return sign.letter
    return SPINNING[room.tick % len(SPINNING)] if sign.glyph in SPINNING else sign.glyph
