"""The two servers that are compared, each in a process of its own, and what the kernel says they spent."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

READY_SECONDS = 30
ENDING_SECONDS = 20
_ADDRESS = re.compile(r"127\.0\.0\.1:(\d+)")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerProcess:
    """A server on loopback."""

    process_id: int
    address: str

    def cpu_seconds(self) -> float:
        """Processor time it has spent so far, in user and kernel mode."""
        fields = Path(f"/proc/{self.process_id}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND

    def resident_bytes(self) -> int:
        """Memory it holds now."""
        pages = int(Path(f"/proc/{self.process_id}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def bare_server() -> AsyncIterator[ServerProcess]:
    """The bare grpc.aio server."""
    async with _running(["-m", "benchmarks.bare_server"]) as (process, line):
        yield ServerProcess(process_id=process.pid, address=f"127.0.0.1:{line.strip()}")


@asynccontextmanager
async def tidegate_server(folder: Path, policies: Path) -> AsyncIterator[ServerProcess]:
    """`tidegate serve` as anybody would start it, with its journal in `folder` and machines without delay."""
    arguments = ["serve", "--listen", "127.0.0.1:0", "--data", str(folder), "--policies", str(policies)]
    run = "import sys; from tidegate.cli.main import main; sys.exit(main())"
    async with _running(["-c", run, *arguments, "--log-level", "error"]) as (process, line):
        match = _ADDRESS.search(line)
        assert match is not None, f"tidegate serve said {line!r} instead of its address"
        yield ServerProcess(process_id=process.pid, address=match[0])


@asynccontextmanager
async def _running(arguments: list[str]) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
        yield process, line.decode()
    finally:
        process.stdin.close()
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), ENDING_SECONDS)
