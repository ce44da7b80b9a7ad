"""Problems say what is wrong, where, and how to mend it."""

import pytest

from tidegate.policy.place import Place
from tidegate.policy.problem import PolicyRefused, Problem


def _problem(line: int, message: str) -> Problem:
    return Problem(place=Place(file="a.yaml", line=line, column=1), message=message, advice="Mend it.")


def test_a_problem_reads_as_one_line() -> None:
    assert str(_problem(3, "This is odd.")) == "a.yaml:3:1: This is odd. Mend it."


def test_a_refusal_tells_all_its_problems_in_the_order_of_the_text() -> None:
    refused = PolicyRefused([_problem(10, "Second."), _problem(9, "First.")])
    assert [problem.message for problem in refused.problems] == ["First.", "Second."]
    assert str(refused) == "a.yaml:9:1: First. Mend it.\na.yaml:10:1: Second. Mend it."


def test_nothing_is_refused_without_a_reason() -> None:
    with pytest.raises(AssertionError):
        PolicyRefused([])
