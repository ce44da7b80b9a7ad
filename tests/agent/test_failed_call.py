"""Failed calls, told in words: against servers that really fail like that."""

from datetime import timedelta

import grpc
import pytest

from tests.agent.authorities import TestAuthority
from tests.agent.scripted_server import Refusal, ScriptedServer
from tidegate.v1.agent_service_pb2 import LeaveHostRequest
from tidegate.v1.agent_service_pb2_grpc import AgentServiceStub
from tidegate_agent.channel import Trust, open_channel
from tidegate_agent.failed_call import problem_of
from tidegate_agent.keys import KeyPair
from tidegate_agent.problems import NotAuthenticated, Problem, Refused, StreamReplaced, Unreachable

DAY = timedelta(days=1)


async def failure(server: str, trust: Trust | None = None) -> Problem:
    """What a call that fails is told as."""
    channel = open_channel(server, trust)
    try:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await AgentServiceStub(channel).LeaveHost(LeaveHostRequest(), timeout=5)
    finally:
        await channel.close()
    return problem_of(caught.value, server=server, trust=trust)


def trusting(authority: TestAuthority, pair: KeyPair | None = None) -> Trust:
    shown = pair or authority.issue()
    return Trust(authority_certificate=authority.certificate, certificate=shown.certificate, key=shown.key)


async def refused_with(code: grpc.StatusCode, reason: str) -> Problem:
    async with ScriptedServer() as server:
        server.leaves.append(Refusal(code=code, reason=reason))
        return await failure(server.address)


async def test_a_refusal_has_its_reason_and_its_advice() -> None:
    problem = await refused_with(grpc.StatusCode.FAILED_PRECONDITION, "HOSTS_NOT_TAKEN")
    assert type(problem) is Refused
    assert (problem.reason, problem.message, problem.advice) == ("HOSTS_NOT_TAKEN", "scripted", "Scripted advice.")


async def test_what_a_host_says_of_itself_wrongly_is_mended_by_an_option() -> None:
    async with ScriptedServer() as server:
        server.leaves.append(Refusal(code=grpc.StatusCode.INVALID_ARGUMENT, reason="INVALID_REQUEST", advice=""))
        problem = await failure(server.address)
    assert type(problem) is Refused
    assert "--name" in problem.advice


async def test_what_ends_an_agent_is_told_apart() -> None:
    assert isinstance(await refused_with(grpc.StatusCode.UNAUTHENTICATED, "NOT_AUTHENTICATED"), NotAuthenticated)
    assert isinstance(await refused_with(grpc.StatusCode.PERMISSION_DENIED, "NOT_PERMITTED"), NotAuthenticated)
    assert isinstance(await refused_with(grpc.StatusCode.UNAUTHENTICATED, ""), NotAuthenticated)
    assert isinstance(await refused_with(grpc.StatusCode.ABORTED, "STREAM_REPLACED"), StreamReplaced)


async def test_a_wrong_token_is_a_refusal_and_not_an_unknown_host() -> None:
    problem = await refused_with(grpc.StatusCode.UNAUTHENTICATED, "JOIN_TOKEN_INVALID")
    assert type(problem) is Refused


async def test_what_passes_is_worth_another_attempt() -> None:
    assert isinstance(await refused_with(grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN"), Unreachable)
    assert isinstance(await refused_with(grpc.StatusCode.RESOURCE_EXHAUSTED, ""), Unreachable)
    assert isinstance(await failure("127.0.0.1:1"), Unreachable)


@pytest.mark.parametrize(
    ("begins", "ends", "why"),
    [(-5 * DAY, -DAY, "certificate has expired"), (DAY, 5 * DAY, "certificate is not valid yet")],
)
async def test_a_clock_that_is_off_is_told_as_such(begins: timedelta, ends: timedelta, why: str) -> None:
    authority = TestAuthority()
    credentials = authority.server_credentials(authority.issue(begins=begins, ends=ends))
    async with ScriptedServer(credentials=credentials) as server:
        problem = await failure(server.address, trusting(authority))
    assert isinstance(problem, Unreachable)
    assert why in problem.message
    assert "this host's clock says" in problem.message
    assert "clock is right" in problem.advice


async def test_an_own_certificate_that_has_expired_is_told() -> None:
    authority = TestAuthority()
    async with ScriptedServer(credentials=authority.server_credentials(authority.issue())) as server:
        problem = await failure(server.address, trusting(authority, authority.issue(begins=-5 * DAY, ends=-DAY)))
    assert "the certificate that this host shows has expired" in problem.message
    assert "join again" in problem.advice


async def test_a_server_of_another_authority_is_told() -> None:
    authority = TestAuthority()
    async with ScriptedServer(credentials=authority.server_credentials(authority.issue())) as server:
        problem = await failure(server.address, trusting(TestAuthority()))
    assert "another authority" in problem.message


async def test_a_server_under_another_name_is_told() -> None:
    authority = TestAuthority()
    pair = authority.issue(address="127.0.0.2")
    async with ScriptedServer(credentials=authority.server_credentials(pair)) as server:
        problem = await failure(server.address, trusting(authority))
        assert f"does not name {server.address}" in problem.message


async def test_tls_to_a_server_without_and_plaintext_to_one_with_are_told() -> None:
    authority = TestAuthority()
    async with ScriptedServer() as server:
        assert "speaks no TLS" in (await failure(server.address, trusting(authority))).message
    async with ScriptedServer(credentials=authority.server_credentials(authority.issue())) as server:
        assert "hung up on a call in plaintext" in (await failure(server.address)).message


def test_a_stream_that_is_cut_off_says_nothing_of_how_the_two_speak() -> None:
    none = grpc.aio.Metadata()
    cut = grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, none, none, "Socket closed")
    told = problem_of(cut, server="127.0.0.1:1", trust=None, was_answered=True).message
    assert "the connection was lost: Socket closed" in told
    assert "plaintext" not in told
