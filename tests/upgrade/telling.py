"""Tells events, phases and what is owed in lines short enough to be read as a story."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from itertools import groupby

from tests.upgrade.building import START_MS
from tidegate.domain.order import ExtensionMove, InstanceOrder
from tidegate.policy.decision import Decision
from tidegate.upgrade.effects import Owed
from tidegate.upgrade.events import (
    Event,
    InstanceFailed,
    InstanceRestored,
    InstanceRestoreFailed,
    InstanceSettled,
    InstanceUpgraded,
)
from tidegate.upgrade.plan import Plan, PlannedInstance
from tidegate.upgrade.state import Upgrade

_ALIKE = (InstanceUpgraded, InstanceSettled, InstanceRestored, InstanceFailed, InstanceRestoreFailed)


def seconds(at_ms: int) -> str:
    """A moment, counted from the start."""
    return f"+{(at_ms - START_MS) / 1000:g}s"


def ids(instance_ids: Sequence[str]) -> str:
    """Instance ids; many are told by the first and the last."""
    if len(instance_ids) > 12:
        return f"{instance_ids[0]}..{instance_ids[-1]} ({len(instance_ids)})"
    return " ".join(instance_ids)


def tell_events(events: Iterable[Event]) -> list[str]:
    """A line for each event; neighbours that differ only in their instance share one."""
    lines: list[str] = []
    for told, group in groupby(((_tell(event), event) for event in events), key=lambda pair: pair[0]):
        alike = [event.instance_id for _, event in group if isinstance(event, _ALIKE)]
        lines.append(told.replace("@", ids(alike)))
    return lines


def _tell(event: Event) -> str:
    words = [type(event).__name__]
    for field in fields(event):
        value = getattr(event, field.name)
        if field.name not in ("at_ms", "spoke", "next_position") and value not in ("", ()):
            words.append(_word(field.name, value))
    return " ".join(words)


def _word(name: str, value: object) -> str:
    if name == "instance_id":
        return "@"
    if isinstance(value, Decision):
        return tell_decision(value)
    if name in ("deadline_ms", "resume_at_ms"):
        assert isinstance(value, int)
        return f"{name.removesuffix('_ms')}={seconds(value)}"
    if isinstance(value, tuple):
        return f"{name.removesuffix('_instance_ids').removesuffix('_ids')}=[{ids(value)}]"
    return f'{name}="{value}"' if name == "message" else f"{name}={value}"


def tell_decision(decision: Decision | None) -> str:
    """Verdict, rule, because."""
    if decision is None:
        return "asked for"
    return f'{decision.verdict.value} {decision.rule or "-"} "{decision.because}"'


def tell_standing(upgrade: Upgrade) -> str:
    """Phase, status and counts in a line."""
    counts = upgrade.progress
    return (
        f"= {upgrade.phase} {upgrade.status}: {counts.successful_count} successful, {counts.failed_count} failed, "
        f"{counts.in_progress_count} in progress, {counts.pending_count} pending"
        + (f", {counts.restored_count} restored" if counts.restored_count else "")
    )


def tell_plan(plan: Plan) -> list[str]:
    """A line for each batch, and for each reason to leave instances alone."""
    lines = [f"batch {batch.number}: {_tell_members(plan, batch.start, batch.size)}" for batch in plan.batches]
    for group in plan.skipped:
        why = f" {tell_decision(group.decision)}" if group.decision else ""
        lines.append(f"skipped {group.reason}: {ids(group.instance_ids)}{why}")
    return lines


def _tell_members(plan: Plan, start: int, size: int) -> str:
    zones: dict[str, list[PlannedInstance]] = {}
    for planned in plan.order[start : start + size]:
        zones.setdefault(planned.zone, []).append(planned)
    told = (
        (f"zone {zone}: " if zone else "") + ids([planned.instance_id for planned in members])
        for zone, members in zones.items()
    )
    return ", ".join(told)


def tell_owed(owed: Owed) -> list[str]:
    """A line for each thing that is owed."""
    lines = [f"observe at {seconds(owed.observe.not_before_ms)}"] if owed.observe else []
    for dispatch in owed.dispatches:
        lines += [f"wave {dispatch.number}: {_tell_order(order)}" for order in dispatch.orders()]
    return lines + ([f"alarm at {seconds(owed.alarm_ms)}"] if owed.alarm_ms is not None else [])


def _tell_order(order: InstanceOrder) -> str:
    moves = (
        f"{move.extension_name} to {move.version}" if isinstance(move, ExtensionMove) else f"image to {move.version}"
        for move in order.moves
    )
    return f"{order.operation_id}: {', '.join(moves)}"
