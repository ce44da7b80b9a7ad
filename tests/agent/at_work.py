"""An agent at work on a root of its own, before a server that answers by a script."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.agent.peer.packages import PUBLISHER, Recipe, package, told
from tests.agent.scripted_server import PATIENCE_SECONDS, ScriptedServer, Served
from tidegate.v1 import agent_service_pb2 as wire
from tidegate.v1.extension_catalog_service_pb2 import ExtensionPackage, ExtensionType
from tidegate_agent.agent import Agent, AgentSettings
from tidegate_agent.backoff import Backoff
from tidegate_agent.engine import Engine
from tidegate_agent.identity import IdentityFolder
from tidegate_agent.link import LinkSettings
from tidegate_agent.packages import PackageFetcher
from tidegate_agent.service import identity_of

QUICK = AgentSettings(
    look_seconds=0.1,
    grace_seconds=5.0,
    farewell_seconds=0.05,
    disk=lambda: Backoff(first_seconds=0.05, most_seconds=0.1),
    link=LinkSettings(backoff=lambda: Backoff(first_seconds=0.01, most_seconds=0.05), refused_seconds=0.2),
)


def joined_root(root: Path, server: str) -> Path:
    """The root of a host that has joined."""
    folder = IdentityFolder(root)
    folder.settings_pair()
    folder.keep_joined(
        host="/ss/virtualMachines/web-7", server=server, credential="tgh1_uid_hush", probe_address="127.0.0.1:8080"
    )
    return root


@asynccontextmanager
async def at_work(root: Path, settings: AgentSettings = QUICK) -> AsyncIterator[asyncio.Event]:
    """An agent that runs; gives the event by which it is told to stop, and leaving tells it too."""
    identity = identity_of(root)
    engine = Engine(root, fetch=PackageFetcher(identity).fetch, thumbprint=identity().thumbprint)
    agent, stop = Agent(root, identity=identity, engine=engine, settings=settings), asyncio.Event()
    running = asyncio.create_task(agent.run(stop))
    try:
        yield stop
        stop.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def handler(server: ScriptedServer, recipe: Recipe, **fields: object) -> wire.HandlerGoal:
    """A goal for one handler, whose package the server has from now on."""
    content = package(recipe)
    sha256 = hashlib.sha256(content).hexdigest()
    server.packages[sha256] = Served(content=content)
    given: dict[str, object] = {
        "extension_type": ExtensionType(publisher=PUBLISHER, type=recipe.type),
        "version": recipe.version,
        "state": wire.HANDLER_GOAL_STATE_ENABLED,
        "package": ExtensionPackage(sha256=sha256, size_bytes=len(content)),
        "extensions": [wire.ExtensionGoal(extension_name="agent", has_settings=True, public_settings_json="{}")],
    }
    return wire.HandlerGoal(**(given | fields))  # type: ignore[arg-type] # each field has a type of its own


def goal(incarnation: int, *handlers: wire.HandlerGoal) -> wire.GoalState:
    """A goal state that is an order."""
    return wire.GoalState(incarnation=incarnation, operation_id=f"o{incarnation}", handlers=handlers)


def deeds(record: Path, moment: str = "begin") -> list[str]:
    """The commands that ran, such as `Agent 1.0 install`, as they began or as they ended."""
    return [each.deed for each in told(record) if each.moment == moment]


async def until(condition: Callable[[], object]) -> None:
    """Returns once it is so."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)
