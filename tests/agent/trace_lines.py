"""The golden traces as they are written, and what our engine did in the same words, to be compared line by line.

What is made alike before: the folder of our root becomes the real agent's, `/var/lib/waagent`; messages are cut where
the trace cut them, after 110 and 80 characters, which ends before the name of a command. Nothing else.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tidegate_agent.failure import CommandFailed
from tidegate_agent.handler_commands import CommandEnded
from tidegate_agent.report import HandlerReport

_BEGINS = re.compile(r"^ {3}(CMD |AGG |DIRS |hb |--| \['0)", re.MULTILINE)


@dataclass(slots=True, kw_only=True)
class Step:
    """What the real agent did after one goal state, or one look."""

    title: str
    lines: list[str] = field(default_factory=list)
    """CMD and AGG lines, whole."""
    folders: object = None
    """What DIRS said, read; None where it said nothing."""
    config: object = None
    """The files of the config folder, where the trace lists them."""


def read_trace(path: Path) -> dict[str, list[Step]]:
    """Each scenario's steps, by its title; a new step begins with a line of dashes, a heartbeat, or CMD after AGG."""
    scenarios = dict[str, list[Step]]()
    for section in path.read_text(encoding="utf-8").split("## ")[1:]:
        title, _, body = section.partition("\n")
        steps = scenarios.setdefault(title, [Step(title=title)])
        for line in _lines(body):
            word = line.split(" ", 1)[0]
            after_report = bool(steps[-1].lines) and steps[-1].lines[-1].startswith("AGG")
            if word in {"--", "hb"}:
                steps.append(Step(title=line))
            elif word == "DIRS":
                steps[-1].folders = _folders(line.removeprefix("DIRS "))
            elif word.startswith("["):
                steps[-1].config = ast.literal_eval(line)
            elif word == "CMD" and after_report:
                steps.append(Step(title=title, lines=[line]))
            else:
                steps[-1].lines.append(line)
    return scenarios


def _lines(body: str) -> list[str]:
    """The entries; a message of several lines belongs to one."""
    starts = [match.start() for match in _BEGINS.finditer(body)]
    return [
        body[start:end].strip(" ").removesuffix("\n") for start, end in zip(starts, [*starts[1:], None], strict=True)
    ]


def _folders(text: str) -> object:
    """The states by folder; the list before them names folders without a state too.

    Some of these lines were cut where they were recorded, and lack their last character.
    """
    text = text if text.endswith(("}", "]")) else f"{text}}}"
    listed, _, states = text.rpartition("] ")
    return (ast.literal_eval(f"{listed}]"), ast.literal_eval(states)) if listed else ast.literal_eval(text)


def command_line(ended: CommandEnded) -> str:
    """A command in the words of the traces."""
    handler = ended.handler.rpartition(".")[2]
    match ended.failure:
        case None:
            result = "rc0"
        case CommandFailed() as failed:
            result = f"{failed.kind} code={failed.code} exit={failed.exit_code}"
        case other:
            result = str(other)
    return (
        f"CMD {handler}-{ended.version} {ended.command.value} t={ended.timeout_seconds} "
        f"env+={dict(ended.additions)} -> {result}"
    )


def report_lines(reports: Sequence[HandlerReport], library: Path) -> list[str]:
    """The reports in the words of the traces, a line for each extension."""
    lines = list[str]()
    for report in reports:
        message = report.message.replace(str(library), "/var/lib/waagent")[:110]
        head = f"AGG {report.type} {report.version} {report.status} {report.code} | {message} | seq"
        lines += [
            f"{head} {each.sequence_number} {each.operation or None} {each.status} {each.code} {each.message[:80]}"
            for each in report.extensions
        ] or [f"{head} None None None None "]
    return lines
