"""Many agents in one process: each with its root, its stream and its engine, as `tidegate-agent run` has one.

    python -m benchmarks.agents_process FOLDER SERVER FIRST COUNT

Reads one join token a line from stdin, one for each host, prints `joined` when all have joined, and runs until it is
told to stop. The hosts share one pair of keys for protected settings: making a thousand of them would be measured too.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import signal
import sys
from pathlib import Path

import structlog

from tidegate_agent.agent import Agent
from tidegate_agent.engine import Engine
from tidegate_agent.identity import IdentityFolder
from tidegate_agent.join_token import JoinToken, read_join_token
from tidegate_agent.joining import HostDescription, join
from tidegate_agent.packages import PackageFetcher
from tidegate_agent.service import identity_of

_JOINING_AT_ONCE = 32


async def main(folder: Path, server: str, first: int, tokens: list[JoinToken]) -> None:
    """Join with every token, then be every host until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    model = IdentityFolder(folder / f"keys-{first}")
    model.settings_pair()
    turns = asyncio.Semaphore(_JOINING_AT_ONCE)

    async def join_one(number: int, token: JoinToken) -> Path:
        root = folder / f"host-{number:04}"
        identity = IdentityFolder(root)
        if not identity.has_joined:
            shutil.copytree(model.path, identity.path)
            async with turns:
                await join(
                    identity, server=server, token=token, description=HostDescription(instance_id=f"host-{number:04}")
                )
        return root

    roots = await asyncio.gather(*(join_one(number, token) for number, token in enumerate(tokens, first)))
    sys.stdout.write("joined\n")
    sys.stdout.flush()
    async with asyncio.TaskGroup() as tasks:
        for root in roots:
            tasks.create_task(_be(root, stop))


async def _be(root: Path, stop: asyncio.Event) -> None:
    identity = identity_of(root)
    engine = Engine(root, fetch=PackageFetcher(identity).fetch, thumbprint=identity().thumbprint)
    await Agent(root, identity=identity, engine=engine).run(stop)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    asyncio.run(
        main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), [read_join_token(line.strip()) for line in sys.stdin])
    )
