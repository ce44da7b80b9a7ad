"""Waiting for a condition, with an end."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Return once the condition holds.

    Raises:
        TimeoutError: it did not within the seconds.
    """
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for is the world's, which sets no event
            await asyncio.sleep(0.01)
