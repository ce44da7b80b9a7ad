from pathlib import Path

import pytest

from tidegate_agent.goal_state import ExtensionGoal, GoalState, HandlerGoal
from tidegate_agent.handler_state import HandlerStatus
from tidegate_agent.standing import Standing
from tidegate_handler.version import HandlerVersion


def goal_state() -> GoalState:
    extension = ExtensionGoal(
        extension_name="web",
        has_settings=True,
        sequence_number=4,
        public_settings_json='{"key": "open"}',
        protected_settings=b"closed",
    )
    handlers = tuple(
        HandlerGoal(publisher="Contoso", type=name, version=HandlerVersion("1.0"), extensions=(extension,))
        for name in ("Web", "Health")
    )
    return GoalState(incarnation=1, handlers=handlers)


def test_what_was_wanted_is_there_after_a_start_without_its_settings(tmp_path: Path) -> None:
    Standing(tmp_path).want(goal_state())
    standing = Standing(tmp_path)
    assert [each.goal.name for each in standing.handlers] == ["Contoso.Web", "Contoso.Health"]
    (extension,) = standing.handlers[0].goal.extensions
    assert (extension.extension_name, extension.has_settings, extension.sequence_number) == ("web", True, 4)
    content = (tmp_path / "standing.json").read_bytes()
    assert b"open" not in content
    assert b"closed" not in content


def test_what_is_said_of_a_handler_is_kept_until_the_next_goal_state(tmp_path: Path) -> None:
    standing = Standing(tmp_path)
    standing.want(goal_state())
    status = HandlerStatus(status="NotReady", code=-1, message="Unable to find version")
    standing.say(goal_state().handlers[0], status)
    assert [each.status for each in Standing(tmp_path).handlers] == [status, None]
    standing.want(goal_state())
    assert [each.status for each in Standing(tmp_path).handlers] == [None, None]


def test_a_handler_that_is_gone_is_dropped(tmp_path: Path) -> None:
    standing = Standing(tmp_path)
    standing.want(goal_state())
    standing.drop(goal_state().handlers[0])
    assert [each.type for each in Standing(tmp_path).handlers] == ["Health"]


@pytest.mark.parametrize("content", [b"", b"{}", b'[{"publisher": 1}]'])
def test_a_damaged_file_counts_as_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "standing.json").write_bytes(content)
    assert Standing(tmp_path).handlers == ()
