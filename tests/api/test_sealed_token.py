"""A sealed token opens for what it was sealed for, and for nothing that differs in a bit."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.api.sealed_token import BrokenSeal, seal, unseal

TEXTS = st.lists(st.text(max_size=20), max_size=3)


@given(st.text(max_size=9), TEXTS, st.binary(max_size=60))
def test_a_token_opens_for_what_it_was_sealed_for(purpose: str, belongings: list[str], payload: bytes) -> None:
    assert unseal(purpose, belongings, seal(purpose, belongings, payload)) == payload


@given(TEXTS, TEXTS)
def test_a_token_opens_for_nothing_else(sealed_for: list[str], opened_for: list[str]) -> None:
    token = seal("page", sealed_for, b"after")
    if sealed_for != opened_for:
        with pytest.raises(BrokenSeal):
            unseal("page", opened_for, token)
    with pytest.raises(BrokenSeal):
        unseal("resume", sealed_for, token)


@given(st.binary(max_size=20), st.integers(min_value=0), st.sampled_from("AQgwBRhx-_"))
def test_a_token_with_another_letter_does_not_open(payload: bytes, at: int, letter: str) -> None:
    token = seal("page", (), payload)
    at %= len(token)
    changed = token[:at] + letter + token[at + 1 :]
    if changed != token:
        with pytest.raises(BrokenSeal):
            unseal("page", (), changed)


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_made_up_tokens_do_not_open(token: str) -> None:
    with pytest.raises(BrokenSeal):
        unseal("page", (), token)


def test_the_spare_bits_at_the_end_count_too() -> None:
    token = seal("page", (), b"1")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = token[:-1] + alphabet[alphabet.index(token[-1]) + 1]
    assert len(token) % 4 == 2
    with pytest.raises(BrokenSeal):
        unseal("page", (), twin)


def test_a_very_long_token_does_not_open() -> None:
    with pytest.raises(BrokenSeal, match="longer"):
        unseal("page", (), "A" * 5_000_000)
