"""What of a goal state this agent cannot even begin with, found before anything is touched.

Law: a name becomes part of a path only after it went through here.
"""

from __future__ import annotations

from tidegate_agent.failure import SettingsFailed
from tidegate_agent.goal_state import GoalState, HandlerGoal
from tidegate_handler.handler_name import MalformedName, handler_name
from tidegate_handler.settings import settings_name


def unfit(goal: GoalState) -> dict[int, SettingsFailed]:
    """The handlers that cannot be worked on, by their place in the goal state, with the reason for each."""
    found = dict[int, SettingsFailed]()
    names = set[str]()
    for place, handler in enumerate(goal.handlers):
        problem = _problem(handler)
        if problem is None and handler.name.casefold() in names:
            problem = f"The goal state names {handler.name} more than once."
        if problem is not None:
            found[place] = SettingsFailed(problem)
        names.add(handler.name.casefold())
    return found


def _problem(handler: HandlerGoal) -> str | None:
    try:
        handler_name(handler.publisher, handler.type)
        for extension in handler.extensions:
            settings_name(extension.sequence_number, extension.extension_name if handler.is_multi_config else None)
    except (MalformedName, ValueError) as malformed:
        return str(malformed)
    names = [extension.extension_name for extension in handler.extensions]
    if len(set(names)) < len(names):
        return f"The goal state names an extension of {handler.name} more than once."
    if len(names) > 1 and not handler.is_multi_config:
        return f"The goal state has several extensions of {handler.name}, but not by their names."
    return None
