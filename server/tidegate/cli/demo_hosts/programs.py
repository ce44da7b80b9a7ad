"""Programs of the demo: processes of our own that may be killed without warning and started again.

Law: a program ends with whoever began it, however that ends, and what it says goes to a file.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_ENDING_SECONDS = 10.0
_LOOK_SECONDS = 0.05
# The program's stdin is a pipe that ends when whoever began it does. (That the kernel ends it with the thread that
# began it, as PR_SET_PDEATHSIG does, would be too soon: threads come and go.)
_MAIN = """\
import os, sys, threading
def outlive_nobody():
    os.read(0, 1)
    os._exit(1)
threading.Thread(target=outlive_nobody, daemon=True).start()
from {module} import main
main()
"""


class DidNotBegin(Exception):
    """A program ended, or said nothing, before it was ready; the message has its last words."""


class Program:
    """One program: `tidegate` or `tidegate-agent` with its words, in a session of its own."""

    def __init__(self, module: str, words: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        """`module` has the `main` to run. `log` takes stdout and stderr, and it stands in the log's folder;
        `environment` is added to ours."""
        self._words = [sys.executable, "-c", _MAIN.format(module=module), *words]
        self._environment = {**os.environ, "NO_COLOR": "1", **environment}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._began_at = 0

    @property
    def process_id(self) -> int:
        """Of the process that runs now, or ran last."""
        assert self._process is not None, "it was begun"
        return self._process.pid

    def begin(self) -> None:
        """Start it; what it says is added to its log."""
        self._let_go()
        self._began_at = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._words,
                env=self._environment,
                cwd=self._log.parent,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_for(self, words: str, seconds: float) -> str:
        """The first line since it began that has these words in it.

        Raises:
            DidNotBegin: it ended before, or did not say so in time.
        """
        assert self._process is not None, "it was begun"
        until = time.monotonic() + seconds
        while True:
            ended = self._process.poll() is not None
            said = self._said()
            for line in said:
                if words in line:
                    return line
            if ended or time.monotonic() > until:
                why = "ended" if ended else f"was not ready within {seconds:g} seconds"
                raise DidNotBegin(f"{self._words[3:5]} {why}: {' / '.join(said[-5:])}")
            time.sleep(_LOOK_SECONDS)

    def kill(self) -> int:
        """SIGKILL, and wait until it is gone; the id that it had."""
        assert self._process is not None, "it was begun"
        self._process.kill()
        self._process.wait()
        self._let_go()
        return self._process.pid

    def end(self) -> None:
        """SIGTERM, and SIGKILL for one that does not mind; harmless where it does not run."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_ENDING_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        self._let_go()

    def _let_go(self) -> None:
        """Of the pipe that tells it that we live."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    def _said(self) -> list[str]:
        """The whole lines that it said since it began."""
        with self._log.open("rb") as log:
            log.seek(self._began_at)
            text = log.read().decode("utf-8", "replace")
        return text.splitlines() if text.endswith("\n") else text.splitlines()[:-1]
