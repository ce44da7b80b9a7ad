"""Problems: whole sentences with advice, told apart by exit codes."""

import pytest

from tidegate_agent import problems
from tidegate_agent.exit_codes import ExitCode
from tidegate_agent.problems import Problem

ALL: list[tuple[Problem, ExitCode]] = [
    (problems.JoinTokenUnreadable("it is empty"), ExitCode.USAGE),
    (problems.NotJoined("/r"), ExitCode.NOT_JOINED),
    (problems.AlreadyJoined("web-7"), ExitCode.REFUSED),
    (problems.IdentityDamaged("/r/host.json", "it is no JSON"), ExitCode.REFUSED),
    (problems.AlreadyRunning("/r"), ExitCode.ALREADY_RUNNING),
    (problems.AddressMalformed("x"), ExitCode.USAGE),
    (problems.PlaintextRefused("tidegate:50551"), ExitCode.REFUSED),
    (problems.Unreachable("tidegate:50551", "it hung up", advice="Wait."), ExitCode.UNAVAILABLE),
    (problems.Refused("No.", advice="Ask nicely.", reason="X"), ExitCode.REFUSED),
    (problems.NotAuthenticated("Removed.", reason="NOT_AUTHENTICATED"), ExitCode.NOT_AUTHENTICATED),
    (problems.StreamReplaced("A later stream took its place."), ExitCode.REFUSED),
    (problems.PackageRefused("ab" * 32, "is too large"), ExitCode.REFUSED),
    (problems.PackageUnavailable("ab" * 32, "it ended early"), ExitCode.UNAVAILABLE),
]


@pytest.mark.parametrize(("problem", "code"), ALL, ids=lambda each: type(each).__name__)
def test_a_problem_is_a_sentence_with_advice_and_a_code(problem: Problem, code: ExitCode) -> None:
    assert str(problem) == problem.message
    assert problem.message.endswith(".")
    assert problem.advice.endswith(".")
    assert problem.exit_code is code


def test_every_kind_is_tried_here() -> None:
    kinds = {each for each in vars(problems).values() if isinstance(each, type) and issubclass(each, Problem)}
    assert kinds - {Problem} == {type(problem) for problem, _ in ALL}
