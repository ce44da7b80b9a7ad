"""Sentences of rules end once."""

import pytest

from tidegate.upgrade.wording import sentence


@pytest.mark.parametrize(
    ("because", "told"), [("it is so", "it is so."), ("It is so.", "It is so."), ("Is it?", "Is it?")]
)
def test_a_because_becomes_a_whole_sentence(because: str, told: str) -> None:
    assert sentence(because) == told
