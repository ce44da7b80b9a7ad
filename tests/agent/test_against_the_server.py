"""Agents before the real server: processes on loopback, with and without TLS, through kills of either side."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest

from tests.agent.agent_process import AgentProcess, told
from tests.agent.at_work import deeds, until
from tests.agent.peer.packages import PUBLISHER, RECORD, Recipe, package
from tests.cli.samples import arm_resource, scale_set_id
from tests.cli.serving import Serving
from tidegate.trust.authority import create_authority
from tidegate_agent.exit_codes import ExitCode
from tidegate_agent.identity import IdentityFolder
from tidegate_agent.service import standing_of
from tidegate_client import ENDED, AsyncClient, NotFound
from tidegate_client.messages import Host, StatusCode

WEB = scale_set_id("web")
SUBSCRIPTION = WEB.split("/")[2]
OPTIONS = ("--fleet", "agents", "--heartbeat", "PT1S", "--silence", "PT5S")
PATIENCE_SECONDS = 60.0


def a_free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@asynccontextmanager
async def serving(folder: Path, address: str) -> AsyncIterator[Serving]:
    """A server whose journal is in the folder; waiting for it does not stop the loop."""
    server = Serving("--listen", address, "--data", str(folder), *OPTIONS)
    await asyncio.to_thread(server.__enter__)
    try:
        yield server
    finally:
        await asyncio.to_thread(server.__exit__, None, None, None)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "record"


def agent(root: Path, record: Path, *words: str) -> AgentProcess:
    return AgentProcess("run", "--root", root, "--look-seconds", "0.2", *words, environment={RECORD: str(record)})


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def age(root: Path) -> None:
    """Makes the host's certificate one that came a month ago."""
    month_ago = time.time() - 30 * 86_400
    os.utime(root / "identity" / "tls.pem", (month_ago, month_ago))


async def publish(client: AsyncClient, folder: Path, version: str, *, seconds: float = 0.0) -> None:
    content = package(Recipe(type="Agent", version=version, seconds=seconds))
    path = write(folder / f"{version}.zip", content)
    await client.publish_extension_package(path, PUBLISHER, "Agent", version)


async def prepared(client: AsyncClient, folder: Path) -> None:
    """A scale set with one extension, whose version 1.0 is published with its package."""
    await client.put_scale_set(WEB, arm_resource("web", publisher=PUBLISHER))
    await client.enroll_subscription(SUBSCRIPTION)
    await publish(client, folder, "1.0")


async def join(client: AsyncClient, root: Path, server: str, name: str) -> None:
    token = (await client.create_join_token(WEB)).token
    code, _, err = await told("join", "--server", server, "--root", root, "--token", token, "--name", name)
    assert code == ExitCode.OK, err
    assert token not in err


async def host_with(client: AsyncClient, version: str, name: str = "web-7") -> Host:
    """The host, once it says that this version is enabled."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            host = await client.get_host(f"{WEB}/virtualMachines/{name}", timeout_seconds=PATIENCE_SECONDS)
            if [(each.installed_version, each.status) for each in host.handlers] == [(version, "Ready")]:
                return host
            await asyncio.sleep(0.05)


async def upgraded(client: AsyncClient) -> StatusCode.ValueType:
    """How the upgrade ended that publishing a version began."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with contextlib.suppress(NotFound):
                latest = await client.get_latest_rolling_upgrade(WEB, timeout_seconds=PATIENCE_SECONDS)
                if latest.status in ENDED:
                    return latest.status
            await asyncio.sleep(0.05)


async def test_a_host_joins_gets_what_the_profile_says_and_is_upgraded(tmp_path: Path, record: Path) -> None:
    async with serving(tmp_path / "data", "127.0.0.1:0") as server, AsyncClient(server.address) as client:
        await prepared(client, tmp_path)
        await join(client, tmp_path / "root", server.address, "web-7")
        async with agent(tmp_path / "root", record) as process:
            host = await host_with(client, "1.0")
            assert host.is_connected
            assert abs(host.clock_skew.ToTimedelta().total_seconds()) < 5.0
            await publish(client, tmp_path, "1.1")
            await host_with(client, "1.1")
            assert await upgraded(client) == StatusCode.STATUS_CODE_COMPLETED
            assert await process.end(signal.SIGTERM) == ExitCode.OK
        assert (await standing_of(tmp_path / "root")).unacknowledged == 0
    assert deeds(record) == [
        "Agent 1.0 install",
        "Agent 1.0 enable",
        "Agent 1.0 disable",
        "Agent 1.1 update",
        "Agent 1.0 uninstall",
        "Agent 1.1 install",
        "Agent 1.1 enable",
    ]


