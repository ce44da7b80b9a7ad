from tidegate_agent.dependency import Task, tasks_of
from tidegate_agent.goal_state import ExtensionGoal, GoalState, HandlerGoal, Wanted
from tidegate_handler.version import HandlerVersion


def handler(type: str, *levels: int, wanted: Wanted = Wanted.ENABLED) -> HandlerGoal:  # noqa: A002
    extensions = tuple(
        ExtensionGoal(extension_name=f"{type}{number}", dependency_level=level) for number, level in enumerate(levels)
    )
    return HandlerGoal(
        publisher="Contoso",
        type=type,
        version=HandlerVersion("1.0"),
        wanted=wanted,
        extensions=extensions,
        is_multi_config=len(levels) > 1,
    )


def names(*handlers: HandlerGoal) -> list[str]:
    return [task.name for task in tasks_of(GoalState(incarnation=1, handlers=handlers))]


def test_lower_levels_come_first_and_equals_as_they_are_named() -> None:
    assert names(handler("C", 2), handler("B", 1), handler("A", 1)) == ["B0", "A0", "C0"]


def test_what_is_to_be_uninstalled_goes_first_from_the_highest_level_down() -> None:
    gone = (handler("X", 1, wanted=Wanted.UNINSTALL), handler("Y", 3, wanted=Wanted.UNINSTALL))
    assert names(handler("A", 0), *gone) == ["Y0", "X0", "A0"]


def test_several_extensions_of_a_handler_have_places_of_their_own() -> None:
    assert names(handler("A", 2, 0), handler("B", 1)) == ["A1", "B0", "A0"]


def test_several_extensions_are_uninstalled_once() -> None:
    assert names(handler("A", 2, 0, wanted=Wanted.UNINSTALL)) == ["A0"]


def test_a_handler_without_extensions_has_a_task() -> None:
    (task,) = tasks_of(GoalState(incarnation=1, handlers=(handler("A"),)))
    assert task == Task(handler=handler("A"), extension=None, is_waited_for=False)
    assert task.full_name == task.name == "Contoso.A"


def test_all_but_the_highest_level_are_waited_for() -> None:
    goal = GoalState(incarnation=1, handlers=(handler("A", 0), handler("B", 1), handler("C", 2), handler("D", 2)))
    assert [task.is_waited_for for task in tasks_of(goal)] == [True, True, False, False]


def test_where_all_levels_are_equal_nobody_is_waited_for() -> None:
    goal = GoalState(
        incarnation=1, handlers=(handler("A", 5), handler("B", 5), handler("C", 1, wanted=Wanted.UNINSTALL))
    )
    assert not any(task.is_waited_for for task in tasks_of(goal))


def test_one_of_several_is_called_by_both_names() -> None:
    first, *_ = tasks_of(GoalState(incarnation=1, handlers=(handler("A", 0, 1),)))
    assert first.full_name == "Contoso.A.A0"
    assert tasks_of(GoalState(incarnation=1)) == ()
