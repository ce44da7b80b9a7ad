"""The life of a handler on one host: new, updated, taken back to an older version, uninstalled, removed.

Law: at no moment are two versions of one handler installed, let alone enabled. The old version is disabled before the
new one is touched, and gone before the new one is installed; a move that a crash broke off goes on where it stopped.
After a failed move nothing is taken back: the way back is a goal state with the old version.

Source: WALinuxAgent 2.15, exthandlers.py (handle_enable, handle_uninstall), and what it did when it was run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace

from tidegate_agent.failure import StepFailed, UpdateFailed
from tidegate_agent.goal_state import ExtensionGoal, HandlerGoal, Wanted
from tidegate_agent.handing_on import hand_on
from tidegate_agent.handler_commands import load_manifest
from tidegate_agent.handler_state import HandlerState, installed, read_state
from tidegate_agent.layout import HandlerFolder, Layout, clear
from tidegate_agent.settings_files import has_settings_file
from tidegate_agent.steps import Steps, extensions_to_disable, unnamed, unnamed_extension
from tidegate_agent.transition import Reached, Transition, TransitionFile
from tidegate_agent.unpacking import Fetch, unpack_handler
from tidegate_handler.package import Limits


class Lifecycle:
    """Brings the handlers under one root where a goal state wants them."""

    def __init__(self, layout: Layout, steps: Steps, fetch: Fetch, limits: Limits) -> None:
        self._layout = layout
        self._steps = steps
        self._fetch = fetch
        self._limits = limits

    async def enable(self, goal: HandlerGoal, extension: ExtensionGoal | None) -> None:
        """Have the goal's version enabled with the extension's settings, whatever is there now.

        Raises:
            StepFailed: a step failed; on the disk is then what WALinuxAgent 2.15 leaves after that step.
            OSError: the disk cannot be written.
        """
        file = TransitionFile(self._layout.state, goal.name)
        folder = self._layout.folder(goal.name, goal.version)
        transition = await self._under_way(goal, folder, file)
        if goal.package is None:
            raise StepFailed(f"Unable to find version {goal.version} in manifest for extension {goal.name}")
        try:
            if transition is not None:
                self._steps.configure(folder, goal, extension)
                transition = await self._move(goal, extension, transition, file)
            elif read_state(folder).is_installed:
                await self._drop_unnamed(folder, goal)
                self._steps.configure(folder, goal, extension)
            else:
                transition = await self._set_up(folder, goal, extension, file)
            await self._steps.enable(folder, goal, extension, transition.uninstall_exit_code if transition else None)
        except StepFailed:
            file.clear()
            raise
        file.clear()

    def enabled_again(self, goal: HandlerGoal) -> HandlerGoal | None:
        """The goal for what is enabled of the handler now, be it another version than was wanted; None for nothing.

        It names the extensions whose settings are there. A move that was broken off ends with enabling anyhow.
        """
        folder = installed(self._layout.versions(goal.name))
        if folder is None or read_state(folder) is not HandlerState.ENABLED:
            return None
        if goal.wanted is not Wanted.ENABLED or TransitionFile(self._layout.state, goal.name).read() is not None:
            return None
        kept = tuple(each for each in goal.extensions if has_settings_file(folder, each, goal.is_multi_config))
        return replace(goal, version=folder.version, extensions=kept) if kept or not goal.extensions else None

    async def enable_again(self, goal: HandlerGoal, extension: ExtensionGoal | None) -> None:
        """Run the enable command of a version that is enabled once more, with the settings that it has.

        Raises:
            StepFailed: it failed.
            OSError: the disk cannot be written.
        """
        await self._steps.enable(self._layout.folder(goal.name, goal.version), goal, extension, None)

    async def uninstall(self, goal: HandlerGoal, extension: ExtensionGoal | None) -> StepFailed | None:
        """Disable and uninstall what is there of the handler, and delete it; what its uninstall command said.

        A failed uninstall is told and nothing more; the folder goes all the same. A version that failed to be upgraded
        to stays until the handler's name leaves the goal state.

        Raises:
            StepFailed: an extension could not be disabled, so the handler stays.
            OSError: the disk cannot be written.
        """
        await self._under_way(goal, None, TransitionFile(self._layout.state, goal.name))
        folder = installed(self._layout.versions(goal.name))
        if folder is None:
            folder = self._layout.folder(goal.name, goal.version)
        failure: StepFailed | None = None
        state = read_state(folder)
        if state is HandlerState.ENABLED:
            for each in extensions_to_disable(folder, goal):
                await self._steps.disable(folder, goal, each)
        if state is not HandlerState.NOT_INSTALLED:
            try:
                await self._steps.uninstall(folder, goal, extension)
            except StepFailed as failed:
                failure = failed
        if folder.exists:
            await self._delete(folder)
        return failure

    async def remove(self, folder: HandlerFolder) -> None:
        """Delete a version without running any command, as the contract has it for a name that nobody wants."""
        TransitionFile(self._layout.state, folder.name).clear()
        await self._delete(folder)

    async def _under_way(
        self, goal: HandlerGoal, folder: HandlerFolder | None, file: TransitionFile
    ) -> Transition | None:
        """The move to the goal's version that is under way; one to another version is brought to a clean end."""
        transition = file.read()
        if transition is None:
            return None
        is_mine = folder is not None and transition.to_version == folder.version and folder.exists
        if is_mine and folder is not None and not read_state(folder).is_installed:
            return transition
        if is_mine and transition.reached is Reached.REMOVED:
            return transition
        if transition.reached in {Reached.UNINSTALLING, Reached.UNINSTALLED}:
            # What was uninstalled, or half of it, is not there any more, whatever its state says.
            old = self._layout.folder(goal.name, transition.from_version)
            if old.exists:
                await self._delete(old)
        file.clear()
        return None

    async def _set_up(
        self, folder: HandlerFolder, goal: HandlerGoal, extension: ExtensionGoal | None, file: TransitionFile
    ) -> Transition | None:
        """Put the version there; where another is installed, move from it."""
        await unpack_handler(self._layout, folder, goal, self._fetch, self._limits)
        self._steps.configure(folder, goal, extension)
        old = installed(self._layout.versions(goal.name))
        if old is None:
            await self._steps.install(folder, goal, extension, None)
            return None
        transition = Transition(
            from_version=old.version, to_version=folder.version, reached=Reached.PREPARED, disable_exit_codes={}
        )
        return await self._move(goal, extension, file.write(transition), file)

    async def _move(
        self, goal: HandlerGoal, extension: ExtensionGoal | None, move: Transition, file: TransitionFile
    ) -> Transition:
        """Take the steps that are still to be taken, up to the installed new version."""
        new = self._layout.folder(goal.name, move.to_version)
        old = self._layout.folder(goal.name, move.from_version)
        is_forgiving = load_manifest(new).continue_on_update_failure
        if not old.exists:
            # It is only taken away after everything that is done with it, whatever the notes say after a power cut.
            move = move.at(Reached.REMOVED)
        if move.reached < Reached.DISABLED:
            codes = await self._disable(old, goal, is_forgiving)
            move = file.write(move.at(Reached.DISABLED, disable_exit_codes=codes))
        if move.reached < Reached.UPDATED:
            hand_on(old, new)
            is_downgrade = new.version < old.version
            await self._steps.update(
                old if is_downgrade else new,
                goal,
                extension,
                from_version=new.version if is_downgrade else old.version,
                disable_exit_codes=move.disable_exit_codes,
            )
            move = file.write(move.at(Reached.UPDATED))
        if move.reached < Reached.UNINSTALLED:
            file.write(move.at(Reached.UNINSTALLING))
            code = await _exit_code_of(self._steps.uninstall(old, goal, extension), is_forgiving)
            move = file.write(move.at(Reached.UNINSTALLED, uninstall_exit_code=code))
        if move.reached < Reached.REMOVED:
            await self._delete(old)
            move = file.write(move.at(Reached.REMOVED))
        if not read_state(new).is_installed:
            await self._steps.install_after_update(new, goal, extension, move.uninstall_exit_code)
        return move

    async def _disable(self, old: HandlerFolder, goal: HandlerGoal, is_forgiving: bool) -> dict[str, int]:
        """Disable what is enabled of the old version; the exit codes by extension."""
        codes = dict[str, int]()
        if read_state(old) is HandlerState.ENABLED:
            for each in extensions_to_disable(old, goal):
                name = each.extension_name if each is not None else goal.name
                codes[name] = await _exit_code_of(self._steps.disable(old, goal, each), is_forgiving)
        return codes

    async def _drop_unnamed(self, folder: HandlerFolder, goal: HandlerGoal) -> None:
        if goal.is_multi_config:
            for name in unnamed(folder, goal):
                await self._steps.drop_extension(folder, goal, unnamed_extension(folder, name))

    async def _delete(self, folder: HandlerFolder) -> None:
        aside = self._layout.set_aside(folder)
        await asyncio.to_thread(clear, aside)


async def _exit_code_of(step: Awaitable[None], is_forgiving: bool) -> int:
    """The exit code of a command of the old version, 0 where it went well.

    Raises:
        UpdateFailed: it failed, and the new version's manifest has no continueOnUpdateFailure.
    """
    try:
        await step
    except StepFailed as failed:
        if not is_forgiving:
            raise UpdateFailed(failed) from failed
        return failed.exit_code
    return 0
