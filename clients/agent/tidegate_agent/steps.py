"""The steps of a handler's life: one command each, and the state that is true after it.

Law: the state is on the disk before the step counts as done, so that after a crash the step is either to be taken again
or was. Commands may therefore be run twice, never left out; the contract asks of a handler that it bears that.

Source: WALinuxAgent 2.15, exthandlers.py (install, enable, disable, update, uninstall).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tidegate_agent.failure import EnableFailed, SettingsFailed, StepFailed
from tidegate_agent.goal_state import ExtensionGoal, HandlerGoal
from tidegate_agent.handler_commands import HandlerCommands, load_manifest
from tidegate_agent.handler_state import (
    NOT_READY,
    READY,
    HandlerState,
    HandlerStatus,
    enabled_extensions,
    forget_extension,
    settings_of,
    write_extension_state,
    write_state,
    write_status_of_handler,
)
from tidegate_agent.layout import HandlerFolder
from tidegate_agent.settings_files import write_settings
from tidegate_handler.commands import Command
from tidegate_handler.environment import install_environment, update_environment, update_environment_of_several
from tidegate_handler.version import HandlerVersion


class Steps:
    """Takes the steps of every handler under one root."""

    def __init__(self, commands: HandlerCommands, thumbprint: str) -> None:
        self._commands = commands
        self._thumbprint = thumbprint

    def configure(self, folder: HandlerFolder, goal: HandlerGoal, extension: ExtensionGoal | None) -> None:
        """Write the extension's settings.

        Raises:
            SettingsFailed: they cannot be written as they are, or the handler does not support several extensions.
        """
        if goal.is_multi_config and not load_manifest(folder).supports_multiple_extensions:
            raise SettingsFailed(f"Handler {folder.name} does not support several extensions, and is asked for them.")
        write_settings(folder, extension, is_multi_config=goal.is_multi_config, thumbprint=self._thumbprint)

    async def install(
        self, folder: HandlerFolder, goal: HandlerGoal, extension: ExtensionGoal | None, uninstall_exit_code: int | None
    ) -> None:
        """Install this version; `uninstall_exit_code` is that of the version before, where one was uninstalled."""
        additions = install_environment(uninstall_exit_code)
        await self._run(folder, Command.INSTALL, goal, extension, additions)
        write_state(folder, HandlerState.INSTALLED)
        _say(folder, "Plugin installed but not enabled")

    async def install_after_update(
        self, folder: HandlerFolder, goal: HandlerGoal, extension: ExtensionGoal | None, uninstall_exit_code: int | None
    ) -> None:
        """Install this version after it was updated to, unless its manifest says that the update did that."""
        if load_manifest(folder).update_with_install:
            await self.install(folder, goal, extension, uninstall_exit_code)
        else:
            write_state(folder, HandlerState.INSTALLED)

    async def enable(
        self, folder: HandlerFolder, goal: HandlerGoal, extension: ExtensionGoal | None, uninstall_exit_code: int | None
    ) -> None:
        """Enable this version with the extension's settings."""
        try:
            await self._run(folder, Command.ENABLE, goal, extension, install_environment(uninstall_exit_code))
        except StepFailed as failed:
            if extension is not None and goal.is_multi_config:
                raise EnableFailed(extension.extension_name, failed) from failed
            raise
        if extension is not None and goal.is_multi_config:
            write_extension_state(folder, extension.extension_name, is_enabled=True)
        write_state(folder, HandlerState.ENABLED)
        write_status_of_handler(folder, HandlerStatus(status=READY, message="Plugin enabled"))

    async def disable(self, folder: HandlerFolder, goal: HandlerGoal, extension: ExtensionGoal | None) -> None:
        """Disable one extension; with the last of them the handler is disabled.

        One of several is forgotten with it, so that its old status never speaks for a version that it is handed on to.
        """
        await self._run(folder, Command.DISABLE, goal, extension)
        if extension is not None and goal.is_multi_config:
            forget_extension(folder, extension.extension_name)
        self._disabled(folder)

    async def drop_extension(
        self, folder: HandlerFolder, goal: HandlerGoal, extension: ExtensionGoal
    ) -> StepFailed | None:
        """Disable one of several extensions for good, and forget it even where its command failed; the failure then."""
        failure: StepFailed | None = None
        try:
            await self._run(folder, Command.DISABLE, goal, extension)
        except StepFailed as failed:
            failure = failed
        forget_extension(folder, extension.extension_name)
        self._disabled(folder)
        return failure

    async def update(
        self,
        folder: HandlerFolder,
        goal: HandlerGoal,
        extension: ExtensionGoal | None,
        *,
        from_version: HandlerVersion,
        disable_exit_codes: Mapping[str, int],
    ) -> None:
        """Run the update command of this version; where it fails, this version is a failed upgrade.

        `disable_exit_codes` has those of the old version's extensions that were disabled just now.
        """
        if goal.is_multi_config:
            codes = {each.extension_name: disable_exit_codes.get(each.extension_name) for each in goal.extensions}
            additions = update_environment_of_several(goal.version, from_version, codes)
        else:
            code = next(iter(disable_exit_codes.values()), None)
            additions = update_environment(goal.version, from_version, code)
        try:
            await self._run(folder, Command.UPDATE, goal, extension, additions)
        except StepFailed:
            write_state(folder, HandlerState.FAILED_UPGRADE)
            raise

    async def uninstall(self, folder: HandlerFolder, goal: HandlerGoal, extension: ExtensionGoal | None) -> None:
        """Run the uninstall command of this version; its folder is still there afterwards."""
        await self._run(folder, Command.UNINSTALL, goal, extension)

    def _disabled(self, folder: HandlerFolder) -> None:
        if not enabled_extensions(folder):
            write_state(folder, HandlerState.INSTALLED)
            _say(folder, "Plugin disabled")

    async def _run(
        self,
        folder: HandlerFolder,
        command: Command,
        goal: HandlerGoal,
        extension: ExtensionGoal | None,
        additions: Mapping[str, str] | None = None,
    ) -> None:
        await self._commands.run(
            folder, command, extension=extension, is_multi_config=goal.is_multi_config, additions=additions
        )


def _say(folder: HandlerFolder, message: str) -> None:
    write_status_of_handler(folder, HandlerStatus(status=NOT_READY, message=message), is_last=False)


def extensions_to_disable(folder: HandlerFolder, goal: HandlerGoal) -> tuple[ExtensionGoal | None, ...]:
    """What is to be disabled in a version that is enabled: of several extensions those that are enabled there.

    An extension that the goal state does not name any more is disabled with the settings that it has.
    """
    if not goal.is_multi_config:
        return goal.extensions or (None,)
    enabled = enabled_extensions(folder)
    named = [each for each in goal.extensions if each.extension_name in enabled]
    return (*named, *(unnamed_extension(folder, name) for name in unnamed(folder, goal)))


def unnamed(folder: HandlerFolder, goal: HandlerGoal) -> tuple[str, ...]:
    """The extensions of several that are enabled and that the goal state does not name."""
    names = {each.extension_name for each in goal.extensions}
    return tuple(name for name in enabled_extensions(folder) if name not in names)


def unnamed_extension(folder: HandlerFolder, name: str) -> ExtensionGoal:
    """The extension with the newest settings that it has on the disk."""
    known = settings_of(folder, name)
    extension = ExtensionGoal(extension_name=name)
    return replace(extension, has_settings=True, sequence_number=known[-1]) if known else extension
