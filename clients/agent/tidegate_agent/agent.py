"""The agent: joins the engine that runs handlers with the link to the server.

Law: goal states are worked through one at a time, the newest first and none twice; one that was begun is gone on with
after a crash, whether or not the server is there. Whenever the agent is started, what is enabled is enabled once more,
since the host may have been started too. Told to stop, it begins no other command and gives the one that runs a bounded
time; what was left undone then is taken up when it runs again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import structlog

from tidegate.v1 import host_service_pb2 as hosts
from tidegate.v1.agent_service_pb2 import GoalState as GoalStateMessage
from tidegate.v1.agent_service_pb2 import HostHello
from tidegate_agent.backoff import Backoff
from tidegate_agent.failure import EngineClosed
from tidegate_agent.goal_state import GoalState
from tidegate_agent.identity import Identity, IdentityFolder
from tidegate_agent.joining import agent_version, platform_text
from tidegate_agent.link import Link, LinkSettings
from tidegate_agent.messages import (
    GoalStateMalformed,
    failures_of,
    goal_state,
    now_message,
    report_messages,
    result_message,
)
from tidegate_agent.outbox import Outbox
from tidegate_agent.renewal import RenewalSettings, Renewer
from tidegate_agent.report import ExtensionFailure, HandlerReport, Outcome
from tidegate_agent.status_files import STATUS_WAIT_SECONDS

log = structlog.stdlib.get_logger(__name__)

_DISK_ADVICE = "See that the disk under --root has room and is writable."


class HandlerEngine(Protocol):
    """What the agent asks of the engine."""

    async def apply(self, goal: GoalState) -> Outcome: ...

    async def enable_again(self) -> tuple[ExtensionFailure, ...]: ...

    def status(self) -> tuple[HandlerReport, ...]: ...

    async def close(self, grace_seconds: float = ...) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """How often the agent looks, and how long it waits."""

    look_seconds: float = 5.0
    """How often status files and heartbeats are looked at."""
    status_wait_seconds: float = STATUS_WAIT_SECONDS
    """How long an extension's status may take to say success or error after its enable command has ended."""
    grace_seconds: float = 20.0
    """How long the command that runs may go on when the agent is told to stop; then it is killed with its group."""
    farewell_seconds: float = 2.0
    """How long the server may take then to acknowledge the last results."""
    disk: Callable[[], Backoff] = lambda: Backoff(first_seconds=5.0, most_seconds=60.0)
    """The waits before a goal state is taken up again whose steps could not be noted, on a full disk for one."""
    link: LinkSettings = field(default_factory=LinkSettings)
    renewal: RenewalSettings = field(default_factory=RenewalSettings)


