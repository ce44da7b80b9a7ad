"""One upgrade on a page, and many in a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from tidegate.cli.console import facts_grid, table
from tidegate.cli.decision_page import decision_page
from tidegate.cli.palette import STATUS_STYLES, sign_of
from tidegate.cli.short_names import (
    clock_text,
    digest_start,
    group_and_name,
    last_part,
    length_text,
    moment_text,
    target_text,
)
from tidegate_client import phase_word, status_word, word
from tidegate_client.messages import (
    InstanceProgress,
    Phase,
    Progress,
    RollingUpgrade,
    Trigger,
    UpgradeError,
    UpgradeKind,
)

_DETAILS_SHOWN = 10


def status_text(upgrade: RollingUpgrade) -> Text:
    """Azure's status, and the finer phase where the upgrade is under way."""
    text = Text(status_word(upgrade.status), style=STATUS_STYLES.get(upgrade.status, ""))
    if upgrade.phase not in {Phase.PHASE_UNSPECIFIED, Phase.PHASE_ENDED}:
        text.append(f"  {phase_word(upgrade.phase)}", style="dim not bold")
    return text


def progress_text(progress: Progress) -> str:
    """`8 done, 1 failed, 2 under way, 13 waiting, 3 left alone, 1 brought back`, without the zeros at the end."""
    told = [
        f"{progress.successful_instance_count} done",
        f"{progress.failed_instance_count} failed",
        f"{progress.in_progress_instance_count} under way",
        f"{progress.pending_instance_count} waiting",
    ]
    if progress.skipped_instance_count:
        told.append(f"{progress.skipped_instance_count} left alone")
    if progress.restored_instance_count:
        told.append(f"{progress.restored_instance_count} brought back")
    return ", ".join(told)


def upgrade_page(upgrade: RollingUpgrade, instances: Sequence[InstanceProgress] = ()) -> RenderableType:
    """All that is known of one upgrade, and every instance's part where it is given."""
    page: list[RenderableType] = [facts_grid(_facts(upgrade))]
    if instances:
        page += [Text(), instances_table(instances)]
    return Group(*page)


def _facts(upgrade: RollingUpgrade) -> Iterator[tuple[str, RenderableType]]:
    yield "upgrade", upgrade.name or "(none: nothing was started)"
    yield "status", status_text(upgrade)
    yield "kind", _kind(upgrade)
    if upgrade.targets:
        yield "to", ", ".join(target_text(target) for target in upgrade.targets)
    yield "progress", progress_text(upgrade.progress)
    yield "batch", f"{upgrade.batch_number} of {upgrade.planned_batch_count} planned"
    yield "policy", f"{upgrade.policy} ({digest_start(upgrade.policy_digest)})"
    if upgrade.HasField("start_time"):
        yield "started", moment_text(upgrade.start_time)
    if upgrade.HasField("end_time"):
        yield "ended", f"{moment_text(upgrade.end_time)}, after {length_text(upgrade.start_time, upgrade.end_time)}"
    if upgrade.HasField("error"):
        yield "error", _error(upgrade.error)
    if upgrade.HasField("last_decision"):
        yield "decision", decision_page(upgrade.last_decision)


def _kind(upgrade: RollingUpgrade) -> str:
    kind = f"{word(UpgradeKind, upgrade.kind)}, {word(Trigger, upgrade.trigger)}"
    return f"{kind}, forced" if upgrade.force else kind


def _error(error: UpgradeError) -> RenderableType:
    lines = [Text(error.code, style="red"), Text(error.message)]
    lines += [
        Text(f"{last_part(detail.target)}: {detail.code}: {detail.message}")
        for detail in error.details[:_DETAILS_SHOWN]
    ]
    if (more := len(error.details) - _DETAILS_SHOWN) > 0:
        lines.append(Text(f"and {more} more instances"))
    return Group(*lines)


def instances_table(instances: Iterable[InstanceProgress]) -> RenderableType:
    """Every instance's part, in the plan's order."""
    return table(
        ["instance", "zone", "batch", "status", "since", "why"],
        (
            [
                each.instance_id,
                each.zone or "-",
                str(each.batch_number or "-"),
                Text(sign_of(each.status).word, style=sign_of(each.status).style),
                clock_text(each.change_time) if each.HasField("change_time") else "-",
                ": ".join(filter(None, [each.code, each.message])),
            ]
            for each in instances
        ),
        empty="It has no instances.",
    )


def upgrades_table(upgrades: Iterable[RollingUpgrade]) -> RenderableType:
    """One line for each upgrade."""
    return table(
        ["upgrade", "scale set", "kind", "status", "started", "progress"],
        (
            [
                last_part(each.name),
                group_and_name(each.scale_set),
                _kind(each),
                status_text(each),
                moment_text(each.start_time),
                progress_text(each.progress),
            ]
            for each in upgrades
        ),
        empty="There are no rolling upgrades.",
    )
