"""Why a server cannot be spoken to is said in a sentence, for every way in which the two may not fit."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.tls import certificates_of
from tests.client.test_credentials import bundle_of, put
from tests.contracts.served import Served
from tests.trust.authorities import DAY_MS, Hands, authority_in
from tidegate.trust.authority import Authority, create_authority
from tidegate_client import why_unreachable


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def authority(tmp_path: Path, hands: Hands) -> Authority:
    return authority_in(tmp_path / "ca", hands)


@pytest.fixture
async def over_tls(authority: Authority, hands: Hands) -> AsyncIterator[str]:
    async with Served(certificates=certificates_of(authority, hands)) as served:
        yield f"127.0.0.1:{served.port}"


async def why(target: str, credentials: Path | None = None) -> str:
    """In a thread, since the server is in this one."""
    return await asyncio.to_thread(why_unreachable, target, credentials)


async def test_who_shows_nothing_to_a_server_over_tls_is_told_what_to_show(over_tls: str) -> None:
    told = await why(over_tls)
    assert told.startswith(f"The server at {over_tls} speaks TLS, and wants to see a certificate")
    assert "tidegate ca operator NAME --out FILE" in told


async def test_who_shows_the_right_thing_has_nothing_to_be_told(
    over_tls: str, authority: Authority, tmp_path: Path
) -> None:
    assert await why(over_tls, put(tmp_path / "ann.pem", bundle_of(authority))) == ""


async def test_credentials_are_not_sent_to_a_server_without_tls(authority: Authority, tmp_path: Path) -> None:
    async with Served() as served:
        told = await why(f"127.0.0.1:{served.port}", put(tmp_path / "ann.pem", bundle_of(authority)))
        assert "does not speak TLS" in told
        assert await why(f"127.0.0.1:{served.port}") == ""


async def test_a_server_of_another_authority_is_not_trusted(over_tls: str, tmp_path: Path) -> None:
    other = authority_in(tmp_path / "other")
    told = await why(over_tls, put(tmp_path / "bob.pem", bundle_of(other)))
    assert "shows a certificate that these credentials do not trust" in told


async def test_a_server_of_another_name_is_told_by_its_name(authority: Authority, hands: Hands, tmp_path: Path) -> None:
    async with Served(certificates=certificates_of(authority, hands, ["gate.example.org"])) as served:
        told = await why(f"127.0.0.1:{served.port}", put(tmp_path / "ann.pem", bundle_of(authority)))
    assert "IP address mismatch" in told


async def test_a_certificate_that_the_server_does_not_take_is_told_so(
    over_tls: str, authority: Authority, tmp_path: Path
) -> None:
    other, long_ago = authority_in(tmp_path / "other"), Hands(-400 * DAY_MS)
    create_authority(tmp_path / "old", now_ms=long_ago)
    expired = Authority.load(tmp_path / "old", now_ms=long_ago)
    for number, stranger in enumerate((other, expired)):
        issued = stranger.issue_operator("bob")
        text = issued.key_pem + issued.certificate_pem + authority.certificate_pem
        told = await why(over_tls, put(tmp_path / f"{number}.pem", text))
        assert "does not take the certificate of these credentials" in told


async def test_where_nobody_is_nothing_is_added(authority: Authority, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{taken.getsockname()[1]}"
        assert await why(nobody) == ""
        assert await why(nobody, put(tmp_path / "ann.pem", bundle_of(authority))) == ""


@pytest.mark.parametrize("target", ["", "localhost", "unix:/tmp/x", "dns:///x:y", ":", "a:b"])
def test_a_target_that_is_no_host_and_port_is_left_alone(target: str) -> None:
    assert why_unreachable(target) == ""