async def test_kills_of_the_server_and_of_the_agent_in_the_middle_are_survived(tmp_path: Path, record: Path) -> None:
    address, root = f"127.0.0.1:{a_free_port()}", tmp_path / "root"
    async with AsyncClient(address) as client:
        async with serving(tmp_path / "data", address) as server:
            await prepared(client, tmp_path)
            await join(client, root, address, "web-7")
            async with agent(root, record) as process:
                await host_with(client, "1.0")
                await publish(client, tmp_path, "1.1", seconds=1.0)
                await until(lambda: "Agent 1.1 update" in deeds(record))
                await process.end(signal.SIGKILL)
            await asyncio.to_thread(server.end, signal.SIGKILL)
        async with agent(root, record), serving(tmp_path / "data", address):
            await host_with(client, "1.1")
            assert await upgraded(client) == StatusCode.STATUS_CODE_COMPLETED
    # What was begun went on without the server, and nothing ran twice that had ended.
    assert deeds(record, "end").count("Agent 1.1 enable") == 1
    assert deeds(record, "end").count("Agent 1.1 install") == 1


async def test_a_copy_of_a_host_is_told_apart_and_a_removed_one_ends(tmp_path: Path, record: Path) -> None:
    async with serving(tmp_path / "data", "127.0.0.1:0") as server, AsyncClient(server.address) as client:
        await prepared(client, tmp_path)
        await join(client, tmp_path / "root", server.address, "web-7")
        await asyncio.to_thread(shutil.copytree, tmp_path / "root", tmp_path / "copy")
        async with agent(tmp_path / "root", record) as first:
            await first.says("event=connected")
            async with agent(tmp_path / "copy", tmp_path / "other") as second:
                await first.says("reason=STREAM_REPLACED")
                await second.says("event=connected")
                await client.remove_host(f"{WEB}/virtualMachines/web-7")
                code, _, err = await second.ended()
                assert code == ExitCode.NOT_AUTHENTICATED
                assert "error: The server does not know this host" in err
        # Whoever was removed may still be told to forget.
        assert (await told("leave", "--root", tmp_path / "root"))[0] == ExitCode.OK
        assert not IdentityFolder(tmp_path / "root").has_joined


async def test_over_tls_a_host_shows_a_certificate_that_renews(tmp_path: Path, record: Path) -> None:
    folder = tmp_path / "ca"
    authority = create_authority(folder, now_ms=lambda: int(time.time() * 1_000))
    operator = authority.issue_operator("tests")
    credentials = grpc.ssl_channel_credentials(
        authority.certificate_pem.encode(), operator.key_pem.encode(), operator.certificate_pem.encode()
    )
    server = Serving("--listen", "127.0.0.1:0", "--data", ":memory:", *OPTIONS, "--tls", str(folder))
    await asyncio.to_thread(server.__enter__)
    try:
        async with AsyncClient(server.address, credentials=credentials) as client:
            await prepared(client, tmp_path)
            await join(client, tmp_path / "root", server.address, "web-7")
            before = IdentityFolder(tmp_path / "root").load()
            assert before.tls is not None
            async with agent(tmp_path / "root", record):
                await host_with(client, "1.0")
            await asyncio.to_thread(age, tmp_path / "root")
            # By its age it is to be renewed: the stream is opened afresh with the new one, and the work goes on.
            async with agent(tmp_path / "root", record) as process:
                await process.says('event="certificate renewed"')
                await publish(client, tmp_path, "1.1")
                assert await upgraded(client) == StatusCode.STATUS_CODE_COMPLETED
            after = IdentityFolder(tmp_path / "root").load()
            assert after.tls is not None
            assert after.tls.key != before.tls.key
            assert (await told("leave", "--root", tmp_path / "root"))[0] == ExitCode.OK
            assert [host async for host in client.list_hosts()] == []
    finally:
        await asyncio.to_thread(server.__exit__, None, None, None)
