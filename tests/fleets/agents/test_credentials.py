"""Tokens and credentials have their shapes, are told apart, and are kept as digests."""

import re

import pytest

from tests.fleets.agents.tokens import opened, spoken
from tidegate.fleets.agents.credentials import (
    digest_of,
    is_the_same,
    new_credential,
    new_id,
    new_secret,
    token_parts,
    token_text,
    uid_in,
)
from tidegate_agent.join_token import read_join_token


def test_a_token_is_taken_apart_as_it_was_made() -> None:
    token_id, secret = new_id(), new_secret()
    text = token_text(token_id, secret)
    assert opened(text) == {"id": token_id, "secret": secret}
    assert token_parts(spoken(text)) == (token_id, secret)


def test_an_agent_reads_a_token_with_and_without_tls() -> None:
    token_id, secret = new_id(), new_secret()
    plain = read_join_token(token_text(token_id, secret))
    assert (plain.id, plain.secret, plain.tls) == (token_id, secret, None)
    secure = read_join_token(token_text(token_id, secret, ca="CA", certificate="C", key="K")).tls
    assert secure is not None
    assert (secure.authority_certificate, secure.certificate, secure.key) == ("CA", "C", "K")


def test_a_credential_says_whose_it_is() -> None:
    uid = new_id()
    credential = new_credential(uid)
    assert re.fullmatch(rf"tgh1_{uid}_[A-Za-z0-9_-]{{43}}", credential)
    assert uid_in(credential) == uid
    assert credential != new_credential(uid)


@pytest.mark.parametrize(
    "text", ["", "tgh1_", "tgh1_zz_x", "tgh1_0123456789abcdef_short", "Bearer x", "tgj1_" + "a" * 60]
)
def test_what_has_another_shape_is_nobodys(text: str) -> None:
    assert uid_in(text) is None


@pytest.mark.parametrize(
    "text", ["", ".", "a.b", "0123456789abcdef.", "0123456789abcdef.short", "0123456789ABCDEF." + "a" * 43]
)
def test_what_has_another_shape_is_no_token(text: str) -> None:
    assert token_parts(text) is None


def test_a_digest_knows_its_secret_and_no_other() -> None:
    secret = new_secret()
    digest = digest_of(secret)
    assert len(digest) == 32
    assert secret.encode() not in digest
    assert is_the_same(secret, digest)
    assert not is_the_same(new_secret(), digest)


def test_no_two_secrets_are_alike() -> None:
    assert len({new_secret() for _ in range(100)} | {new_id() for _ in range(100)}) == 200
