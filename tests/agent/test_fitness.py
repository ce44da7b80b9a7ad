import pytest

from tidegate_agent.fitness import unfit
from tidegate_agent.goal_state import ExtensionGoal, GoalState, HandlerGoal
from tidegate_handler.version import HandlerVersion


def handler(
    publisher: str = "Contoso",
    type: str = "Web",  # noqa: A002
    names: tuple[str, ...] = ("web",),
    is_multi_config: bool = False,
    sequence_number: int = 0,
) -> HandlerGoal:
    return HandlerGoal(
        publisher=publisher,
        type=type,
        version=HandlerVersion("1.0"),
        extensions=tuple(ExtensionGoal(extension_name=name, sequence_number=sequence_number) for name in names),
        is_multi_config=is_multi_config,
    )


def problems(*handlers: HandlerGoal) -> list[int]:
    return list(unfit(GoalState(incarnation=1, handlers=handlers)))


def test_what_is_sound_is_let_through() -> None:
    several = handler(type="Run", names=("one", "two two", "3-3.3_3"), is_multi_config=True)
    assert problems(handler(), several, handler(type="None", names=())) == []


@pytest.mark.parametrize(
    "goal",
    [
        handler(publisher="../../etc"),
        handler(type="Web/../.."),
        handler(type=""),
        handler(publisher="With-Dash"),
        handler(names=("../web",), is_multi_config=True),
        handler(names=("web/x",), is_multi_config=True),
        handler(names=(".web",), is_multi_config=True),
        handler(names=("web", "web"), is_multi_config=True),
        handler(names=("one", "two")),
        handler(sequence_number=-1),
    ],
)
def test_what_would_leave_its_folder_or_mean_two_things_is_found(goal: HandlerGoal) -> None:
    assert problems(handler(type="Sound"), goal) == [1]


def test_a_handler_that_is_named_twice_is_taken_once() -> None:
    assert problems(handler(), handler(publisher="CONTOSO", type="web")) == [1]
