"""Patterns of text with stars and question marks."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.policy.wildcard import matches, overlap

_TEXTS = st.text(alphabet="ab", max_size=6)
_WILDCARDS = st.text(alphabet="ab*?", max_size=6)


def _plainly(text: str, wildcard: str) -> bool:
    """What a pattern means, said as simply as possible."""
    if not wildcard:
        return not text
    if wildcard[0] == "*":
        return _plainly(text, wildcard[1:]) or (bool(text) and _plainly(text[1:], wildcard))
    return bool(text) and wildcard[0] in ("?", text[0]) and _plainly(text[1:], wildcard[1:])


@pytest.mark.parametrize(
    ("text", "wildcard", "fits"),
    [
        ("production-eu", "prod*", True),
        ("Production", "production", True),
        ("prod", "prod?", False),
        ("prod1", "prod?", True),
        ("a.b", "a.b", True),
        ("axb", "a.b", False),
        ("", "*", True),
        ("line\nbreak", "line*break", True),
    ],
)
def test_a_pattern_fits_the_whole_text(text: str, wildcard: str, fits: bool) -> None:
    assert matches(text, wildcard) is fits


@given(_TEXTS, _WILDCARDS)
def test_patterns_mean_what_they_plainly_mean(text: str, wildcard: str) -> None:
    assert matches(text, wildcard) is _plainly(text, wildcard)


@given(_TEXTS, _WILDCARDS, _WILDCARDS)
def test_two_patterns_that_fit_one_text_overlap(text: str, one: str, other: str) -> None:
    if _plainly(text, one) and _plainly(text, other):
        assert overlap(one, other)


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [("a*", "*b", True), ("a*", "b*", False), ("a?", "a", False), ("*", "", True), ("web-*", "WEB-1", True)],
)
def test_patterns_overlap_where_some_text_fits_both(one: str, other: str, common: bool) -> None:
    assert overlap(one, other) is common
    assert overlap(other, one) is common


def test_a_hostile_pattern_costs_little() -> None:
    began = time.perf_counter()
    assert not matches("a" * 2_000, "*a" * 30 + "b")
    assert time.perf_counter() - began < 1.0
