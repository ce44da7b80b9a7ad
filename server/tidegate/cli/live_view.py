"""The live view of an upgrade on a terminal: header, map of all instances, progress, and what a rule said last."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tidegate.cli.decision_page import decision_head, fact_line
from tidegate.cli.event_lines import final_line
from tidegate.cli.instance_map import Room, legend, map_lines
from tidegate.cli.palette import STOPPING
from tidegate.cli.short_names import digest_start, group_and_name, last_part, seconds_text, target_text
from tidegate.cli.upgrade_page import status_text
from tidegate.cli.watch_picture import Picture
from tidegate_client import moment
from tidegate_client.messages import Decision

_TICKS_PER_SECOND = 4
_LINES_AROUND_THE_MAP = 9
_FAILURES_SHOWN = 3


class LiveView:
    """Draws a picture anew whenever Rich asks; `remark` is a line about the connection, empty while all is well."""

    def __init__(self, picture: Picture, now: Callable[[], float] = time.time) -> None:
        self._picture = picture
        self._now = now
        self.remark = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        picture = self._picture
        if not picture.is_known:
            yield Text(self.remark or "waiting for the server ...", style="dim")
            return
        room = Room(
            columns=options.max_width,
            lines=max(3, console.height - _LINES_AROUND_THE_MAP - self._lines_below()),
            is_unicode=not options.ascii_only,
            tick=0 if picture.is_ended else int(self._now() * _TICKS_PER_SECOND),
        )
        yield from self._header()
        yield Text()
        yield from map_lines(picture, room)
        yield Text()
        yield legend(picture, room)
        yield self._progress(room)
        yield from self._failures()
        if picture.decision is not None:
            yield from _decision_lines(picture.decision)
        if picture.is_ended:
            yield final_line(picture)
        elif self.remark:
            yield Text(self.remark, style="yellow")

    def _header(self) -> Iterator[Table | Text]:
        upgrade = self._picture.upgrade
        title = Table.grid(expand=True, padding=(0, 2, 0, 0))
        title.add_column(overflow="ellipsis", no_wrap=True, ratio=1)
        title.add_column(justify="right", no_wrap=True)
        name = Text(group_and_name(upgrade.scale_set), style="bold").append(
            f"  {upgrade.location}  upgrade {last_part(upgrade.name)}", style="dim not bold"
        )
        title.add_row(name, status_text(upgrade))
        yield title
        told = [f"policy {upgrade.policy} {digest_start(upgrade.policy_digest)}"]
        if upgrade.targets:
            told.append("to " + ", ".join(target_text(target) for target in upgrade.targets))
        yield Text("   ".join(told), style="dim", overflow="ellipsis", no_wrap=True)

    def _progress(self, room: Room) -> Table:
        upgrade = self._picture.upgrade
        progress = upgrade.progress
        done = progress.successful_instance_count + progress.failed_instance_count
        total = done + progress.in_progress_instance_count + progress.pending_instance_count
        batches = max(upgrade.planned_batch_count, upgrade.batch_number)
        line = Table.grid(padding=(0, 2))
        width = max(10, min(50, room.columns - 45))
        failed_style = "red" if progress.failed_instance_count else "green"
        line.add_row(
            Text(f"batch {upgrade.batch_number} of {batches}"),
            ProgressBar(
                total=max(1, total),
                completed=done if total else 1,
                width=width,
                complete_style=failed_style,
                finished_style=failed_style,
            ),
            Text(f"{done} of {total}"),
            Text(seconds_text(self._elapsed_seconds()), style="dim"),
        )
        return line

    def _elapsed_seconds(self) -> float:
        upgrade = self._picture.upgrade
        until = moment(upgrade.end_time).timestamp() if upgrade.HasField("end_time") else self._now()
        return max(0.0, until - moment(upgrade.start_time).timestamp())

    def _failures(self) -> Iterator[Text]:
        for failed in list(self._picture.failures)[-_FAILURES_SHOWN:]:
            line = Text(f"{failed.instance_id} failed ", style="red", overflow="ellipsis", no_wrap=True)
            yield line.append(f"{failed.code}: {failed.message}", style="default")

    def _lines_below(self) -> int:
        failures = min(_FAILURES_SHOWN, len(self._picture.failures))
        decision = self._picture.decision
        return failures + (4 + len(decision.facts) if decision and decision.verdict in STOPPING else 1)


def _decision_lines(decision: Decision) -> Iterator[Text | Padding]:
    """All of a decision that stops something; of any other only its head."""
    head = decision_head(decision)
    head.overflow, head.no_wrap = "ellipsis", True
    yield head
    if decision.verdict in STOPPING:
        reasons = Group(Text(decision.because), *map(fact_line, decision.facts))
        yield Padding(reasons, (0, 0, 0, 2), expand=False)
