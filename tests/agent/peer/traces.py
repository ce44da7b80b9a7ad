"""Reads the recorded traces of the real agent in ../shared/data/agent-traces."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_COMMAND = re.compile(r"CMD (?P<type>\w+)-(?P<version>[\d.]+) (?P<command>\w+) t=\d+ env\+=(?P<environment>\{.*?\}) ->")
_STATES = re.compile(r"DIRS .*?(?P<states>\{.*\})$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command that ran."""

    version: str
    command: str
    environment: Mapping[str, str]
    """What was added beside what is always there."""


@dataclass(slots=True, kw_only=True)
class Traced:
    """One goal state, worked through."""

    title: str
    commands: list[Command] = field(default_factory=list)
    states: Mapping[str, str] | None = None
    """By version; None where the trace does not say."""


def read_traces(file: Path) -> Mapping[str, Sequence[Traced]]:
    """The goal states under each heading, the first one under the heading's own name."""
    found = dict[str, list[Traced]]()
    for line in file.read_text().splitlines():
        if line.startswith("## "):
            found[line[3:]] = [Traced(title=line[3:])]
        elif line.startswith("   -- "):
            _last(found).append(Traced(title=line[6:]))
        elif command := _COMMAND.search(line):
            environment = ast.literal_eval(command["environment"])
            _last(found)[-1].commands.append(
                Command(version=command["version"], command=command["command"], environment=environment)
            )
        elif states := _STATES.search(line):
            by_name = ast.literal_eval(states["states"])
            _last(found)[-1].states = {name.rpartition("-")[2]: state for name, state in by_name.items()}
    return found


def _last(found: Mapping[str, list[Traced]]) -> list[Traced]:
    return found[next(reversed(list(found)))]
