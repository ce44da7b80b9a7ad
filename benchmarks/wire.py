"""Calls over the wire with bytes as they are, so that the client costs both sides the same."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import grpc

from benchmarks.processes import ServerProcess

STREAM_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What to call: the method, the request's bytes, how many calls are under way at once, for how long."""

    method: str
    request: bytes
    in_flight: int
    seconds: float


def open_call(channel: grpc.aio.Channel, method: str) -> grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]:
    """A method whose request and answer stay bytes."""
    call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
    return call


def open_stream(channel: grpc.aio.Channel, method: str, request: bytes) -> grpc.aio.UnaryStreamCall[bytes, bytes]:
    """A stream of bytes, begun."""
    call: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(method)
    return call(request, timeout=STREAM_SECONDS)


async def call_for_a_while(server: ServerProcess, load: Load) -> tuple[int, float]:
    """Calls answered, and the server's processor seconds for each of them."""
    async with grpc.aio.insecure_channel(server.address) as channel:
        call = open_call(channel, load.method)
        await call(load.request, timeout=10)
        until = time.perf_counter() + load.seconds
        before = server.cpu_seconds()

        async def one_after_another() -> int:
            done = 0
            while time.perf_counter() < until:
                await call(load.request, timeout=10)
                done += 1
            return done

        done = sum(await asyncio.gather(*(one_after_another() for _ in range(load.in_flight))))
        return done, (server.cpu_seconds() - before) / done


async def read_messages(call: grpc.aio.UnaryStreamCall[bytes, bytes], messages: int) -> int:
    """Read that many messages of a stream, then hang up; returns their bytes."""
    size = 0
    for _ in range(messages):
        message = await call.read()
        assert isinstance(message, bytes), "the stream ended too early"
        size += len(message)
    call.cancel()
    return size
