"""`tidegate-agent run` as a process of its own, which a test may end as it likes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

# On Linux an agent ends with the process that began it, however that ends.
_PROGRAM = """\
import ctypes, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
from tidegate_agent.main import main
main()
"""
_ENDING_SECONDS = 30.0


class AgentProcess:
    """A process that runs the command line with these words; leaving kills it if it still runs."""

    def __init__(self, *words: str | Path, environment: Mapping[str, str] | None = None) -> None:
        self._words = [str(word) for word in words]
        self._news = asyncio.Condition()
        self._environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200", **(environment or {})}

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _PROGRAM,
            *self._words,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self._out, self._err = list[str](), list[str]()
        self._reading = asyncio.gather(
            self._read(self._process.stdout, self._out), self._read(self._process.stderr, self._err)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._process.returncode is None:
            await self.end(signal.SIGKILL)

    def send(self, number: signal.Signals) -> None:
        """Sends the signal and does not wait."""
        self._process.send_signal(number)

    async def end(self, number: signal.Signals) -> int:
        """Sends the signal and waits for the end; the exit code."""
        self.send(number)
        return (await self.ended())[0]

    async def ended(self) -> tuple[int, str, str]:
        """Waits for the end: the exit code, what it said on stdout, and on stderr."""
        async with asyncio.timeout(_ENDING_SECONDS):
            await self._reading
            return await self._process.wait(), "".join(self._out), "".join(self._err)

    async def says(self, text: str) -> None:
        """Returns once a line on stderr has this text."""
        async with asyncio.timeout(_ENDING_SECONDS), self._news:
            await self._news.wait_for(lambda: any(text in line for line in self._err))

    async def _read(self, pipe: asyncio.StreamReader | None, lines: list[str]) -> None:
        assert pipe is not None, "both were asked for"
        async for line in pipe:
            async with self._news:
                lines.append(line.decode())
                self._news.notify_all()


async def told(*words: str | Path, environment: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """A command that ends by itself."""
    async with AgentProcess(*words, environment=environment) as process:
        return await process.ended()
