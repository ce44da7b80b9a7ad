"""Channels: TLS where there are certificates, plaintext to this machine alone."""

import pytest

from tests.agent.authorities import TestAuthority, token_text
from tidegate_agent.channel import bearer, host_of, is_loopback, open_channel, trust_of
from tidegate_agent.join_token import read_join_token
from tidegate_agent.problems import AddressMalformed, PlaintextRefused


@pytest.mark.parametrize(
    ("server", "host"),
    [
        ("127.0.0.1:50551", "127.0.0.1"),
        ("tidegate.example.com:443", "tidegate.example.com"),
        ("[::1]:50551", "::1"),
        ("localhost:1", "localhost"),
    ],
)
def test_the_host_of_an_address(server: str, host: str) -> None:
    assert host_of(server) == host


@pytest.mark.parametrize(
    "server", ["", "tidegate", "tidegate:", ":50551", "tidegate:0", "tidegate:65536", "http://tidegate:80", "::1:50551"]
)
async def test_what_is_no_address_is_refused(server: str) -> None:
    with pytest.raises(AddressMalformed, match="is no address") as caught:
        open_channel(server, None)
    assert "HOST:PORT" in caught.value.advice


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["10.0.0.4", "0.0.0.0", "::", "localhost.example.com", "tidegate", "128.0.0.1"])
def test_not_this_machine(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("server", ["10.0.0.4:50551", "tidegate.example.com:50551", "[2001:db8::1]:50551"])
async def test_plaintext_to_another_machine_is_refused_and_says_what_to_do(server: str) -> None:
    with pytest.raises(PlaintextRefused, match="is not on this machine") as caught:
        open_channel(server, None)
    assert "tidegate ca init" in caught.value.advice
    assert "tidegate serve --tls" in caught.value.advice


async def test_with_certificates_any_machine_may_be_called() -> None:
    trust = trust_of(read_join_token(token_text(authority=TestAuthority())).tls)
    assert trust is not None
    assert "PRIVATE KEY" not in repr(trust)
    await open_channel("tidegate.example.com:50551", trust).close()


def test_a_credential_travels_as_a_bearer_token() -> None:
    assert bearer("tgh1_x") == (("authorization", "Bearer tgh1_x"),)
