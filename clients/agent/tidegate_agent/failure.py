"""How a step of a handler fails: with a code that the contract knows, and words for whoever operates the host.

Law: `str` is what the handler's status says, in the form that Azure's agent gives it: what reads one reads both.

Source: WALinuxAgent 2.15, common/exception.py and ga/extensionprocessutil.py.
"""

from __future__ import annotations

from tidegate_handler.commands import AgentCode, Command


class StepFailed(Exception):
    """A step failed, and the handler is not what it was to become."""

    kind = "ExtensionError"

    def __init__(self, message: str, code: int = AgentCode.UNKNOWN_FAILURE) -> None:
        super().__init__(f"[{self.kind}] {message}" if self.kind else message)
        self.code = int(code)

    @property
    def exit_code(self) -> int:
        """What later commands are told as this one's exit code."""
        return self.code


class CommandFailed(StepFailed):
    """A command ended with another exit code than 0."""

    kind = "ExtensionOperationError"

    def __init__(self, command: Command, exit_code: int, line: str, output: str) -> None:
        super().__init__(f"Non-zero exit code: {exit_code}, {line}\n{output}", command.failure_code)
        self._exit_code = exit_code

    @property
    def exit_code(self) -> int:
        return self._exit_code


class CommandTimedOut(StepFailed):
    """A command took too long, and its process group was killed."""

    def __init__(self, seconds: float, line: str, output: str) -> None:
        super().__init__(f"Timeout({seconds:g}): {line}\n{output}", AgentCode.COMMAND_TIMED_OUT)


class CommandNotStarted(StepFailed):
    """The system would not start the command."""

    def __init__(self, command: Command, line: str, why: str) -> None:
        super().__init__(f"Failed to launch '{line}': {why}", command.failure_code)


class UpdateFailed(StepFailed):
    """The old version's disable or uninstall failed, and the new one does not want to go on all the same."""

    kind = "ExtensionUpdateError"

    def __init__(self, cause: StepFailed) -> None:
        super().__init__(f"{cause}; ContinueOnUpdate: False", AgentCode.UPDATE_FAILED)


class PackageFailed(StepFailed):
    """The package could not be fetched, or is not one that can be run."""

    kind = "ExtensionDownloadError"


class SettingsFailed(StepFailed):
    """The goal state asks for what this handler or its settings cannot be."""

    kind = "ExtensionsGoalStateError"


class EnableFailed(StepFailed):
    """One of several extensions could not be enabled; the handler itself is as it was."""

    def __init__(self, extension_name: str, cause: StepFailed) -> None:
        super().__init__(f"Error processing the extension {extension_name}: {cause}", cause.code)


class DependencyFailed(StepFailed):
    """An extension that comes before this one did not succeed, so nothing was done for this one."""

    kind = ""

    def __init__(self, full_name: str, why: str) -> None:
        super().__init__(f"Dependent Extension {full_name} {why}")


class EngineClosed(Exception):
    """The engine is closed, or was before the goal state was reached; a new engine goes on where it stopped."""
