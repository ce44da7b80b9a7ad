"""Events as lines: what happened, in words, one line each; for logs and for terminals that cannot draw."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from tidegate.cli.decision_page import fact_line
from tidegate.cli.palette import STATUS_STYLES, STOPPING
from tidegate.cli.short_names import clock_text, group_and_name, ids_text, last_part, length_text, target_text
from tidegate.cli.upgrade_page import progress_text
from tidegate.cli.watch_picture import Picture
from tidegate_client import WatchItem, status_word, verdict_word
from tidegate_client.messages import Decision, EventType, InstanceStatus, UpgradeEvent, UpgradeSnapshot

_PLAIN = {
    EventType.EVENT_TYPE_UPGRADE_STARTED: "started",
    EventType.EVENT_TYPE_SETTLING_BEGAN: "waiting for health",
    EventType.EVENT_TYPE_BATCH_SETTLED: "batch {batch} settled",
    EventType.EVENT_TYPE_CANCEL_ACCEPTED: "cancelled by a caller; what was begun finishes",
    EventType.EVENT_TYPE_UPGRADE_RESUMED: "resumed",
    EventType.EVENT_TYPE_REST_ENDED: "the pause between batches is over",
    EventType.EVENT_TYPE_ROLLING_BACK_BEGAN: "rolling back",
    EventType.EVENT_TYPE_WAVE_BEGAN: "upgrading {ids}",
    EventType.EVENT_TYPE_RESTORE_BEGAN: "bringing back {ids}",
    EventType.EVENT_TYPE_INSTANCE_SETTLED: "{ids} is healthy",
    EventType.EVENT_TYPE_INSTANCE_FAILED: "{ids} failed: {code}: {message}",
    EventType.EVENT_TYPE_INSTANCE_RESTORED: "{ids} is back at its previous version",
    EventType.EVENT_TYPE_INSTANCE_RESTORE_FAILED: "{ids} could not be brought back: {code}: {message}",
    EventType.EVENT_TYPE_BATCH_STARTED: "batch {batch} of {batches}: {ids}",
    EventType.EVENT_TYPE_BATCH_JUDGED: "batch {batch} judged: {verdict}",
    EventType.EVENT_TYPE_HALT_DECIDED: "stopped: {verdict}",
    EventType.EVENT_TYPE_UPGRADE_PAUSED: "paused",
}
_ENDINGS = frozenset(
    {
        EventType.EVENT_TYPE_UPGRADE_COMPLETED,
        EventType.EVENT_TYPE_UPGRADE_CANCELLED,
        EventType.EVENT_TYPE_UPGRADE_FAULTED,
    }
)
_SILENT = frozenset({EventType.EVENT_TYPE_HEALTH_OBSERVED})
"""What happens all the time and tells a reader nothing."""
_STYLES = {
    EventType.EVENT_TYPE_INSTANCE_FAILED: "red",
    EventType.EVENT_TYPE_INSTANCE_RESTORE_FAILED: "red",
    EventType.EVENT_TYPE_HALT_DECIDED: "bold red",
}


def lines_of(item: WatchItem, picture: Picture) -> Iterator[Text]:
    """The lines for `item`; `picture` has taken it already."""
    match item:
        case UpgradeSnapshot():
            yield from _snapshot_lines(item)
            if picture.is_ended:
                if item.rolling_upgrade.HasField("error"):
                    yield Text(item.rolling_upgrade.error.message, style="red")
                yield final_line(picture)
        case UpgradeEvent():
            if item.type not in _SILENT:
                yield from _event_lines(item, picture)


def final_line(picture: Picture) -> Text:
    """How the upgrade ended, after how long, and its counts."""
    upgrade = picture.upgrade
    line = Text(status_word(upgrade.status), style=STATUS_STYLES.get(upgrade.status, ""))
    if upgrade.HasField("start_time") and upgrade.HasField("end_time"):
        line.append(f" after {length_text(upgrade.start_time, upgrade.end_time)}", style="not bold default")
    return line.append(f": {progress_text(upgrade.progress)}", style="not bold default")


def _snapshot_lines(snapshot: UpgradeSnapshot) -> Iterator[Text]:
    upgrade = snapshot.rolling_upgrade
    head = Text(f"{group_and_name(upgrade.scale_set)}  ", style="bold")
    head.append(f"upgrade {last_part(upgrade.name)}  policy {upgrade.policy}", style="not bold")
    yield head
    if upgrade.targets:
        yield Text(f"to {', '.join(target_text(target) for target in upgrade.targets)}")
    yield Text(f"{progress_text(upgrade.progress)}; {upgrade.planned_batch_count} batches planned")


def _event_lines(event: UpgradeEvent, picture: Picture) -> Iterator[Text]:
    line = Text(f"{clock_text(event.time)}  ", style="dim")
    if event.type in _ENDINGS:
        yield line.append_text(final_line(picture))
        return
    line.append(_sentence(event, picture), style=_STYLES.get(event.type, "not dim"))
    is_telling = event.HasField("decision") and event.decision.verdict in STOPPING
    if is_telling and event.decision.place:
        line.append(f"  {event.decision.rule}", style="bold not dim").append(f"  {event.decision.place}", style="cyan")
    yield line
    if is_telling and event.type != EventType.EVENT_TYPE_BATCH_JUDGED:
        yield from _reasons(event.decision)


def _reasons(decision: Decision) -> Iterator[Text]:
    indent = " " * 10
    yield Text(f"{indent}{decision.because}")
    for seen in decision.facts:
        yield Text(indent).append_text(fact_line(seen))


def _sentence(event: UpgradeEvent, picture: Picture) -> str:
    if event.type == EventType.EVENT_TYPE_INSTANCE_UPGRADED:
        waits = [
            each for each in event.instance_ids if picture.statuses.get(each) == InstanceStatus.INSTANCE_STATUS_SETTLING
        ]
        return f"{ids_text(list(event.instance_ids))} upgraded" + (", not healthy yet" if waits else "")
    words = _PLAIN.get(event.type, f"event {event.type}")
    return words.format(
        ids=ids_text(list(event.instance_ids)) or "none",
        batch=event.batch_number,
        batches=picture.upgrade.planned_batch_count or "?",
        code=event.code,
        message=event.message,
        verdict=verdict_word(event.decision.verdict),
    )
