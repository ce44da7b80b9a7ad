"""Console blocks of a document, run as a reader would: the commands in order, what they print compared with the page.

The convention, for whoever writes such a document:

- A block fenced as ```` ```console ```` is run. Every other block is only read by people.
- A line that starts with ``$ `` is a command for bash; ``> `` right below goes on with it. The lines that follow, up to
  the next command, are what it prints. No such lines: the output is not compared.
- A line of just ``...`` stands for any number of lines, ``...`` within a line for any text.
- A command must end well. Where another exit code is the point, say it: ``$ tidegate ... # exits 3``.
- A command that ends in ``&`` stays in the background; show the lines that it prints once it is ready, for the reader
  waits for them, and so does the test. ``$ kill %1`` ends the last one begun; whatever still runs at the end of the
  page is ended too.
- ``export NAME=VALUE`` holds for the commands after it.
- ``git clone`` and ``cd`` are how a reader gets here, and are not run. ``make TARGET`` must name a target of the
  Makefile; only ``make demo`` is run, with the environment that runs the tests.
"""

import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

COMMAND_SECONDS = 120
READY_SECONDS = 30
ENDING_SECONDS = 15
POLL_SECONDS = 0.05
NOT_RUN = ("git clone", "cd ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command of a page: its place, its text, the lines it should print (none: not compared), its exit code."""

    line: int
    command: str
    prints: tuple[str, ...]
    exits: int

    @property
    def in_background(self) -> bool:
        return self.command.endswith("&") and not self.command.endswith("&&")


class Mismatch(AssertionError):
    """A page that does not tell what happens; the text names the line, the command and both outputs."""


def steps_of(page: str) -> tuple[Step, ...]:
    """The commands of the console blocks of ``page``, in order; lines are counted from 1."""
    steps: list[Step] = []
    inside = False
    for number, line in enumerate(page.splitlines(), 1):
        if line.strip().startswith("```"):
            inside = line.strip() == "```console"
        elif inside and line.startswith("$ "):
            steps.append(_step(number, line.removeprefix("$ ").rstrip()))
        elif inside and steps and line.startswith("> ") and not steps[-1].prints:
            last = steps.pop()
            steps.append(_step(last.line, f"{last.command}\n{line.removeprefix('> ')}"))
        elif inside and steps:
            last = steps.pop()
            prints = (*last.prints, line.rstrip())
            steps.append(Step(line=last.line, command=last.command, prints=prints, exits=last.exits))
        elif inside:
            raise Mismatch(f"line {number}: a console block begins with a command, '$ ...'")
    return tuple(steps)


def agrees(prints: tuple[str, ...], output: str) -> bool:
    """Whether ``output`` is what the page shows; space at the end of lines and of the page does not count."""
    shown = "\n".join(prints).rstrip().split("\n")
    pattern = "".join(
        r"(?:.*\n)*" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + r"[ \t]*\n" for line in shown
    )
    return re.fullmatch(pattern + r"\s*", output.rstrip() + "\n") is not None


@dataclass(slots=True, kw_only=True)
class Reader:
    """Somebody who types a page's commands in ``folder``. Used as a context manager; leaving it ends what it began."""

    folder: Path
    environment: dict[str, str]
    demo: tuple[str, ...]
    targets: frozenset[str]
    background: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        if self.background:
            try:
                self._end_last()
            finally:
                self.__exit__()

    def follow(self, step: Step) -> None:
        """Does what ``step`` says; raises Mismatch where something else happens than the page tells."""
        if step.command.startswith(NOT_RUN):
            return
        if step.command.startswith("make "):
            self._make(step)
        elif step.command.startswith("export "):
            name, _, value = step.command.removeprefix("export ").partition("=")
            self.environment[name] = value
        elif step.command == "kill %1":
            self._end_last()
        elif step.in_background:
            self._begin(step)
        else:
            self._run(step, ["bash", "-euo", "pipefail", "-c", step.command])

    def _make(self, step: Step) -> None:
        words = step.command.split("#")[0].split()[1:]
        for target in (word for word in words if "=" not in word):
            if target not in self.targets:
                raise Mismatch(f"line {step.line}: the Makefile has no target {target!r}")
        if words == ["demo"]:
            self._run(step, list(self.demo))

    def _run(self, step: Step, words: list[str]) -> None:
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        output = done.stdout.decode()
        if done.returncode != step.exits:
            raise Mismatch(f"line {step.line}: $ {step.command}\nexits {done.returncode}, not {step.exits}:\n{output}")
        if step.prints and not agrees(step.prints, output):
            raise _told_otherwise(step, output)

    def _begin(self, step: Step) -> None:
        if not step.prints:
            raise Mismatch(f"line {step.line}: show what {step.command!r} prints once it is ready")
        log = self.folder / f".background-{len(self.background)}.log"
        with log.open("wb") as sink:
            begun = subprocess.Popen(
                ["bash", "-c", f"exec {step.command.removesuffix('&')}"],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
        self.background.append(begun)
        latest = time.monotonic() + READY_SECONDS
        while not agrees(step.prints, log.read_text()):
            if begun.poll() is not None or time.monotonic() > latest:
                raise _told_otherwise(step, log.read_text())
            time.sleep(POLL_SECONDS)

    def _end_last(self) -> None:
        begun = self.background.pop()
        if begun.poll() is None:
            begun.send_signal(signal.SIGTERM)
        try:
            begun.wait(ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            begun.kill()
            begun.wait()
            raise Mismatch(f"{begun.args!r} does not end within {ENDING_SECONDS} seconds of being asked to") from None


def plain_environment(binaries: Path, home: Path) -> dict[str, str]:
    """An environment with nothing of its user in it: ``binaries`` first on the path, no colours, 120 columns."""
    return {
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "COLUMNS": "120",
    }


def _step(line: int, command: str) -> Step:
    stated = re.search(r"#\s*exits (\d+)\s*$", command)
    return Step(line=line, command=command, prints=(), exits=int(stated[1]) if stated else 0)


def _told_otherwise(step: Step, output: str) -> Mismatch:
    told = "\n".join(step.prints)
    return Mismatch(f"line {step.line}: $ {step.command}\n--- the page says\n{told}\n--- it prints\n{output}")
