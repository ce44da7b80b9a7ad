"""Real agents against a real desk: gRPC on loopback, engines that run handlers which are real shell scripts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import grpc

from tests.packages.packing import manifest, offer, pieces, zipped
from tidegate.api.agent_service import AgentService
from tidegate.api.authorisation import admit
from tidegate.api.calls import Calls
from tidegate.api.host_service import HostService
from tidegate.api.methods import Methods
from tidegate.api.settings import ApiSettings
from tidegate.api.transport import ServerCertificates, server_credentials
from tidegate.domain.extension import ExtensionType
from tidegate.executor.clock import LoopClock
from tidegate.fleets.agents.promise import HostDesk
from tidegate.packages.promise import PackageStore
from tidegate.v1 import agent_service_pb2 as pb
from tidegate.v1 import host_service_pb2 as host_pb
from tidegate_agent.agent import Agent, AgentSettings
from tidegate_agent.backoff import Backoff
from tidegate_agent.engine import Engine
from tidegate_agent.identity import IdentityFolder
from tidegate_agent.join_token import read_join_token
from tidegate_agent.joining import HostDescription, join
from tidegate_agent.layout import Layout
from tidegate_agent.link import LinkSettings
from tidegate_agent.packages import PackageFetcher
from tidegate_agent.problems import Problem
from tidegate_agent.service import identity_of

SCRIPT = """#!/bin/sh
while [ -e '{hold}' ]; do sleep 0.02; done
if [ "$1" = enable ] && [ '{version}' = '{broken}' ]; then
  echo 'It does not start.' >&2
  exit 9
fi
exit 0
"""


@asynccontextmanager
async def door(
    desk: HostDesk,
    packages: PackageStore,
    *,
    certificates: ServerCertificates | None = None,
    hello_seconds: float = 10.0,
) -> AsyncIterator[str]:
    """The address of a server that answers hosts and those who operate them, for the desk, while the block lasts."""
    calls = Calls(LoopClock(), 30.0, None if certificates is None else admit)
    methods = Methods(calls)
    methods.add(pb.DESCRIPTOR.services_by_name["AgentService"], AgentService(desk, packages, hello_seconds))
    methods.add(host_pb.DESCRIPTOR.services_by_name["HostService"], HostService(desk))
    server = grpc.aio.server(options=ApiSettings().channel_options)
    server.add_generic_rpc_handlers((methods,))
    if certificates is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        port = server.add_secure_port("127.0.0.1:0", server_credentials(certificates))
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        calls.drain()
        await server.stop(0.5)


async def put_handlers(
    packages: PackageStore, extension_type: ExtensionType, versions: Sequence[str], *, hold: Path, broken: str
) -> None:
    """Packages of these versions whose commands wait while `hold` is there; that of the version `broken` cannot be
    enabled."""
    for version in versions:
        script = SCRIPT.format(hold=hold, version=version, broken=broken)
        content = zipped({"HandlerManifest.json": manifest(), "bin/handler": script})
        await packages.add(offer(content, version, extension_type), pieces(content, len(content)))


class RealAgent:
    """One host with a root of its own, in this process; its handlers are processes."""

    def __init__(self, root: Path, server: str) -> None:
        self.root = root
        self._server = server
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self.ended_by: Problem | None = None

    async def join(self, token: str, description: HostDescription) -> str:
        """Become a host; its name."""
        identity = await join(
            IdentityFolder(self.root), server=self._server, token=read_join_token(token), description=description
        )
        return identity.host

    def start(self) -> None:
        """Run, and stay so."""
        self._stop = asyncio.Event()
        self._running = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """Stop as one does that is told to; what was begun is taken up by the next start."""
        self._stop.set()
        if self._running is not None:
            await self._running
            self._running = None

    async def kill(self) -> None:
        """Stop without a word, as a process does that is killed."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running
            self._running = None

    async def _run(self) -> None:
        identity = identity_of(self.root)
        host = identity()
        IdentityFolder(self.root).write_for_handlers(Layout(self.root).library)
        engine = Engine(self.root, fetch=PackageFetcher(identity).fetch, thumbprint=host.thumbprint)
        patience = LinkSettings(backoff=lambda: Backoff(first_seconds=0.05, most_seconds=0.5))
        settings = AgentSettings(grace_seconds=0.5, farewell_seconds=0.2, link=patience)
        agent = Agent(self.root, identity=identity, engine=engine, probe_address=host.probe_address, settings=settings)
        try:
            await agent.run(self._stop)
        except Problem as problem:
            self.ended_by = problem
