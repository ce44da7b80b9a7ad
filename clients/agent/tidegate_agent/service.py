"""The agent as a process: from a root to a running agent, and from the first signal to a good end.

Law: SIGTERM and Ctrl-C mean the same, to stop: nothing new is begun, and the command that runs gets its grace. Whoever
asks twice does not wait for it.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path

from tidegate_agent.agent import Agent, AgentSettings
from tidegate_agent.engine import Engine
from tidegate_agent.exit_codes import ExitCode
from tidegate_agent.goal_state import PackageReference
from tidegate_agent.identity import Identity, IdentityFolder
from tidegate_agent.layout import Layout
from tidegate_agent.outbox import Outbox
from tidegate_agent.packages import PackageFetcher
from tidegate_agent.root_lock import is_held
from tidegate_agent.status_page import HostStanding

JoinFirst = Callable[[], Coroutine[None, None, Identity]]


def identity_of(root: Path, server: str = "") -> Callable[[], Identity]:
    """Gives who the host is at that moment; `server` stands in for the one that it joined at."""
    folder = IdentityFolder(root)

    def identity() -> Identity:
        loaded = folder.load()
        return replace(loaded, server=server) if server else loaded

    return identity


async def serve(
    root: Path,
    *,
    server: str = "",
    join_first: JoinFirst | None = None,
    probe_address: str = "",
    settings: AgentSettings | None = None,
) -> ExitCode:
    """Runs the agent of a root until it is told to stop; how the process shall end.

    Raises:
        Problem: joining failed, or the link ended for good.
    """
    stop = _Stop()
    try:
        if join_first is not None and not await stop.before(join_first()):
            return stop.exit_code
        identity = identity_of(root, server)
        host = identity()
        IdentityFolder(root).write_for_handlers(Layout(root).library)
        settings = settings or AgentSettings()
        engine = Engine(
            root,
            fetch=PackageFetcher(identity).fetch,
            thumbprint=host.thumbprint,
            status_wait_seconds=settings.status_wait_seconds,
        )
        agent = Agent(
            root,
            identity=identity,
            engine=engine,
            probe_address=probe_address or host.probe_address,
            settings=settings,
        )
        await agent.run(stop.asked)
    except asyncio.CancelledError:
        if not stop.asked.is_set():
            raise
    return stop.exit_code


class _Stop:
    """The wish to stop."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.exit_code = ExitCode.OK
        self._task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ask, number)

    def _ask(self, number: signal.Signals) -> None:
        if self.asked.is_set() and self._task is not None:
            self._task.cancel()
        self.exit_code = ExitCode.INTERRUPTED if number is signal.SIGINT else ExitCode.OK
        self.asked.set()

    async def before(self, work: Coroutine[None, None, object]) -> bool:
        """Does the work, unless the wish comes first; whether it was done."""
        working, waiting = asyncio.create_task(work), asyncio.create_task(self.asked.wait())
        try:
            await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
            return working.done()
        finally:
            for task in (working, waiting):
                task.cancel()
            await asyncio.gather(working, waiting, return_exceptions=True)


async def standing_of(root: Path) -> HostStanding:
    """How the host of a root stands, whether or not its agent runs.

    Raises:
        NotJoined: no host has joined from it.
    """
    identity = IdentityFolder(root).load()
    outbox = Outbox(root)
    return HostStanding(
        identity=identity,
        is_running=is_held(root),
        reached_incarnation=outbox.reached_incarnation,
        begun_incarnation=outbox.begun.incarnation if outbox.begun is not None else 0,
        unacknowledged=len(outbox.results),
        handlers=Engine(root, fetch=_fetch_nothing).status(),
    )


async def _fetch_nothing(_: PackageReference, path: Path) -> None:
    raise AssertionError(f"nothing is fetched to {path} only to see how things stand")
