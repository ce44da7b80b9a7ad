"""A real server inside this process, in a thread of its own, for as long as somebody wants it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from tidegate.cli.assembly import assemble
from tidegate.cli.settings import Address, Settings


@contextmanager
def embedded_server(settings: Settings) -> Iterator[Address]:
    """Where the server listens; it has stopped when the block is left.

    Raises:
        CannotServe: as `assemble`.
    """
    serving: Future[tuple[Address, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        async with assemble(settings) as house:
            told = asyncio.Event()
            serving.set_result((house.address, asyncio.get_running_loop(), told))
            await told.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as failure:
            # The thread that waits for the server is told; once it serves, nobody waits and the thread's hook tells.
            if serving.done():
                raise
            serving.set_exception(failure)

    thread = threading.Thread(target=run, name="tidegate-server", daemon=True)
    thread.start()
    address, loop, told = serving.result()
    try:
        yield address
    finally:
        loop.call_soon_threadsafe(told.set)
        thread.join()
