"""The baseline of the wire: a grpc.aio server that does nothing but answer; run as `python -m benchmarks.bare_server`.

`/bare.Bare/Echo` gives back its request. `/bare.Bare/Stream` waits until as many readers hang on it as the request
says, then sends each of them the same messages. Both handle bytes as they are, so no baseline pays for parsing.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import grpc


class Bare:
    """The two answers; a stream's request is `readers messages bytes`, three numbers in text."""

    def __init__(self) -> None:
        self._waiting = 0
        self._all_here = asyncio.Event()

    async def echo(self, request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        """The request itself."""
        return request

    async def stream(self, request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> AsyncIterator[bytes]:
        """The same message, again and again, once all readers are there."""
        readers, messages, size = (int(part) for part in request.split())
        message = bytes(size)
        self._waiting += 1
        gate = self._all_here
        if self._waiting == readers:
            self._waiting = 0
            self._all_here = asyncio.Event()
            gate.set()
        await gate.wait()
        for _ in range(messages):
            yield message


async def _serve() -> None:
    bare = Bare()
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler(
                "bare.Bare",
                {
                    "Echo": grpc.unary_unary_rpc_method_handler(bare.echo),
                    "Stream": grpc.unary_stream_rpc_method_handler(bare.stream),
                },
            ),
        )
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.stop(grace=None)


if __name__ == "__main__":
    asyncio.run(_serve())
