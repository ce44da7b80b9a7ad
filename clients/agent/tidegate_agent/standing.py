"""What the last goal state wanted, kept so that an agent can say how things stand as soon as it is started.

Law: names, versions and numbers, never a setting.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from tidegate_agent.durable_file import write_durably
from tidegate_agent.goal_state import ExtensionGoal, GoalState, HandlerGoal, Wanted
from tidegate_agent.handler_state import HandlerStatus
from tidegate_handler.handler_name import same_name
from tidegate_handler.version import HandlerVersion

_NAME = "standing.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingExtension:
    """One extension that was wanted."""

    extension_name: str
    has_settings: bool
    sequence_number: int
    dependency_level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingHandler:
    """One handler that was wanted."""

    publisher: str
    type: str
    version: str
    is_multi_config: bool
    extensions: tuple[StandingExtension, ...]
    wanted: Wanted = Wanted.ENABLED
    status: HandlerStatus | None = None
    """What is said of it where the version has no folder to say it in."""

    def is_of(self, goal: HandlerGoal) -> bool:
        """Whether it is the goal's handler."""
        return same_name(f"{self.publisher}.{self.type}", goal.name)

    @property
    def goal(self) -> HandlerGoal:
        """The goal again, without its settings and its package."""
        return HandlerGoal(
            publisher=self.publisher,
            type=self.type,
            version=HandlerVersion(self.version),
            wanted=self.wanted,
            extensions=tuple(
                ExtensionGoal(
                    extension_name=each.extension_name,
                    has_settings=each.has_settings,
                    sequence_number=each.sequence_number,
                    dependency_level=each.dependency_level,
                )
                for each in self.extensions
            ),
            is_multi_config=self.is_multi_config,
        )


def standing_of(goal: GoalState) -> tuple[StandingHandler, ...]:
    """What is kept of a goal state."""
    return tuple(
        StandingHandler(
            publisher=handler.publisher,
            type=handler.type,
            version=str(handler.version),
            is_multi_config=handler.is_multi_config,
            extensions=tuple(
                StandingExtension(
                    extension_name=each.extension_name,
                    has_settings=each.has_settings,
                    sequence_number=each.sequence_number,
                    dependency_level=each.dependency_level,
                )
                for each in handler.extensions
            ),
            wanted=handler.wanted,
        )
        for handler in goal.handlers
    )


class Standing:
    """What one root keeps.

    Raises:
        OSError: it cannot be read.
    """

    def __init__(self, state_folder: Path) -> None:
        self._path = state_folder / _NAME
        self.handlers = _read(self._path)

    def want(self, goal: GoalState) -> None:
        """Keep what this goal state wants, in the place of what the one before wanted."""
        self._keep(standing_of(goal))

    def say(self, goal: HandlerGoal, status: HandlerStatus) -> None:
        """Keep what is said of a handler whose version has no folder."""
        self._keep(tuple(replace(each, status=status) if each.is_of(goal) else each for each in self.handlers))

    def drop(self, goal: HandlerGoal) -> None:
        """Keep nothing of a handler that was wanted to be gone, and is."""
        self._keep(tuple(each for each in self.handlers if not each.is_of(goal)))

    def _keep(self, handlers: tuple[StandingHandler, ...]) -> None:
        if handlers != self.handlers:
            write_durably(self._path, msgspec.json.encode(handlers))
            self.handlers = handlers


def _read(path: Path) -> tuple[StandingHandler, ...]:
    """What was kept; nothing where nothing was, or where it is damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=tuple[StandingHandler, ...])
    except (FileNotFoundError, msgspec.MsgspecError):
        return ()
