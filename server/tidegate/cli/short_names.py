"""Long names made short enough to read: the last part of an id, a digest's beginning, a moment, a length of time."""

from __future__ import annotations

from datetime import datetime, timedelta

from tidegate_client import moment
from tidegate_client.messages import Timestamp, UpgradeTarget

_DIGEST_CHARACTERS = 8
_IDS_SHOWN = 12


def last_part(name: str) -> str:
    """What stands after the last slash: a scale set's own name, an upgrade's id."""
    return name.rstrip("/").rpartition("/")[2]


def group_and_name(scale_set: str) -> str:
    """`group/name` of a scale set's ARM id; other texts as they are."""
    parts = scale_set.split("/")
    return f"{parts[4]}/{parts[8]}" if len(parts) == 9 else scale_set


def digest_start(digest: str) -> str:
    """Enough of a digest to tell two apart by eye."""
    return digest[:_DIGEST_CHARACTERS]


def moment_text(timestamp: Timestamp) -> str:
    """`2026-03-01 12:00:05 UTC`."""
    return f"{moment(timestamp):%Y-%m-%d %H:%M:%S} UTC"


def clock_text(timestamp: Timestamp) -> str:
    """`12:00:05`, for lines whose day is known."""
    return f"{moment(timestamp):%H:%M:%S}"


def length_text(began: Timestamp, ended: Timestamp) -> str:
    """`0.4 s`, `42 s`, `3 min 5 s`, `2 h 7 min` between two moments."""
    return seconds_text(_between(moment(began), moment(ended)).total_seconds())


def seconds_text(seconds: float) -> str:
    """`0.4 s`, `42 s`, `3 min 5 s`, `2 h 7 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minute} min"
    return f"{minute} min {second} s" if minute else f"{second} s"


def size_text(size_bytes: int) -> str:
    """`812 B`, `3.4 KiB`, `27.0 MiB`."""
    if size_bytes < 1_024:
        return f"{size_bytes} B"
    size, unit = size_bytes / 1_024, "KiB"
    if size >= 1_023.95:
        size, unit = size / 1_024, "MiB"
    return f"{size:.1f} {unit}"


def ids_text(instance_ids: list[str]) -> str:
    """`0, 1, 2`; of many, the first few and how many there are in all."""
    if len(instance_ids) <= _IDS_SHOWN:
        return ", ".join(instance_ids)
    return f"{', '.join(instance_ids[: _IDS_SHOWN - 2])}, ... ({len(instance_ids)} instances)"


def target_text(target: UpgradeTarget) -> str:
    """`AzureMonitorLinuxAgent 1.33.1`; `image 22.04.1`."""
    return f"{target.extension_name or 'image'} {target.version}"


def _between(began: datetime, ended: datetime) -> timedelta:
    return ended - began
