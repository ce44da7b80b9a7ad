"""Join tokens, as they are made and as people mangle them."""

import base64
import json

import pytest

from tests.agent.authorities import TestAuthority, token_text
from tidegate_agent.join_token import read_join_token
from tidegate_agent.problems import JoinTokenUnreadable


def encoded(document: object) -> str:
    return "tgj1_" + base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def test_a_token_says_what_is_spoken_and_shows_no_secret() -> None:
    token = read_join_token(token_text())
    assert token.spoken == "t1.hush"
    assert token.tls is None
    assert "hush" not in repr(token)


def test_a_token_of_a_server_with_tls_says_whom_to_trust() -> None:
    authority = TestAuthority()
    token = read_join_token(token_text(authority=authority))
    assert token.tls is not None
    assert token.tls.authority_certificate == authority.certificate
    assert "PRIVATE KEY" in token.tls.key
    assert "PRIVATE KEY" not in repr(token)


def test_line_breaks_that_a_mail_put_in_do_no_harm() -> None:
    text = token_text(authority=TestAuthority())
    broken = "\n".join(text[at : at + 76] for at in range(0, len(text), 76))
    assert read_join_token(f"  {broken}\n") == read_join_token(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        ("hello", "does not begin with tgj1_"),
        ("tgj1_", "its end is missing"),
        ("tgj1_!!!", "a character that no token has"),
        ("tgj1_" + "A" * 70_000, "longer than"),
        (encoded([1]), "something else than a token"),
        (encoded({"id": "t"}), "it has no secret"),
        (encoded({"id": 7, "secret": "hush"}), "it has no id"),
        (encoded({"id": "t", "secret": "hush", "ca": "PEM"}), "it has no certificate"),
    ],
)
def test_what_is_no_token_is_told_apart(text: str, why: str) -> None:
    with pytest.raises(JoinTokenUnreadable, match=why) as caught:
        read_join_token(text)
    assert "tidegate host token" in caught.value.advice


def test_a_token_that_was_cut_off_anywhere_is_refused() -> None:
    text = token_text()
    for length in range(len("tgj1_"), len(text)):
        with pytest.raises(JoinTokenUnreadable) as caught:
            read_join_token(text[:length])
        assert "hush" not in f"{caught.value} {caught.value.__cause__}"


def test_a_token_nested_beyond_reason_is_refused() -> None:
    text = "tgj1_" + base64.urlsafe_b64encode(b"[" * 20_000).decode()
    with pytest.raises(JoinTokenUnreadable):
        read_join_token(text)
