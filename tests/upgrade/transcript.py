"""Transcripts: a text of commands, each followed by what came of it. `pytest --rewrite` writes what comes of them now.

A command stands on lines of its own up to a line `----`; its output goes on until an empty line. Lines that begin with
`#` before a command are for the reader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

RULE = "----"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`text` is the remarks and the command itself, as written; `output` what the transcript says came of it."""

    text: str
    output: str
    line: int

    @property
    def words(self) -> list[str]:
        """The command without remarks, in words."""
        return [word for line in self.text.splitlines() if not line.startswith("#") for word in line.split()]


def read_transcript(text: str) -> Iterator[Command]:
    """The commands in their order."""
    heading: list[str] = []
    output: list[str] | None = None
    begins = 1
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        if output is None:
            if line == RULE:
                output = []
            elif line or heading:
                heading.append(line)
                begins = number if len(heading) == 1 else begins
        elif line:
            output.append(line)
        else:
            yield Command(text="\n".join(heading), output="\n".join(output), line=begins)
            heading, output = [], None
    assert not any(heading), f"line {begins}: a command without {RULE}"


def replay(path: Path, tell: Callable[[list[str]], str], rewrite: bool) -> None:
    """Give every command to `tell` and compare what it says with the transcript, or write it there."""
    parts: list[str] = []
    for command in read_transcript(path.read_text(encoding="utf-8")):
        said = tell(command.words)
        assert "\n\n" not in said, f"{path.name}:{command.line}: an output has no empty lines"
        if not rewrite:
            assert said == command.output, f"{path.name}:{command.line}: {' '.join(command.words)}"
        parts.append("\n".join([command.text, RULE, *([said] if said else []), ""]))
    if rewrite:
        path.write_text("\n".join(parts), encoding="utf-8")
