"""A failed call as a person reads it: the sentence, every wrong field, every denial with its place, and the advice."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from tidegate.cli.short_names import group_and_name
from tidegate_client import TidegateError


def refusal_lines(error: TidegateError, *, server: str = "") -> Iterator[Text]:
    """Line by line; `server` is named where none answered."""
    yield Text("error: ", style="bold red").append(_sentence(error, server), style="not bold default")
    for wrong in error.violations:
        yield Text(f"  {wrong.field}: ", style="bold").append(wrong.description, style="not bold")
    for denial in error.denials:
        line = Text("  denied ", style="red").append(group_and_name(denial.subject), style="bold default")
        line.append(f" by {denial.rule}", style="default")
        yield line.append(f" at {denial.place}", style="cyan") if denial.place else line
        yield Text(f"    {denial.because}")
    if advice := error.advice or _advice(error):
        yield Text("advice: ", style="bold").append(advice, style="not bold")


def _sentence(error: TidegateError, server: str) -> str:
    if error.reason or error.code.name not in {"UNAVAILABLE", "DEADLINE_EXCEEDED"}:
        # Where every denial or field follows on a line of its own, the sentence that lists them all would only repeat.
        if error.denials:
            return f"{group_and_name(error.resource) or 'It'} is not eligible."
        return "The request is wrong." if error.violations else error.message
    how = "answers" if error.code.name == "UNAVAILABLE" else "answered in time"
    return f"No server {how} at {server}." if server else error.message


def _advice(error: TidegateError) -> str:
    if error.code.name == "UNAVAILABLE" and not error.reason:
        return "Start one with `tidegate serve`, or name another with --server or TIDEGATE_SERVER."
    return ""
