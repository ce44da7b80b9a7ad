"""Work on files in a thread, waited for to its end.

Law: whoever is cancelled while the work goes on waits for it all the same, so that nobody takes a file from under it
and nobody closes what it still writes. The work is bounded by a disk, never by a peer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec, TypeVar

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


async def undisturbed(
    work: Callable[_Parameters, _Result], *given: _Parameters.args, **named: _Parameters.kwargs
) -> _Result:
    """What `work` returns or raises, done in a thread; a cancellation is passed on once the work has ended."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *given, **named))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        while not running.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([running])
        if not running.cancelled():
            # Looked at, so that a failure that nobody waits for any more is not reported as forgotten.
            running.exception()
        raise
