"""In which order the extensions of a goal state are worked on, and which of them the others wait for.

Law: what is to be uninstalled goes first, from the highest dependency level down; then what is to be enabled, from the
lowest up. The order of the goal state decides among equals, so the same goal state gives the same order.

Source: WALinuxAgent 2.15, common/protocol/restapi.py (dependency_level_sort_key) and exthandlers.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from tidegate_agent.goal_state import ExtensionGoal, GoalState, HandlerGoal, Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One extension of one handler; None where the handler's goal names none."""

    handler: HandlerGoal
    extension: ExtensionGoal | None
    is_waited_for: bool
    """Others come after it that depend on its success."""

    @property
    def name(self) -> str:
        """The extension's name, or the handler's where the goal state names no extension of it."""
        return self.extension.extension_name if self.extension is not None else self.handler.name

    @property
    def full_name(self) -> str:
        """How others call it that depend on it."""
        if self.extension is None or not self.handler.is_multi_config:
            return self.handler.name
        return f"{self.handler.name}.{self.extension.extension_name}"


def tasks_of(goal: GoalState) -> tuple[Task, ...]:
    """The tasks of a goal state, in the order in which they are worked on."""
    pairs = sorted(_pairs(goal), key=lambda pair: _place(*pair))
    last = _place(*pairs[-1]) if pairs else 0
    return tuple(
        Task(handler=handler, extension=extension, is_waited_for=0 <= _place(handler, extension) < last)
        for handler, extension in pairs
    )


def _pairs(goal: GoalState) -> list[tuple[HandlerGoal, ExtensionGoal | None]]:
    pairs = list[tuple[HandlerGoal, ExtensionGoal | None]]()
    for handler in goal.handlers:
        # A handler is uninstalled once, however many extensions it had.
        is_once = handler.wanted is Wanted.UNINSTALL or not handler.extensions
        pairs += (
            [(handler, next(iter(handler.extensions), None))]
            if is_once
            else [(handler, extension) for extension in handler.extensions]
        )
    return pairs


def _place(handler: HandlerGoal, extension: ExtensionGoal | None) -> int:
    level = extension.dependency_level if extension is not None else 0
    return level if handler.wanted is Wanted.ENABLED else -level - 1
