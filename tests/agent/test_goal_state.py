from tidegate_agent.goal_state import ExtensionGoal, HandlerGoal
from tidegate_handler.version import HandlerVersion


def test_settings_are_in_no_repr() -> None:
    extension = ExtensionGoal(
        extension_name="web", has_settings=True, public_settings_json='{"key": "open"}', protected_settings=b"closed"
    )
    goal = HandlerGoal(publisher="Contoso", type="Web", version=HandlerVersion("1.0"), extensions=(extension,))
    assert "open" not in repr(goal)
    assert "closed" not in repr(goal)


def test_a_handler_is_called_by_its_publisher_and_type() -> None:
    assert HandlerGoal(publisher="Contoso.Web", type="Health", version=HandlerVersion("1")).name == "Contoso.Web.Health"
