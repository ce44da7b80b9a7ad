"""The link, against a server that answers by a script: nothing is lost, nothing piles up, nobody storms."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from structlog.testing import capture_logs

from tests.agent.scripted_server import Refusal, ScriptedServer
from tidegate.v1.agent_service_pb2 import GoalState, GoalStateResult, HostHello
from tidegate.v1.host_service_pb2 import HandlerReport
from tidegate_agent.backoff import Backoff
from tidegate_agent.identity import Identity
from tidegate_agent.link import Link, LinkSettings
from tidegate_agent.outbox import Outbox
from tidegate_agent.problems import NotAuthenticated, PlaintextRefused

QUICK = LinkSettings(
    backoff=lambda: Backoff(first_seconds=0.01, most_seconds=0.05), refused_seconds=0.2, welcome_seconds=5.0
)
PATIENCE_SECONDS = 10.0


class Host:
    """A link and what came down through it."""

    def __init__(self, root: Path, server: str, settings: LinkSettings = QUICK) -> None:
        self.identity = Identity(
            host="/ss/virtualMachines/0", server=server, credential="tgh1_uid_hush", thumbprint="AB", tls=None
        )
        self.outbox = Outbox(root)
        self.goal_states: list[GoalState] = []
        self.link = Link(
            identity=lambda: self.identity,
            outbox=self.outbox,
            hello=lambda: HostHello(agent_version="1", reached_incarnation=self.outbox.reached_incarnation),
            on_goal_state=self.goal_states.append,
            settings=settings,
        )


@asynccontextmanager
async def linked(root: Path, server: str, settings: LinkSettings = QUICK) -> AsyncIterator[Host]:
    """A host whose link runs."""
    host = Host(root, server, settings)
    running = asyncio.create_task(host.link.run())
    try:
        yield host
        assert not running.done(), running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as served:
        yield served


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if condition():
                return
            await asyncio.sleep(0.005)


async def within(waited: Awaitable[Any]) -> Any:  # whatever it gives
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await waited


def result(incarnation: int) -> GoalStateResult:
    return GoalStateResult(incarnation=incarnation, operation_id=f"o{incarnation}")


def reports(version: str) -> list[HandlerReport]:
    return [HandlerReport(publisher="Tests", type="Agent", version=version)]


async def test_it_says_hello_with_its_credential_and_hears_goal_states(server: ScriptedServer, tmp_path: Path) -> None:
    async with linked(tmp_path, server.address) as host:
        conversation = await server.conversation()
        assert conversation.metadata["authorization"] == "Bearer tgh1_uid_hush"
        assert conversation.first.hello.agent_version == "1"
        assert not host.link.is_connected
        await conversation.welcome()
        await within(host.link.connected())
        await conversation.order(GoalState(incarnation=1, operation_id="o"))
        await until(lambda: host.goal_states)
        assert host.goal_states == [GoalState(incarnation=1, operation_id="o")]


async def test_it_is_never_silent_for_longer_than_it_may(server: ScriptedServer, tmp_path: Path) -> None:
    async with linked(tmp_path, server.address):
        conversation = await server.welcomed(heartbeat_seconds=0.2)
        for _ in range(4):
            began = time.monotonic()
            await conversation.hear_a("heartbeat")
            assert time.monotonic() - began < 0.4


async def test_results_go_up_before_reports_and_are_forgotten_once_acknowledged(
    server: ScriptedServer, tmp_path: Path
) -> None:
    async with linked(tmp_path, server.address) as host:
        conversation = await server.conversation()
        await host.outbox.keep(result(1))
        await host.outbox.keep(result(2))
        host.link.report(reports("1.0"))
        await conversation.welcome()
        assert [await conversation.hear_a("result") for _ in range(2)] == [result(1), result(2)]
        await conversation.acknowledge(1)
        await conversation.acknowledge(2)
        await until(lambda: not host.outbox.results)
    assert Outbox(tmp_path).results == ()


async def test_a_report_from_before_a_result_is_not_said_after_it(server: ScriptedServer, tmp_path: Path) -> None:
    async with linked(tmp_path, server.address) as host:
        conversation = await server.conversation()
        host.link.report(reports("1.0"))
        await host.outbox.keep(result(1))
        host.link.results_changed()
        await conversation.welcome(heartbeat_seconds=0.1)
        heard = [await conversation.hear() for _ in range(2)]
        assert [message and message.WhichOneof("message") for message in heard] == ["result", "heartbeat"]


async def test_a_result_that_was_not_acknowledged_is_said_again_on_the_next_stream(
    server: ScriptedServer, tmp_path: Path
) -> None:
    async with linked(tmp_path, server.address) as host:
        first = await server.welcomed()
        await host.outbox.keep(result(7))
        host.link.results_changed()
        assert await first.hear_a("result") == result(7)
        first.end()
        second = await server.welcomed()
        assert second.first.hello.reached_incarnation == 7
        assert await second.hear_a("result") == result(7)


async def test_a_result_that_was_not_acknowledged_is_said_again_by_the_next_process(
    server: ScriptedServer, tmp_path: Path
) -> None:
    async with linked(tmp_path, server.address) as host:
        conversation = await server.welcomed()
        await host.outbox.keep(result(7))
        host.link.results_changed()
        await conversation.hear_a("result")
    async with linked(tmp_path, server.address):
        conversation = await server.welcomed()
        assert conversation.first.hello.reached_incarnation == 7
        assert await conversation.hear_a("result") == result(7)


async def test_on_one_stream_a_result_is_said_once(server: ScriptedServer, tmp_path: Path) -> None:
    async with linked(tmp_path, server.address) as host:
        conversation = await server.welcomed(heartbeat_seconds=0.1)
        await host.outbox.keep(result(7))
        for _ in range(3):
            host.link.results_changed()
        await conversation.hear_a("result")
        heard = [await conversation.hear() for _ in range(3)]
        assert {message and message.WhichOneof("message") for message in heard} == {"heartbeat"}


async def test_it_finds_a_server_that_was_gone_and_is_back(tmp_path: Path) -> None:
    async with ScriptedServer() as server:
        port = server.port
        running = linked(tmp_path, server.address)
        host = await running.__aenter__()
        await server.welcomed()
        await within(host.link.connected())
    await until(lambda: not host.link.is_connected)
    await host.outbox.keep(result(3))
    async with ScriptedServer(port=port) as again:
        conversation = await again.welcomed()
        assert await conversation.hear_a("result") == result(3)
        await running.__aexit__(None, None, None)


async def test_of_many_reports_only_the_newest_is_held(server: ScriptedServer, tmp_path: Path) -> None:
    async with linked(tmp_path, server.address) as host:
        conversation = await server.welcomed()
        await within(host.link.connected())
        for number in range(10_000):
            host.link.report(reports(f"1.{number}"))
        heard = await conversation.hear_a("report")
        assert [each.version for each in heard.handlers] == ["1.9999"]


async def test_a_server_that_takes_nothing_costs_no_memory_and_is_left(server: ScriptedServer, tmp_path: Path) -> None:
    settings = replace(QUICK, write_seconds=0.5)
    async with linked(tmp_path, server.address, settings) as host:
        await server.welcomed()
        await within(host.link.connected())
        large = [HandlerReport(message="x" * 500_000)]
        with capture_logs() as logs:
            # The server never reads. What the transport takes is bounded, and what waits is one report.
            async with asyncio.timeout(PATIENCE_SECONDS):
                while host.link.is_connected:
                    host.link.report(large)
                    await asyncio.sleep(0.001)
            await server.conversation()
        assert any("it took nothing for 0.5 seconds" in line.get("why", "") for line in logs)


async def test_a_server_that_does_not_answer_hello_is_left(server: ScriptedServer, tmp_path: Path) -> None:
    async with linked(tmp_path, server.address, replace(QUICK, welcome_seconds=0.2)):
        await server.conversation()
        await server.conversation()


async def test_opened_afresh_it_shows_who_it_is_now(server: ScriptedServer, tmp_path: Path) -> None:
    async with linked(tmp_path, server.address) as host:
        first = await server.welcomed()
        await within(host.link.connected())
        host.identity = replace(host.identity, credential="tgh1_uid_new")
        host.link.open_afresh()
        second = await server.welcomed()
        assert second.metadata["authorization"] == "Bearer tgh1_uid_new"
        assert await first.hear() is None


async def test_a_host_that_the_server_does_not_know_stops_asking(server: ScriptedServer, tmp_path: Path) -> None:
    server.refuses_streams = Refusal(code=grpc.StatusCode.UNAUTHENTICATED, reason="NOT_AUTHENTICATED")
    with pytest.raises(NotAuthenticated, match="does not know this host"):
        await within(Host(tmp_path, server.address).link.run())


async def test_a_host_that_is_removed_while_it_is_connected_stops(server: ScriptedServer, tmp_path: Path) -> None:
    running = asyncio.create_task(Host(tmp_path, server.address).link.run())
    conversation = await server.welcomed()
    conversation.end(Refusal(code=grpc.StatusCode.UNAUTHENTICATED, reason="NOT_AUTHENTICATED"))
    with pytest.raises(NotAuthenticated):
        await within(running)


async def test_a_stream_that_was_replaced_is_not_fought_for(server: ScriptedServer, tmp_path: Path) -> None:
    settings = replace(QUICK, refused_seconds=0.6)
    with capture_logs() as logs:
        async with linked(tmp_path, server.address, settings):
            first = await server.welcomed()
            first.end(Refusal(code=grpc.StatusCode.ABORTED, reason="STREAM_REPLACED"))
            began = time.monotonic()
            await server.conversation()
            assert time.monotonic() - began >= 0.3
    (line,) = [each for each in logs if each["event"] == "stream refused"]
    assert (line["log_level"], line["reason"]) == ("warning", "STREAM_REPLACED")
    assert "Another agent shows this host's credential" in line["advice"]


async def test_waits_grow_while_streams_fail_at_once_and_begin_anew_after_a_steady_one(
    server: ScriptedServer, tmp_path: Path
) -> None:
    bounds: list[float] = []

    def longest(_: float, most: float) -> float:
        bounds.append(most)
        return 0.0

    settings = replace(
        QUICK, backoff=lambda: Backoff(first_seconds=1.0, most_seconds=60.0, draw=longest), steady_seconds=0.3
    )
    async with linked(tmp_path, server.address, settings) as host:
        for _ in range(4):
            (await server.welcomed()).end()
        steady = await server.welcomed()
        await within(host.link.connected())
        await asyncio.sleep(0.35)
        steady.end()
        await server.conversation()
    assert bounds == [1.0, 2.0, 4.0, 8.0, 1.0]


async def test_no_wait_is_so_long_that_the_server_would_take_the_host_for_silent(
    server: ScriptedServer, tmp_path: Path
) -> None:
    bounds: list[float] = []

    def longest(_: float, most: float) -> float:
        bounds.append(most)
        return 0.0

    settings = replace(QUICK, backoff=lambda: Backoff(first_seconds=1.0, most_seconds=60.0, draw=longest))
    async with linked(tmp_path, server.address, settings):
        for _ in range(4):
            (await server.welcomed(silence=Duration(seconds=6))).end()
        await server.conversation()
    assert bounds == [1.0, 2.0, 3.0, 3.0]


async def test_a_clock_that_is_a_day_off_is_told_and_lived_with(server: ScriptedServer, tmp_path: Path) -> None:
    yesterday = Timestamp(seconds=int(time.time()) - 86_400)
    with capture_logs() as logs:
        async with linked(tmp_path, server.address) as host:
            await server.welcomed(time=yesterday)
            await within(host.link.connected())
    (line,) = [each for each in logs if each["event"] == "clock is off"]
    assert 86_300 < line["ahead_seconds"] < 86_500
    assert "timedatectl" in line["advice"]


async def test_no_line_of_the_log_has_the_credential(server: ScriptedServer, tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with linked(tmp_path, server.address):
            (await server.welcomed()).end()
            (await server.welcomed()).end(Refusal(code=grpc.StatusCode.INTERNAL))
            await server.conversation()
    assert len(logs) >= 4
    assert "hush" not in repr(logs)


async def test_a_server_that_can_never_be_spoken_to_ends_the_link(tmp_path: Path) -> None:
    with pytest.raises(PlaintextRefused):
        await within(Host(tmp_path, "192.0.2.1:50551").link.run())
