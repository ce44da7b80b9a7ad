"""The commands of handlers: each with its line, its environment, its timeout, its log and its failure.

Law: whatever a command does, it ends in an exit code of 0 or in a `StepFailed`; nothing it prints reaches anybody but
its own log and the message of its failure.

Source: WALinuxAgent 2.15, exthandlers.py (launch_command).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from tidegate_agent import command_log
from tidegate_agent.command import Ended, run_command
from tidegate_agent.failure import CommandFailed, CommandNotStarted, CommandTimedOut, EngineClosed, StepFailed
from tidegate_agent.goal_state import ExtensionGoal
from tidegate_agent.join_token import TOKEN_VARIABLE
from tidegate_agent.layout import HandlerFolder, Layout
from tidegate_agent.reading import open_file
from tidegate_agent.settings_files import sequence_number
from tidegate_handler.commands import AgentCode, Command, shell_line
from tidegate_handler.contents import LARGEST_MANIFEST_BYTES
from tidegate_handler.environment import every_command_environment
from tidegate_handler.manifest import Manifest, ManifestMalformed, read_manifest

log = structlog.stdlib.get_logger(__name__)

WIRE_SERVER = "168.63.129.16"
"""Where Azure's hosts answer their machines; handlers are told of it elsewhere too, and ask there at their own risk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandEnded:
    """A command that was run, for whoever wants to know."""

    handler: str
    """The handler's name."""
    version: str
    command: Command
    timeout_seconds: float
    additions: Mapping[str, str]
    """What it had in its environment beside what every command has."""
    seconds: float
    """How long it took."""
    exit_code: int | None
    """None where it did not end by itself, or could not be started."""
    failure: StepFailed | None
    """None where it ended with 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Under which commands run."""

    wire_protocol_address: str = WIRE_SERVER
    timeout_seconds: Callable[[Command], float] = lambda command: command.timeout_seconds
    observe: Callable[[CommandEnded], None] = lambda ended: None
    """Is told of every command once it has ended; never waits."""


class HandlerCommands:
    """Runs the commands of the handlers under one root, one at a time."""

    def __init__(self, layout: Layout, conditions: Conditions) -> None:
        self._layout = layout
        self._conditions = conditions
        self._is_stopped = False

    def stop(self) -> None:
        """Begin no command any more; one that runs may end."""
        self._is_stopped = True

    async def run(
        self,
        folder: HandlerFolder,
        command: Command,
        *,
        extension: ExtensionGoal | None,
        is_multi_config: bool,
        additions: Mapping[str, str] | None = None,
    ) -> None:
        """Run the command of that version on behalf of the extension.

        Raises:
            StepFailed: there is no manifest, the command could not be started, took too long, or ended badly.
            EngineClosed: no command begins any more.
            OSError: the agent's own folders cannot be written.
        """
        if self._is_stopped:
            raise EngineClosed
        added = dict(additions or {})
        line = shell_line(folder.path, load_manifest(folder).command(command))
        name = extension.extension_name if extension is not None and is_multi_config else None
        own = every_command_environment(
            folder.path, folder.version, self._conditions.wire_protocol_address, sequence_number(extension), name
        )
        timeout_seconds = self._conditions.timeout_seconds(command)
        ended: Ended | None = None
        began = time.monotonic()
        failure: StepFailed | None
        try:
            ended = await run_command(
                line,
                folder=folder.path,
                # The agent's own environment wins over what the contract adds, as in WALinuxAgent: an operator can so
                # change for all handlers what they are told.
                environment={**own, **added, **_inherited()},
                timeout_seconds=timeout_seconds,
                run_folder=self._layout.run,
            )
        except (OSError, ValueError) as refused:
            failure = CommandNotStarted(command, line, str(refused))
        else:
            failure = _judged(command, line, timeout_seconds, ended)
        self._tell(
            CommandEnded(
                handler=folder.name,
                version=str(folder.version),
                command=command,
                timeout_seconds=timeout_seconds,
                additions=added,
                seconds=time.monotonic() - began,
                exit_code=ended.exit_code if ended is not None else None,
                failure=failure,
            ),
            name,
            f"{line}\n{failure or (ended.output if ended is not None else '')}",
        )
        if failure is not None:
            raise failure

    def _tell(self, ended: CommandEnded, extension_name: str | None, text: str) -> None:
        word = "failed" if ended.failure is not None else "succeeded"
        entry = f"{ended.command.value} of {ended.version} {word}, with {dict(ended.additions)}: {text}"
        command_log.append(self._layout.log_folder(ended.handler), extension_name, entry)
        # What it wrote stays in the handler's own log: nobody knows what a handler prints.
        log.info(
            "command ended",
            handler=ended.handler,
            version=ended.version,
            command=ended.command.value,
            extension=extension_name or "",
            exit_code=ended.exit_code,
            seconds=round(ended.seconds, 3),
        )
        self._conditions.observe(ended)


def load_manifest(folder: HandlerFolder) -> Manifest:
    """The manifest of that version.

    Raises:
        StepFailed: it cannot be read (1002), or is malformed (1003).
    """
    try:
        with open_file(folder.manifest) as file:
            return read_manifest(file.read(LARGEST_MANIFEST_BYTES + 1))
    except OSError as unreadable:
        message = f"Failed to load manifest file ({folder.manifest}): {unreadable.strerror}"
        raise StepFailed(message, AgentCode.MANIFEST_NOT_FOUND) from unreadable
    except ManifestMalformed as malformed:
        message = f"Malformed manifest file ({folder.manifest}). {malformed}"
        raise StepFailed(message, AgentCode.MANIFEST_MALFORMED) from malformed


def _inherited() -> dict[str, str]:
    """The agent's own environment without its secret, which handlers would print where they print theirs."""
    return {name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE}


def _judged(command: Command, line: str, timeout_seconds: float, ended: Ended) -> StepFailed | None:
    match ended.exit_code:
        case None:
            return CommandTimedOut(timeout_seconds, line, ended.output)
        case 0:
            return None
        case exit_code:
            return CommandFailed(command, exit_code, line, ended.output)
