"""Probing: what a watched host holds in memory, and what a probe costs, against a bare loop that does the same by hand.

The hosts are one listener on loopback that takes connections, and one that answers 200, in a process of their own, so
that this process spends nothing on answering. The baseline opens the same connections, and for HTTP writes the request
and reads the status line with asyncio's own sockets: no schedule, no bounds, no time-outs.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from benchmarks.report import Line
from tidegate.domain.probe import ProbeDefinition, ProbeProtocol
from tidegate.fleets.probing.asking import Answer, Asker, Question
from tidegate.fleets.probing.prober import Prober

HOSTS = 5_000
ROUNDS = 5
PROBES = 2_000
AT_ONCE = 32
_ENDING_SECONDS = 10

_LISTENER = """
import asyncio, sys
OK = b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok"
class Silent(asyncio.Protocol): ...
class Answering(asyncio.Protocol):
    def connection_made(self, transport): self.transport = transport
    def data_received(self, data):
        self.transport.write(OK)
        self.transport.close()
async def main():
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(each, "127.0.0.1", 0, backlog=1024) for each in (Silent, Answering)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
asyncio.run(main())
"""


class _NobodyAsks:
    """An asker for measuring memory: no host is due while it is measured."""

    async def ask(self, question: Question) -> Answer:
        raise AssertionError(f"{question} is not due")

    async def close(self) -> None: ...


@contextmanager
def listeners() -> Iterator[tuple[int, int]]:
    """The ports of a host that takes connections and of one that answers 200."""
    process = subprocess.Popen([sys.executable, "-c", _LISTENER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        silent, answering = map(int, process.stdout.readline().split())
        yield silent, answering
    finally:
        process.stdin.close()
        process.wait(_ENDING_SECONDS)
        process.stdout.close()


def bytes_per_host() -> float:
    """Of the prober's own, for one watched host: the key and the call-back are the caller's and are not counted."""
    definition = ProbeDefinition(protocol=ProbeProtocol.HTTP, port=80, interval_seconds=3_600.0)
    keys = [f"/subscriptions/s/resourcegroups/r/scalesets/web/virtualmachines/host-{n}" for n in range(HOSTS)]
    addresses = [f"10.0.{number >> 8}.{number & 255}:8080" for number in range(HOSTS)]

    async def measured() -> float:
        prober = Prober(asker=_NobodyAsks(), now_ms=lambda: 0, call_later=lambda _seconds, _happen: None)
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        for key, address in zip(keys, addresses, strict=True):
            prober.watch(key, definition, address, print)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
        await prober.close()
        return (after - before) / HOSTS

    tracemalloc.start()
    try:
        return asyncio.run(measured())
    finally:
        tracemalloc.stop()


async def by_prober(protocol: ProbeProtocol, port: int) -> float:
    """Processor seconds for each of at least PROBES probes, scheduling, counting and all."""
    asker, done = _Counting(), asyncio.Event()
    definition = ProbeDefinition(protocol=protocol, port=port, interval_seconds=1.0, threshold=1)
    began = time.monotonic_ns()
    prober = Prober(asker=asker, now_ms=lambda: (time.monotonic_ns() - began) // 1_000_000)
    asker.when(PROBES, done)
    begin = time.process_time()
    for number in range(1_000):
        prober.watch(f"host-{number}", definition, "127.0.0.1", lambda _: None)
    await done.wait()
    spent = time.process_time() - begin
    assert asker.well == asker.asked, "every probe of a benchmark is well"
    asked = asker.asked
    await prober.close()
    return spent / asked


class _Counting(Asker):
    """The asker over the network, which also counts."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = self.well = 0
        self._wanted, self._done = 0, asyncio.Event()

    def when(self, wanted: int, done: asyncio.Event) -> None:
        """Set `done` once `wanted` were asked."""
        self._wanted, self._done = wanted, done

    async def ask(self, question: Question) -> Answer:
        answer = await super().ask(question)
        self.asked += 1
        self.well += answer is Answer.WELL
        if self.asked == self._wanted:
            self._done.set()
        return answer


async def by_hand(protocol: ProbeProtocol, port: int) -> float:
    """Processor seconds for each of PROBES connections of a bare loop, AT_ONCE at a time."""
    loop = asyncio.get_running_loop()
    request = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()

    async def connect(connection: socket.socket) -> None:
        connection.setblocking(False)
        await loop.sock_connect(connection, ("127.0.0.1", port))

    async def tcp() -> None:
        with socket.socket() as connection:
            await connect(connection)

    async def http() -> None:
        with socket.socket() as connection:
            await connect(connection)
            await loop.sock_sendall(connection, request)
            assert (await loop.sock_recv(connection, 4_096)).startswith(b"HTTP/1.1 200")

    async def worker(one: Callable[[], Awaitable[None]]) -> None:
        for _ in range(PROBES // AT_ONCE):
            await one()

    begin = time.process_time()
    await asyncio.gather(*(worker(tcp if protocol is ProbeProtocol.TCP else http) for _ in range(AT_ONCE)))
    return (time.process_time() - begin) / (PROBES // AT_ONCE * AT_ONCE)


def measure() -> list[Line]:
    """Memory once; the cost of a probe in turns with the bare loop, the best of each."""
    lines = [
        Line(
            name=f"memory of a prober for each watched host, {HOSTS:,} hosts",
            reached=f"{bytes_per_host():,.0f} bytes",
            baseline="",
            ratio="",
            aim="bounded",
        )
    ]
    with listeners() as (silent, answering):
        for protocol, port in ((ProbeProtocol.TCP, silent), (ProbeProtocol.HTTP, answering)):
            ours, bare = [], []
            for _ in range(ROUNDS):
                ours.append(asyncio.run(by_prober(protocol, port)))
                bare.append(asyncio.run(by_hand(protocol, port)))
            lines.append(
                Line(
                    name=f"processor time of 1,000 {protocol} probes, scheduled and counted",
                    reached=f"{min(ours) * 1000:.3f} s",
                    baseline=f"bare asyncio loop connecting, {min(bare) * 1000:.3f} s",
                    ratio=f"{min(ours) / min(bare):.1f}",
                    aim="",
                )
            )
    return lines
