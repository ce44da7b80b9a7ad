"""The engine of an agent: brings the handlers of one root where a goal state wants them, and says how they stand.

Law: one goal state at a time, one handler after another, one command at a time. A goal state that was worked through is
never worked through again, and one that a crash broke off ends as if there had been no crash. Nothing runs between goal
states: an idle engine costs nothing. One that is new may have what is enabled enabled once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import TypeVar

from tidegate_agent.aggregate import handler_report
from tidegate_agent.failure import EngineClosed
from tidegate_agent.finished import Finished
from tidegate_agent.goal_state import GoalState
from tidegate_agent.handler_commands import Conditions, HandlerCommands
from tidegate_agent.layout import Layout, clear
from tidegate_agent.lifecycle import Lifecycle
from tidegate_agent.outputs import OutputKeeper
from tidegate_agent.reading import Files
from tidegate_agent.report import ExtensionFailure, HandlerReport, Outcome
from tidegate_agent.running import RunningNote
from tidegate_agent.standing import Standing
from tidegate_agent.status_files import STATUS_WAIT_SECONDS, StatusFiles
from tidegate_agent.steps import Steps
from tidegate_agent.unpacking import Fetch, leftover_packages
from tidegate_agent.work import Work
from tidegate_handler.package import Limits

_Ended = TypeVar("_Ended", Outcome, tuple[ExtensionFailure, ...])


class Engine:
    """The engine of one root; no other may work in the same root at the same time.

    `fetch` gets packages, `thumbprint` is that of the certificate for which protected settings are encrypted (its files
    are in `{root}/lib`), and `status_wait_seconds` is how long an extension's status file may take to say success or
    error after its enable command has ended.

    Raises:
        OSError: the folders of the root cannot be made or read.
    """

    def __init__(
        self,
        root: Path,
        *,
        fetch: Fetch,
        thumbprint: str = "",
        conditions: Conditions | None = None,
        limits: Limits | None = None,
        status_wait_seconds: float = STATUS_WAIT_SECONDS,
    ) -> None:
        self._layout = Layout(root)
        self._commands = HandlerCommands(self._layout, conditions or Conditions())
        steps = Steps(self._commands, thumbprint)
        self._lifecycle = Lifecycle(self._layout, steps, fetch, limits or Limits())
        self._standing = Standing(self._layout.state)
        self._finished = Finished(self._layout.state)
        self._files = Files()
        self._status_files = StatusFiles(self._files)
        self._status_wait_seconds = status_wait_seconds
        self._outputs = OutputKeeper(self._layout.run)
        self._one_at_a_time = asyncio.Lock()
        self._under_way: asyncio.Task[Outcome] | asyncio.Task[tuple[ExtensionFailure, ...]] | None = None
        self._has_worked = False
        self._is_closed = False

    async def apply(self, goal: GoalState) -> Outcome:
        """Bring the handlers where the goal state wants them, and say how that ended.

        A goal state that was worked through before is answered as it was then. One that comes while another is under
        way waits for it. A caller that is cancelled has the command that runs killed, with its group.

        Raises:
            EngineClosed: the engine is closed, or was meanwhile.
            OSError: the agent's own folders cannot be written; the goal state is to be applied again.
        """
        async with self._one_at_a_time:
            if self._is_closed:
                raise EngineClosed
            known = self._finished.find(goal)
            if known is not None:
                return known
            return await self._carried_out(self._work_through(goal))

    async def enable_again(self) -> tuple[ExtensionFailure, ...]:
        """Enable once more what is enabled, as a handler may expect of an agent that was started; what failed.

        Nothing is done where this engine has worked before: then everything was enabled since it was made.

        Raises: as `apply`.
        """
        async with self._one_at_a_time:
            if self._is_closed:
                raise EngineClosed
            return () if self._has_worked else await self._carried_out(self._work_again())

    async def _carried_out(self, work: Coroutine[None, None, _Ended]) -> _Ended:
        under_way = self._under_way = asyncio.create_task(work)
        try:
            return await asyncio.shield(under_way)
        except asyncio.CancelledError:
            if under_way.cancelled():
                raise EngineClosed from None
            under_way.cancel()
            await asyncio.wait({under_way})
            raise
        finally:
            self._under_way = None

    def status(self) -> tuple[HandlerReport, ...]:
        """How the handlers that the last goal state wanted stand now."""
        return tuple(
            handler_report(self._layout, each, self._status_files, self._files) for each in self._standing.handlers
        )

    async def close(self, grace_seconds: float = 10.0) -> None:
        """Begin nothing more, give the command that runs so long to end, and kill it then.

        What was under way is taken up by the next engine of this root, where it is given the same goal state.
        """
        self._is_closed = True
        self._commands.stop()
        under_way = self._under_way
        if under_way is not None:
            await asyncio.wait({under_way}, timeout=grace_seconds)
            if not under_way.done():
                under_way.cancel()
                await asyncio.wait({under_way})
        self._outputs.close()

    async def _work_through(self, goal: GoalState) -> Outcome:
        work = await self._begun()
        wanted = [handler.package for handler in goal.handlers if handler.package is not None]
        for path in leftover_packages(self._layout, wanted):
            path.unlink(missing_ok=True)
        failures = await work.through(goal)
        outcome = Outcome(
            incarnation=goal.incarnation, operation_id=goal.operation_id, failures=failures, handlers=self.status()
        )
        self._finished.keep(goal, outcome)
        self._outputs.look()
        return outcome

    async def _work_again(self) -> tuple[ExtensionFailure, ...]:
        work = await self._begun()
        failures = await work.again()
        self._outputs.look()
        return failures

    async def _begun(self) -> Work:
        if not self._has_worked:
            await self._recover()
            self._has_worked = True
        return Work(
            layout=self._layout,
            lifecycle=self._lifecycle,
            standing=self._standing,
            status_files=self._status_files,
            status_wait_seconds=self._status_wait_seconds,
        )

    async def _recover(self) -> None:
        """Outlast what a forerunner left running, and clear away what it left lying about."""
        self._outputs.look()
        await RunningNote(self._layout.run).outlast()
        for path in self._layout.unfinished():
            await asyncio.to_thread(clear, path)
