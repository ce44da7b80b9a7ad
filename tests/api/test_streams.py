"""A stream can be ended from outside, but never in the midst of a write."""

import asyncio
from typing import Any

import pytest

from tidegate.api.streams import Stream
from tidegate.domain.refusal import ShuttingDown


class Connection:
    """A connection that takes an answer when it is told to."""

    def __init__(self) -> None:
        self.takes = asyncio.Event()
        self.taken: list[bytes] = []

    async def write(self, answer: bytes) -> None:
        await self.takes.wait()
        self.taken.append(answer)


async def begun(connection: Any, *, is_ended: bool = False) -> Stream:
    return Stream(connection, is_ended=is_ended)


async def test_answers_are_written_in_order() -> None:
    connection = Connection()
    connection.takes.set()
    await (await begun(connection)).write([b"a", b"b"])
    assert connection.taken == [b"a", b"b"]


async def test_a_stream_that_waits_is_interrupted() -> None:
    streams: list[Stream] = []

    async def run() -> None:
        streams.append(await begun(Connection()))
        await asyncio.Event().wait()

    task = asyncio.create_task(run())
    await asyncio.sleep(0)
    streams[0].end()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert streams[0].is_ended


async def test_a_stream_that_writes_ends_after_that_answer() -> None:
    connection = Connection()
    streams: list[Stream] = []

    async def run() -> None:
        streams.append(await begun(connection))
        await streams[0].write([b"a", b"b"])

    task = asyncio.create_task(run())
    await asyncio.sleep(0)
    streams[0].end()
    await asyncio.sleep(0)
    assert not task.done()
    connection.takes.set()
    with pytest.raises(ShuttingDown):
        await task
    assert connection.taken == [b"a"]


async def test_a_stream_that_begins_while_the_server_drains_is_over() -> None:
    stream = await begun(Connection(), is_ended=True)
    with pytest.raises(ShuttingDown):
        stream.check()
