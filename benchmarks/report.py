"""What a benchmark says: one line each, a figure beside its aim and its baseline, and where the time goes."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One measured figure. `reached` is what was measured, `aim` what was asked for, both ready to be read."""

    name: str
    reached: str
    baseline: str
    ratio: str
    aim: str


def show(lines: list[Line]) -> None:
    """Print the lines as a table."""
    table = Table(title="Tidegate, measured in one run")
    for heading in ("what", "reached", "baseline", "ratio", "aim"):
        table.add_column(heading, overflow="fold")
    for line in lines:
        table.add_row(line.name, line.reached, line.baseline, line.ratio, line.aim)
    Console(width=140).print(table)
