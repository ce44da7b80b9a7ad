"""The stage on which a demo is told: titles, commands, upgrades that are followed, and time to read."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from tidegate.cli.event_lines import lines_of
from tidegate.cli.following import draw
from tidegate.cli.palette import STATUS_STYLES
from tidegate.cli.short_names import length_text
from tidegate.cli.watch_picture import Picture
from tidegate_client import Client, status_word
from tidegate_client.messages import RollingUpgrade


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a story is told on: whether it is drawn, and how long a person gets to read between two things."""

    console: Console
    is_drawn: bool
    reading_seconds: float

    def say(self, title: str, text: str = "") -> None:
        """Begin something new."""
        self.console.print()
        self.console.print(Rule(Text(title, style="bold"), align="left", style="dim"))
        if text:
            self.console.print(Text(text))

    def run(self, command: str) -> None:
        """Show the command line that does what the story does next."""
        self.console.print(Text("$ ", style="dim").append(command, style="bold not dim"))

    def shout(self, text: str) -> None:
        """Tell what comes in between; it may be told from another thread, while an upgrade is drawn."""
        self.console.print(Text(text, style="bold magenta"), soft_wrap=not self.is_drawn)

    def pause(self) -> None:
        """Let a person read."""
        time.sleep(self.reading_seconds)

    def follow(self, client: Client, upgrade: str) -> None:
        """Show an upgrade from now to its end.

        Raises:
            TidegateError: the server stays away for too long.
        """
        if self.is_drawn:
            draw(client, upgrade, self.console)
            return
        picture = Picture()
        with client.watch_rolling_upgrade(upgrade) as watch:
            for item in watch:
                picture.take(item)
                for line in lines_of(item, picture):
                    self.console.print(line, soft_wrap=True)

    def suggest(self, commands: Sequence[tuple[str, str]]) -> None:
        """End with commands to try next, each with what it is good for."""
        self.say("Try next")
        columns = Table.grid(padding=(0, 1, 0, 0))
        columns.add_column(no_wrap=True)
        columns.add_column(style="dim")
        for command, why in commands:
            columns.add_row(Text("  $ ", style="dim").append(command, style="bold not dim"), why)
        self.console.print(columns)


def outcome_row(name: str, upgrade: RollingUpgrade) -> Sequence[Text | str]:
    """A row of a summary: the name, how the upgrade ended, how long it took, and what became of the instances."""
    outcome = Text(status_word(upgrade.status), style=STATUS_STYLES.get(upgrade.status, ""))
    progress = upgrade.progress
    counts = {
        "upgraded": progress.successful_instance_count,
        "failed and brought back": progress.restored_instance_count,
        "never touched": progress.pending_instance_count,
    }
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return [name, outcome, length_text(upgrade.start_time, upgrade.end_time), told]
