"""Decisions as a person reads them: what was said, by which rule, where it stands, why, and on what facts."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from tidegate.cli.palette import VERDICT_STYLES
from tidegate_client import fact_text, verdict_word
from tidegate_client.messages import Decision, FactSeen, TraceStep

_NOTABLE_AGE_SECONDS = 60.0


def decision_head(decision: Decision) -> Text:
    """`halt  too-many-unhealthy  azure-default.yaml:71:5`; the rule and its place only where a rule spoke."""
    head = Text(verdict_word(decision.verdict), style=VERDICT_STYLES.get(decision.verdict, ""))
    if decision.rule:
        head.append(f"  {decision.rule}", style="bold default").append(f"  {decision.place}", style="not bold cyan")
    return head


def decision_page(decision: Decision) -> RenderableType:
    """The head, then the because and every fact, each on lines of their own below it."""
    lines = [Text(decision.because)] if decision.because else []
    lines.extend(fact_line(seen) for seen in decision.facts)
    return Group(decision_head(decision), Padding(Group(*lines), (0, 0, 0, 2), expand=False))


def fact_line(seen: FactSeen) -> Text:
    """`progress.unhealthyUpgradedPercent = 40`, and its age where it was not fresh."""
    line = Text(seen.name, style="dim")
    line.append(" = ", style="dim").append(fact_text(seen.value), style="bold not dim")
    if seen.age_seconds >= _NOTABLE_AGE_SECONDS:
        line.append(f"  ({seen.age_seconds:.0f} s old)", style="dim")
    return line


def trace_page(steps: Iterable[TraceStep]) -> RenderableType:
    """Every rule and condition that was asked, indented as they stand in one another, with what came of each."""
    lines = []
    for step in steps:
        line = Text("  " * step.depth)
        line.append("yes " if step.held else "no  ", style="green" if step.held else "dim")
        line.append(f"{step.rule}: {step.condition}" if step.depth == 0 else step.condition)
        if value := fact_text(step.value):
            line.append(f"  is {value}", style="bold")
        lines.append(line.append(f"  {step.place}", style="cyan"))
    return Group(*lines)
