"""Whatever the text, compiling it gives a policy or a refusal with places in that text, and nothing else."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import REPOSITORY
from tidegate.policy.compiled import compile_policy
from tidegate.policy.policy_set import load_policies
from tidegate.policy.problem import PolicyRefused
from tidegate.policy.read_rehearsal import read_rehearsal
from tidegate.policy.source import PolicySource

SHIPPED = [path.read_text(encoding="utf-8") for path in sorted(Path(REPOSITORY, "rules").glob("*.yaml"))]
REHEARSED = [path.read_text(encoding="utf-8") for path in sorted(Path(REPOSITORY, "rules/rehearsals").glob("*.yaml"))]
# Pieces that the language is made of, and pieces that have no place in it.
PIECES = [
    *("{fact: ", "}", "[", "]", "all: ", "not: ", "any: ", "equals: ", "when: ", "batch: ", "deny: ", "appliesTo: "),
    *("20%", "P1D", "null", "no", "true", "5", "-1", "1.10", "x", "scaleSet.tags", "progress.elapsed"),
    *("- ", "  ", "\n", ": ", "'", '"', "{", "{}", "[]", "[[1]]", "#", "? ", "|\n", ">-\n", "<<: ", "---\n"),
    *("&a ", "*a", "!!int ", "\t", "\ud800", "\x00", "\u2028"),
]


@st.composite
def spoiled(draw: st.DrawFn, texts: list[str]) -> str:
    """A sound text with a few pieces cut out, put in or put in place of others."""
    lines: list[str] = draw(st.sampled_from(texts)).splitlines(keepends=True)
    text = "".join(line for line in lines if not line.lstrip().startswith("#"))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        cut = draw(st.sampled_from([0, 0, 1, 3, 20, 200]))
        text = text[:start] + draw(st.sampled_from(["", *PIECES])) + text[start + cut :]
    return text


def _refusal(source: PolicySource) -> PolicyRefused | None:
    try:
        compile_policy(source)
    except PolicyRefused as refused:
        return refused
    return None


def _assert_places_lie_in(text: str, refused: PolicyRefused) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for problem in refused.problems:
        assert 1 <= problem.place.line <= len(lines), problem
        assert 1 <= problem.place.column <= len(lines[problem.place.line - 1]) + 1, problem
        assert problem.message
        assert problem.advice


@settings(max_examples=300)
@given(spoiled(SHIPPED))
def test_a_spoiled_policy_is_refused_in_its_own_places(text: str) -> None:
    refused = _refusal(PolicySource(file="spoiled.yaml", text=text))
    if refused is not None:
        _assert_places_lie_in(text, refused)


@given(st.text(max_size=200))
def test_any_text_is_refused_in_its_own_places(text: str) -> None:
    refused = _refusal(PolicySource(file="any.yaml", text=text))
    assert refused is not None
    _assert_places_lie_in(text, refused)


@given(spoiled(REHEARSED))
def test_a_spoiled_rehearsal_is_refused_in_its_own_places(text: str) -> None:
    try:
        read_rehearsal(PolicySource(file="spoiled.yaml", text=text))
    except PolicyRefused as refused:
        _assert_places_lie_in(text, refused)


@pytest.mark.parametrize("wide", ["any: [" + "{fact: scaleSet.capacity, atLeast: 3}, " * 3_000 + "]"])
def test_a_wide_condition_is_no_danger(wide: str) -> None:
    head = "apiVersion: tidegate/v1\nkind: Policy\nname: wide\nbatching: [{name: plain, batch: 1}]\n"
    text = f"{head}eligibility:\n  - {{name: wide-rule, when: {{{wide}}}, deny: It is so.}}\n"
    assert len(load_policies([PolicySource(file="wide.yaml", text=text)]).policies) == 1
