from dataclasses import replace
from pathlib import Path

from tidegate_agent.finished import MOST, Finished
from tidegate_agent.goal_state import ExtensionGoal, GoalState, HandlerGoal
from tidegate_agent.report import ExtensionFailure, ExtensionReport, ExtensionSubstatus, HandlerReport, Outcome
from tidegate_handler.version import HandlerVersion


def goal_state(incarnation: int = 1, operation_id: str = "", protected: bytes = b"", text: str = "{}") -> GoalState:
    extension = ExtensionGoal(
        extension_name="web", has_settings=True, protected_settings=protected, public_settings_json=text
    )
    handler = HandlerGoal(publisher="Contoso", type="Web", version=HandlerVersion("1.0"), extensions=(extension,))
    return GoalState(incarnation=incarnation, operation_id=operation_id, handlers=(handler,))


def outcome_of(goal: GoalState) -> Outcome:
    extension = ExtensionReport(
        extension_name="web",
        sequence_number=3,
        status="error",
        substatus=(ExtensionSubstatus(name="part", status="warning", code=5, message="so so"),),
    )
    return Outcome(
        incarnation=goal.incarnation,
        operation_id=goal.operation_id,
        failures=(ExtensionFailure(extension_name="web", code=1009, message="no"),),
        handlers=(
            HandlerReport(publisher="Contoso", type="Web", version="1.0", status="Ready", extensions=(extension,)),
        ),
    )


def test_an_outcome_is_the_same_after_a_start(tmp_path: Path) -> None:
    goal = goal_state(operation_id="one")
    Finished(tmp_path).keep(goal, outcome_of(goal))
    assert Finished(tmp_path).find(goal) == outcome_of(goal)


def test_an_operation_is_known_whatever_goal_state_carries_it(tmp_path: Path) -> None:
    finished = Finished(tmp_path)
    goal = goal_state(1, "one")
    finished.keep(goal, outcome_of(goal))
    again = goal_state(7, "one", text='{"other": 1}')
    assert finished.find(again) == replace(outcome_of(goal), incarnation=7)
    assert finished.find(goal_state(1, "two")) is None
    assert finished.find(goal_state(1)) is None


def test_a_goal_state_without_an_operation_is_known_by_what_it_says(tmp_path: Path) -> None:
    finished = Finished(tmp_path)
    finished.keep(goal_state(4, protected=b"sealed"), outcome_of(goal_state(4)))
    assert finished.find(goal_state(4, protected=b"sealed anew")) == outcome_of(goal_state(4))
    assert finished.find(goal_state(4, text='{"other": 1}')) is None
    assert finished.find(goal_state(5)) is None


def test_the_latest_are_remembered(tmp_path: Path) -> None:
    finished = Finished(tmp_path)
    for number in range(1, MOST + 4):
        goal = goal_state(number, f"operation {number}")
        finished.keep(goal, outcome_of(goal))
    again = Finished(tmp_path)
    assert [again.find(goal_state(1, f"operation {number}")) is None for number in (3, 4, MOST + 3)] == [
        True,
        False,
        False,
    ]
    assert len(list((tmp_path / "finished").iterdir())) == MOST


def test_a_damaged_record_is_passed_over(tmp_path: Path) -> None:
    for number in (1, 2):
        goal = goal_state(number, str(number))
        Finished(tmp_path).keep(goal, outcome_of(goal))
    first, _ = sorted((tmp_path / "finished").iterdir())
    first.write_bytes(b"{")
    finished = Finished(tmp_path)
    assert finished.find(goal_state(1, "1")) is None
    assert finished.find(goal_state(2, "2")) is not None
