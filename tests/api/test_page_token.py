"""A page token leads to the next page of its own query and nowhere else."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.api.page_token import give_page_token, read_page_token
from tidegate.domain.refusal import PageTokenMismatch

QUERY = ("ListRollingUpgrades", "/web", "kind=EXTENSION")


@given(st.lists(st.text(max_size=50) | st.integers(min_value=0, max_value=2**63 - 1), max_size=4))
def test_a_token_gives_back_the_key_that_it_was_given_for(after: list[str | int]) -> None:
    assert read_page_token(QUERY, give_page_token(QUERY, after)) == tuple(after)


def test_a_token_is_fit_for_a_url() -> None:
    token = give_page_token(QUERY, ["ä?/&=" * 9])
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_no_token_asks_for_the_first_page() -> None:
    assert read_page_token(QUERY, "") is None


@pytest.mark.parametrize(
    "other",
    [
        ("ListRollingUpgrades", "/db", "kind=EXTENSION"),
        ("ListRollingUpgrades", "/web", ""),
        ("ListScaleSets", "/web", "kind=EXTENSION"),
        ("ListRollingUpgrades", "/webkind=EXTENSION"),
    ],
)
def test_a_token_of_another_query_is_refused(other: tuple[str, ...]) -> None:
    with pytest.raises(PageTokenMismatch):
        read_page_token(other, give_page_token(QUERY, ["a", 1]))


@given(st.text(min_size=1) | st.binary(min_size=1).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_made_up_tokens_are_refused(token: str) -> None:
    with pytest.raises(PageTokenMismatch):
        read_page_token(QUERY, token)


@given(st.data())
def test_a_changed_or_shortened_token_is_refused(data: st.DataObject) -> None:
    token = give_page_token(QUERY, ["some/key", 12345])
    at = data.draw(st.integers(min_value=0, max_value=len(token) - 1))
    changed = token[:at] + data.draw(st.sampled_from("AZaz09-_")) + token[at + 1 :]
    for wrong in {changed, token[:at]} - {token, ""}:
        with pytest.raises(PageTokenMismatch):
            read_page_token(QUERY, wrong)


def test_a_token_of_any_length_is_refused_without_much_work() -> None:
    with pytest.raises(PageTokenMismatch):
        read_page_token(QUERY, "A" * 5_000_000)
