"""A problem is told in one line, whatever a package's author called things."""

from hypothesis import given
from hypothesis import strategies as st

from tidegate_handler.problem import SHOWN_CHARACTERS, Problem, shown, told


def test_a_problem_is_told_with_its_place() -> None:
    problems = [Problem(place="bin/x", message="is encrypted."), Problem(place="package", message="is no zip.")]
    assert told(problems) == "bin/x: is encrypted.\npackage: is no zip."


def test_a_name_is_shown_without_what_a_terminal_would_obey() -> None:
    assert shown("bin/\x1b[31mred\nline\udc80") == r"bin/\x1b[31mred\nline\udc80"


def test_a_long_name_is_cut() -> None:
    assert shown("a" * 120) == "a" * 120
    assert shown("a" * 121) == "a" * 120 + "…"


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_whatever_is_shown_is_short_printable_and_can_be_sent(name: str) -> None:
    text = shown(name)
    assert text.isprintable()
    assert text.encode("utf-8").decode("utf-8") == text
    assert len(text) <= SHOWN_CHARACTERS + 1
