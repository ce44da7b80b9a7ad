"""The working through of one goal state: every extension in its turn, those who depend on others after them.

Law: an extension has succeeded when its enable command has ended with 0 and, where it has settings, its status file
says success for them. Where one that others wait for has not, all that come after it are left as they are.

Source: WALinuxAgent 2.15, exthandlers.py (handle_ext_handlers, wait_for_handler_completion). There an agent waits for
90 minutes in all, here for each extension as long as its operator says; it looks every 5 seconds, here sooner, which
nothing in the contract forbids and no handler can notice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from tidegate_agent.aggregate import awaited
from tidegate_agent.dependency import Task, tasks_of
from tidegate_agent.durable_file import write_durably
from tidegate_agent.failure import DependencyFailed, EnableFailed, StepFailed
from tidegate_agent.fitness import unfit
from tidegate_agent.goal_state import ExtensionGoal, GoalState, Wanted
from tidegate_agent.handler_state import NOT_READY, HandlerStatus, write_status_of_handler
from tidegate_agent.layout import Layout
from tidegate_agent.lifecycle import Lifecycle
from tidegate_agent.report import MESSAGE_CHARACTERS, ExtensionFailure
from tidegate_agent.standing import Standing
from tidegate_agent.status_files import Awaited, StatusFiles
from tidegate_handler.commands import AgentCode
from tidegate_handler.handler_name import same_name
from tidegate_handler.status import StatusValue, status_text

_WorkOn = Callable[[Task], Awaitable[None]]

_NO_SUCCESS = "did not succeed. Status was {}"
_NO_END = "did not reach a terminal state within the allowed timeout. Last status was {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a goal state is worked through with."""

    layout: Layout
    lifecycle: Lifecycle
    standing: Standing
    status_files: StatusFiles
    status_wait_seconds: float

    async def through(self, goal: GoalState) -> tuple[ExtensionFailure, ...]:
        """Work through all of it; what failed, in the order of the work.

        Raises:
            EngineClosed: no command begins any more.
            OSError: the agent's own folders cannot be written.
        """
        failures = list[ExtensionFailure]()
        fit = list[int]()
        # A name that the goal state says keeps what it has, also where nothing else of its goal can be taken.
        names = [handler.name for handler in goal.handlers]
        problems = unfit(goal)
        for place, handler in enumerate(goal.handlers):
            if place in problems:
                name = next((each.extension_name for each in handler.extensions), handler.name)
                failures.append(_failure(name, problems[place]))
            else:
                fit.append(place)
        goal = GoalState(
            incarnation=goal.incarnation,
            operation_id=goal.operation_id,
            handlers=tuple(goal.handlers[place] for place in fit),
        )
        self.standing.want(goal)
        failures += await self._all(tasks_of(goal), self._one)
        await self._remove_unwanted(names)
        return tuple(failures)

    async def again(self) -> tuple[ExtensionFailure, ...]:
        """Enable once more what is enabled of what was wanted last, in the same order; what failed.

        What a handler runs may have ended with the host or with whoever ran it; its enable command may be repeated.

        Raises: as `through`.

        Source: WALinuxAgent 2.15, which knows no goal state when it is started, and so enables everything then.
        """
        goals = (self.lifecycle.enabled_again(each.goal) for each in self.standing.handlers)
        goal = GoalState(incarnation=0, operation_id="", handlers=tuple(each for each in goals if each is not None))
        return tuple(await self._all(tasks_of(goal), self._one_again))

    async def _all(self, tasks: tuple[Task, ...], work_on: _WorkOn) -> list[ExtensionFailure]:
        failures = list[ExtensionFailure]()
        waiting = list[Task]()
        missing: StepFailed | None = None
        for task in tasks:
            if missing is not None:
                self._say(task, missing)
                failures.append(_failure(task.name, missing))
                continue
            failed = await self._tried(task, work_on)
            if failed is not None:
                failures.append(_failure(task.name, failed))
                missing = DependencyFailed(task.full_name, _NO_SUCCESS.format("error")) if task.is_waited_for else None
            elif task.is_waited_for and _has_status(task):
                ended = await self._ended([task])
                failures += ended
                missing = self._without_success(task) if ended else None
            elif _has_status(task):
                waiting.append(task)
        return failures + await self._ended(waiting)

    async def _one(self, task: Task) -> None:
        if task.handler.wanted is Wanted.UNINSTALL:
            await self.lifecycle.uninstall(task.handler, task.extension)
            self.standing.drop(task.handler)
        else:
            await self.lifecycle.enable(task.handler, task.extension)

    async def _one_again(self, task: Task) -> None:
        await self.lifecycle.enable_again(task.handler, task.extension)

    async def _tried(self, task: Task, work_on: _WorkOn) -> StepFailed | None:
        """Work on one extension; why it failed, or None."""
        try:
            await work_on(task)
        except StepFailed as failed:
            self._say(task, failed)
            return failed
        except OSError as refused:
            unfinished = StepFailed(f"The host refused what was to be done: {refused}")
            self._say(task, unfinished)
            return unfinished
        return None

    def _say(self, task: Task, failed: StepFailed) -> None:
        """Keep why the task failed where reports are made from."""
        handler = task.handler
        folder = self.layout.folder(handler.name, handler.version)
        if not isinstance(failed, EnableFailed):
            status = HandlerStatus(status=NOT_READY, code=failed.code, message=str(failed))
            try:
                write_status_of_handler(folder, status)
            except OSError:
                # It has no folder, or the handler took that apart: then what is said stands with what is wanted.
                self.standing.say(handler, status)
        if handler.is_multi_config and task.extension is not None and folder.status.is_dir():
            # Of several extensions each has to say for itself that it failed, where its handler did not come to it.
            _write_error(self._awaited(task, task.extension), failed)

    async def _ended(self, tasks: list[Task]) -> list[ExtensionFailure]:
        """Wait until the extensions have said how they ended; those that failed, or did not say."""
        several = [self._awaited(task, task.extension) for task in tasks if task.extension is not None]
        await self.status_files.all_over(several, self.status_wait_seconds)
        return [failure for each in several if (failure := self._failure_of(each)) is not None]

    def _failure_of(self, awaited_extension: Awaited) -> ExtensionFailure | None:
        report = self.status_files.report(awaited_extension)
        match report.status:
            case StatusValue.SUCCESS.value:
                return None
            case StatusValue.ERROR.value:
                code, message = report.code, report.message
            case other:
                code = int(AgentCode.UNKNOWN_FAILURE)
                message = (
                    f"The extension {report.extension_name} said neither success nor error within "
                    f"{self.status_wait_seconds:g} seconds. Its last status was {other}: {report.message}"
                )
        return ExtensionFailure(extension_name=report.extension_name, code=code, message=message[:MESSAGE_CHARACTERS])

    def _without_success(self, task: Task) -> StepFailed:
        assert task.extension is not None, "only extensions are waited for"
        status = self.status_files.report(self._awaited(task, task.extension)).status
        if StatusValue(status).is_terminal:
            return DependencyFailed(task.full_name, _NO_SUCCESS.format(status))
        return DependencyFailed(task.full_name, _NO_END.format(status))

    def _awaited(self, task: Task, extension: ExtensionGoal) -> Awaited:
        return awaited(self.layout.folder(task.handler.name, task.handler.version), task.handler, extension)

    async def _remove_unwanted(self, wanted: list[str]) -> None:
        for folder in tuple(self.layout.handlers()):
            if not any(same_name(folder.name, name) for name in wanted):
                await self.lifecycle.remove(folder)


def _has_status(task: Task) -> bool:
    return task.handler.wanted is Wanted.ENABLED and task.extension is not None and task.extension.has_settings


def _failure(name: str, failed: StepFailed) -> ExtensionFailure:
    return ExtensionFailure(extension_name=name, code=failed.code, message=str(failed)[:MESSAGE_CHARACTERS])


def _write_error(extension: Awaited, failed: StepFailed) -> None:
    if extension.path.exists():
        return
    text = status_text(
        name=extension.handler,
        operation="ExtensionProcessing",
        status=StatusValue.ERROR,
        code=failed.code,
        message=str(failed),
        timestamp=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    write_durably(extension.path, text.encode("utf-8", "replace"))