class Agent:
    """One host at work."""

    def __init__(
        self,
        root: Path,
        *,
        identity: Callable[[], Identity],
        engine: HandlerEngine,
        probe_address: str = "",
        settings: AgentSettings | None = None,
    ) -> None:
        """`identity` gives who the host is at that moment: its certificate changes while it runs."""
        self._settings = settings or AgentSettings()
        self._engine = engine
        self._probe_address = probe_address
        self._outbox = Outbox(root)
        self._link = Link(
            identity=identity,
            outbox=self._outbox,
            hello=self._hello,
            on_goal_state=self._take,
            settings=self._settings.link,
        )
        self._renewer = Renewer(
            IdentityFolder(root), identity=identity, on_renewed=self._renewed, settings=self._settings.renewal
        )
        self._newest: GoalStateMessage | None = None
        self._wanted = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._is_stopping = False
        self._told: Sequence[hosts.HandlerReport] = ()

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set.

        Raises:
            Problem: the link ended for good; what had been begun was given its time first.
        """
        if self._outbox.begun is not None:
            log.info("goal state goes on", incarnation=self._outbox.begun.incarnation)
            self._take(self._outbox.begun)
        tasks = [
            asyncio.create_task(work)
            for work in (self._link.run(), self._work(), self._look(), self._renewer.run(), _wait(stop))
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await self._wind_down()
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._engine.close(0.0)

    async def _wind_down(self) -> None:
        self._is_stopping = True
        log.info("stopping", is_idle=self._idle.is_set())
        await self._engine.close(self._settings.grace_seconds)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.farewell_seconds):
                await self._idle.wait()
                if self._link.is_connected:
                    await self._outbox.emptied()

    def _hello(self) -> HostHello:
        self._told = report_messages(self._engine.status())
        return HostHello(
            agent_version=agent_version(),
            platform=platform_text(),
            time=now_message(),
            probe_address=self._probe_address,
            reached_incarnation=self._outbox.reached_incarnation,
            handlers=self._told,
        )

    def _take(self, message: GoalStateMessage) -> None:
        """Takes the goal state as the newest, unless it was reached before or a newer one is here."""
        begun = self._outbox.begun
        known = max(
            self._outbox.reached_incarnation,
            begun.incarnation if begun is not None and not self._idle.is_set() else 0,
            self._newest.incarnation if self._newest is not None else 0,
        )
        if message.incarnation <= known:
            log.debug("goal state known", incarnation=message.incarnation, known=known)
            return
        self._newest = message
        self._wanted.set()

    async def _work(self) -> None:
        if not self._wanted.is_set():
            await self._enable_again()
        while True:
            await self._wanted.wait()
            message, self._newest = self._newest, None
            self._wanted.clear()
            # Between the two the same goal state may have come once more.
            if message is None or self._is_stopping or message.incarnation <= self._outbox.reached_incarnation:
                continue
            self._idle.clear()
            try:
                await self._work_until_noted(message)
            finally:
                self._idle.set()
            # Where it was known to the engine as finished, nothing has been enabled yet.
            await self._enable_again()

    async def _enable_again(self) -> None:
        """Has what was enabled when the agent was started run again; the host itself may have been started."""
        self._idle.clear()
        try:
            failures = await self._engine.enable_again()
        except EngineClosed:
            return
        except OSError as unwritten:
            log.error("not enabled again", why=str(unwritten), advice=_DISK_ADVICE)
            return
        finally:
            self._idle.set()
        for failure in failures:
            why = _first_line(failure)
            log.warning("not enabled again", extension=failure.extension_name, code=failure.code, why=why)

    async def _work_until_noted(self, message: GoalStateMessage) -> None:
        """Works a goal state through; where the disk takes nothing it tries again, until a newer one is here."""
        waits = self._settings.disk()
        while not self._is_stopping and not self._wanted.is_set():
            try:
                await self._work_through(message)
            except EngineClosed:
                log.info("goal state left undone", incarnation=message.incarnation)
                return
            except OSError as unwritten:
                wait_seconds = waits.next_seconds()
                log.error(
                    "goal state not noted",
                    incarnation=message.incarnation,
                    why=str(unwritten),
                    advice=_DISK_ADVICE,
                    wait_seconds=round(wait_seconds, 1),
                )
            else:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_seconds):
                    await self._wanted.wait()

    async def _work_through(self, message: GoalStateMessage) -> None:
        await self._outbox.begin(message)
        about = {"incarnation": message.incarnation, "operation_id": message.operation_id}
        log.info("goal state begun", **about, handlers=len(message.handlers))
        try:
            outcome = await self._engine.apply(goal_state(message))
        except GoalStateMalformed as malformed:
            why = f"The agent cannot read the goal state: {malformed}."
            outcome = Outcome(
                incarnation=message.incarnation,
                operation_id=message.operation_id,
                failures=failures_of(message, why),
                handlers=self._engine.status(),
            )
        await self._outbox.keep(result_message(outcome))
        self._told = report_messages(outcome.handlers)
        self._link.results_changed()
        if not outcome.failures:
            log.info("goal state reached", **about)
        for failure in outcome.failures:
            why = _first_line(failure)
            log.warning("goal state missed", **about, extension=failure.extension_name, code=failure.code, why=why)

    async def _look(self) -> None:
        """Reports what changed of the handlers, by their own files, while nothing is asked of them too."""
        while True:
            await asyncio.sleep(self._settings.look_seconds)
            now = report_messages(self._engine.status())
            if now != self._told:
                self._told = now
                self._link.report(now)

    async def _renewed(self) -> None:
        # The stream that is open may stay for as long as there is work; the next one shows the new certificate.
        await self._idle.wait()
        self._link.open_afresh()


def _first_line(failure: ExtensionFailure) -> str:
    """Why; what a command printed follows on further lines, and stays in the handler's own log."""
    return failure.message.partition("\n")[0][:500]


async def _wait(stop: asyncio.Event) -> None:
    await stop.wait()
