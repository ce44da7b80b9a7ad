"""A server as a process of its own, which a test may end as it likes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

# On Linux a server ends with the process that began it, however that ends.
_PROGRAM = """\
import ctypes, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
from tidegate.cli.main import main
main()
"""
_READY = re.compile(r"Tidegate serves (?P<address>\S+) ")
_ENDING_SECONDS = 20


class Serving:
    """`tidegate serve` with these options; entering waits until it serves, leaving ends it if it still runs."""

    def __init__(self, *options: str, environment: Mapping[str, str] | None = None, folder: Path | None = None) -> None:
        """`folder` is where the process stands."""
        self._words = [sys.executable, "-c", _PROGRAM, "serve", *options]
        self._environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200", **(environment or {})}
        self._folder = folder
        self._log: list[str] = []
        self.address = ""

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def log(self) -> Sequence[str]:
        """The lines on stderr so far."""
        return self._log

    def __enter__(self) -> Self:
        self.begin()
        self.wait_until_it_serves()
        return self

    def begin(self) -> None:
        """Starts the process and does not wait."""
        self._process = subprocess.Popen(
            self._words,
            env=self._environment,
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, args=(_pipe(self._process.stderr),), daemon=True)
        self._reader.start()

    def wait_until_it_serves(self) -> None:
        """Returns when it says where it serves."""
        line = _pipe(self._process.stdout).readline()
        ready = _READY.match(line)
        if ready is None:
            self.end(signal.SIGKILL)
            raise AssertionError(f"the server does not serve: {line}{''.join(self._log)}")
        self.address = ready["address"]

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end(signal.SIGKILL)

    def end(self, number: signal.Signals) -> int:
        """Sends the signal and waits for the end; the exit code."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        try:
            code = self._process.wait(_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"the server does not end {_ENDING_SECONDS} seconds after {number.name}") from None
        self._reader.join(_ENDING_SECONDS)
        for pipe in (self._process.stdout, self._process.stderr):
            _pipe(pipe).close()
        return code

    def _read(self, pipe: IO[str]) -> None:
        self._log.extend(pipe)


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None, "both were asked for"
    return pipe


def refused(*options: str, environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    """A server that must not start: its exit code, and what it says on stderr in one line."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, "serve", *options],
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", **(environment or {})},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stdout == ""
    return done.returncode, " ".join(done.stderr.replace("│", " ").split())
