"""The agent as a process: signals, SIGKILL and what is left of it."""

import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from tests.agent.agent_process import AgentProcess, told
from tests.agent.at_work import deeds, goal, handler, joined_root, until
from tests.agent.peer.packages import RECORD, Recipe
from tests.agent.scripted_server import Refusal, ScriptedServer
from tidegate_agent.exit_codes import ExitCode
from tidegate_agent.identity import IdentityFolder
from tidegate_agent.service import identity_of, standing_of

SLOW = Recipe(type="Agent", version="1.0", seconds=1.0)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as served:
        yield served


@pytest.fixture
def root(tmp_path: Path, server: ScriptedServer) -> Path:
    return joined_root(tmp_path / "root", server.address)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "record"


def running(root: Path, record: Path, *words: str) -> AgentProcess:
    return AgentProcess("run", "--root", root, "--look-seconds", "0.2", *words, environment={RECORD: str(record)})


def test_a_server_that_is_named_stands_in_for_the_one_that_was_joined(tmp_path: Path) -> None:
    joined_root(tmp_path, "127.0.0.1:1")
    assert identity_of(tmp_path)().server == "127.0.0.1:1"
    assert identity_of(tmp_path, "127.0.0.1:2")().server == "127.0.0.1:2"


async def test_sigterm_ends_it_well_and_leaves_nothing_half_done(
    server: ScriptedServer, root: Path, record: Path
) -> None:
    async with running(root, record) as process:
        conversation = await server.welcomed()
        assert conversation.first.hello.probe_address == "127.0.0.1:8080"
        await conversation.order(goal(1, handler(server, SLOW)))
        await until(lambda: deeds(record))
        process.send(signal.SIGTERM)
        code, out, err = await process.ended()
    assert (code, out) == (ExitCode.OK, "")
    assert deeds(record, "end") == ["Agent 1.0 install"]
    assert "hush" not in err
    assert all(line.startswith("timestamp=") for line in err.splitlines()), err


async def test_ctrl_c_ends_it_with_its_own_code(server: ScriptedServer, root: Path, record: Path) -> None:
    async with running(root, record) as process:
        await server.welcomed()
        assert await process.end(signal.SIGINT) == ExitCode.INTERRUPTED


async def test_a_second_signal_waits_for_nothing(server: ScriptedServer, root: Path, record: Path) -> None:
    endless = Recipe(type="Agent", version="1.0", seconds=60.0)
    async with running(root, record, "--grace-seconds", "60") as process:
        conversation = await server.welcomed()
        await conversation.order(goal(1, handler(server, endless)))
        await until(lambda: deeds(record))
        process.send(signal.SIGTERM)
        await process.says("stopping")
        assert await process.end(signal.SIGTERM) == ExitCode.OK


async def test_its_operator_says_how_long_a_status_may_take(server: ScriptedServer, root: Path, record: Path) -> None:
    silent = Recipe(type="Agent", version="1.0", statuses={})
    async with running(root, record, "--status-wait-seconds", "0.2"):
        conversation = await server.welcomed()
        await conversation.order(goal(1, handler(server, silent)))
        (failure,) = (await conversation.hear_a("result")).failures
    assert "said neither success nor error within 0.2 seconds" in failure.message


async def test_killed_in_the_middle_it_goes_on_where_it_was(server: ScriptedServer, root: Path, record: Path) -> None:
    async with running(root, record) as process:
        conversation = await server.welcomed()
        await conversation.order(goal(1, handler(server, SLOW)))
        await until(lambda: deeds(record))
        await process.end(signal.SIGKILL)
    async with running(root, record) as process:
        conversation = await server.welcomed()
        assert conversation.first.hello.reached_incarnation == 0
        result = await conversation.hear_a("result")
        assert (result.incarnation, list(result.failures)) == (1, [])
        await process.end(signal.SIGKILL)
    # Killed once more before the server acknowledged it: the result is told again, and nothing is done again.
    before = deeds(record)
    async with running(root, record):
        conversation = await server.welcomed()
        assert conversation.first.hello.reached_incarnation == 1
        assert await conversation.hear_a("result") == result
        assert deeds(record) == before


async def test_two_agents_in_one_root_are_one_too_many(server: ScriptedServer, root: Path, record: Path) -> None:
    async with running(root, record):
        await server.welcomed()
        code, _, err = await told("run", "--root", root)
        assert code == ExitCode.ALREADY_RUNNING
        assert "Another agent works in" in err
        assert (await told("leave", "--root", root))[0] == ExitCode.ALREADY_RUNNING
        assert (await standing_of(root)).is_running
    assert not (await standing_of(root)).is_running


async def test_a_host_that_was_removed_ends_with_its_own_code_and_says_why(
    server: ScriptedServer, root: Path, record: Path
) -> None:
    server.refuses_streams = Refusal(code=grpc.StatusCode.UNAUTHENTICATED, reason="NOT_AUTHENTICATED")
    async with running(root, record) as process:
        code, _, err = await process.ended()
    assert code == ExitCode.NOT_AUTHENTICATED
    assert "error: The server does not know this host" in err
    assert "advice: It was removed" in err
    assert "Traceback" not in err


async def test_how_it_stands_can_be_seen_while_it_runs_and_without_a_server(
    server: ScriptedServer, root: Path, record: Path
) -> None:
    async with running(root, record):
        conversation = await server.welcomed()
        await conversation.order(goal(3, handler(server, Recipe(type="Agent", version="1.0"))))
        await conversation.hear_a("result")
        code, out, _ = await told("status", "--root", root, "-o", "json")
    document = json.loads(out)
    assert code == ExitCode.OK
    assert (document["isRunning"], document["isWell"]) == (True, True)
    assert (document["reachedIncarnation"], document["unacknowledgedResults"]) == (3, 1)
    assert [(each["type"], each["status"]) for each in document["handlers"]] == [("Agent", "Ready")]
    await server.stop()
    code, out, _ = await told("status", "--root", root)
    assert code == ExitCode.OK
    assert "does not run" in out
    assert "Tidegate.Tests.Agent" in out


async def test_the_settings_pair_lies_where_handlers_look(server: ScriptedServer, root: Path, record: Path) -> None:
    thumbprint = IdentityFolder(root).load().thumbprint
    async with running(root, record):
        await server.welcomed()
        assert {each.name for each in (root / "lib").glob(f"{thumbprint}.*")} == {
            f"{thumbprint}.crt",
            f"{thumbprint}.prv",
        }
