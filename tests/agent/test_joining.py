"""Joining, against a server that answers by a script."""

import asyncio
from pathlib import Path

import grpc
import pytest
from cryptography import x509

from tests.agent.authorities import TestAuthority, token_text
from tests.agent.scripted_server import Refusal, ScriptedServer, joined
from tidegate_agent.backoff import Backoff
from tidegate_agent.identity import Identity, IdentityFolder
from tidegate_agent.join_token import JoinToken, read_join_token
from tidegate_agent.joining import HostDescription, agent_version, join, platform_text
from tidegate_agent.problems import AlreadyJoined, PlaintextRefused, Refused, Unreachable

TOKEN = read_join_token(token_text())
GONE = Refusal(code=grpc.StatusCode.UNAVAILABLE)
WEB_7 = HostDescription(
    instance_id="web-7", zone="2", fault_domain=1, labels={"env": "prod"}, probe_address="127.0.0.1:8080"
)


async def join_at(root: Path, server: str, *, token: JoinToken = TOKEN, patience_seconds: float = 5.0) -> Identity:
    return await join(
        IdentityFolder(root),
        server=server,
        token=token,
        description=WEB_7,
        patience_seconds=patience_seconds,
        backoff=Backoff(first_seconds=0.01, most_seconds=0.02),
    )


async def test_a_host_joins_and_is_known_from_then_on(tmp_path: Path) -> None:
    async with ScriptedServer() as server:
        identity = await join_at(tmp_path, server.address)
        (request,) = server.asked
    assert request.token == "t1.hush"
    assert (request.instance_id, request.zone, request.fault_domain) == ("web-7", "2", 1)
    assert (dict(request.labels), request.probe_address) == ({"env": "prod"}, "127.0.0.1:8080")
    assert (request.agent_version, request.platform) == (agent_version(), platform_text())
    assert request.settings_certificate == IdentityFolder(tmp_path).settings_pair().certificate
    assert request.certificate_request == ""
    assert identity.host.endswith("/virtualMachines/web-7")
    assert identity.credential == "tgh1_uid_secret"
    assert identity.tls is None
    assert IdentityFolder(tmp_path).load() == identity


async def test_over_tls_it_gets_a_certificate_for_a_key_of_its_own(tmp_path: Path) -> None:
    authority = TestAuthority()

    class Issuing(ScriptedServer):
        async def JoinHost(self, request, context):  # type: ignore[no-untyped-def] # as its base
            certificate = authority.sign_request(request.certificate_request)
            self.joins.append(joined(certificate=certificate))
            return await super().JoinHost(request, context)

    async with Issuing(credentials=authority.server_credentials(authority.issue())) as server:
        token = read_join_token(token_text(authority=authority))
        identity = await join_at(tmp_path, server.address, token=token)
        assert identity.tls is not None
        assert identity.tls.authority_certificate == authority.certificate
        request = x509.load_pem_x509_csr(server.asked[0].certificate_request.encode())
    assert x509.load_pem_x509_certificate(identity.tls.certificate.encode()).public_key() == request.public_key()


async def test_a_wrong_token_is_refused_at_once_and_nothing_is_kept(tmp_path: Path) -> None:
    async with ScriptedServer() as server:
        server.joins.append(Refusal(code=grpc.StatusCode.UNAUTHENTICATED, reason="JOIN_TOKEN_INVALID"))
        with pytest.raises(Refused) as caught:
            await join_at(tmp_path, server.address)
        assert len(server.asked) == 1
    assert caught.value.reason == "JOIN_TOKEN_INVALID"
    assert not IdentityFolder(tmp_path).has_joined


async def test_a_lost_answer_is_asked_for_again_by_the_same_host(tmp_path: Path) -> None:
    async with ScriptedServer() as server:
        server.joins.extend([GONE, GONE])
        identity = await join_at(tmp_path, server.address)
        first, *others = server.asked
    assert len(others) == 2
    assert all(each == first for each in others)
    assert identity.credential == "tgh1_uid_secret"


async def test_an_agent_that_was_killed_before_the_answer_came_is_the_same_host(tmp_path: Path) -> None:
    async with ScriptedServer() as server:
        server.joins.append(GONE)
        with pytest.raises(Unreachable):
            await join_at(tmp_path, server.address, patience_seconds=0.0)
        await join_at(tmp_path, server.address)
        first, second = server.asked
    assert first.settings_certificate == second.settings_certificate


async def test_a_server_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    async with ScriptedServer() as server:
        port = server.port
    joining = asyncio.create_task(join_at(tmp_path, f"127.0.0.1:{port}"))
    await asyncio.sleep(0)
    async with ScriptedServer(port=port):
        assert (await joining).host.endswith("web-7")


async def test_patience_has_an_end(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="came to nothing"):
        await join_at(tmp_path, "127.0.0.1:1", patience_seconds=0.2)


async def test_a_host_joins_once(tmp_path: Path) -> None:
    async with ScriptedServer() as server:
        await join_at(tmp_path, server.address)
        with pytest.raises(AlreadyJoined, match="web-7 already"):
            await join_at(tmp_path, server.address)
        assert len(server.asked) == 1


async def test_a_token_is_not_told_to_another_machine_in_plaintext(tmp_path: Path) -> None:
    with pytest.raises(PlaintextRefused):
        await join_at(tmp_path, "192.0.2.1:50551")


async def test_a_server_that_gives_no_certificate_is_not_joined(tmp_path: Path) -> None:
    authority = TestAuthority()
    async with ScriptedServer(credentials=authority.server_credentials(authority.issue())) as server:
        with pytest.raises(Refused, match="no certificate"):
            await join_at(tmp_path, server.address, token=read_join_token(token_text(authority=authority)))
    assert not IdentityFolder(tmp_path).has_joined
