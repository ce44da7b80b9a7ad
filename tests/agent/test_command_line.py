"""The command line of the agent, before a server that answers by a script."""

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from tests.agent.agent_process import AgentProcess, told
from tests.agent.authorities import token_text
from tests.agent.scripted_server import Refusal, ScriptedServer
from tidegate_agent.exit_codes import ExitCode


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as served:
        yield served


def token_file(folder: Path) -> Path:
    path = folder / "token"
    path.write_text(token_text())
    return path


async def test_it_joins_with_all_that_it_is_told(server: ScriptedServer, tmp_path: Path) -> None:
    words = ["--zone", "2", "--fault-domain", "3", "--label", "env=prod", "--label", "a=b=c"]
    code, out, err = await told(
        *("join", "--server", server.address, "--root", tmp_path / "root", "--token-file", token_file(tmp_path)),
        *("--name", "web-7", "--probe-address", "127.0.0.1:8080", *words),
    )
    assert code == ExitCode.OK, err
    assert out.endswith("/virtualMachines/web-7\n")
    (request,) = server.asked
    assert (request.instance_id, request.zone, request.fault_domain) == ("web-7", "2", 3)
    assert dict(request.labels) == {"env": "prod", "a": "b=c"}
    assert request.probe_address == "127.0.0.1:8080"
    assert "hush" not in out + err
    again = await told("join", "--server", server.address, "--root", tmp_path / "root", "--token", token_text())
    assert again[0] == ExitCode.REFUSED
    assert "web-7 already" in again[2]


async def test_to_run_with_a_token_is_to_join_first_where_that_was_not_done(
    server: ScriptedServer, tmp_path: Path
) -> None:
    environment = {"TIDEGATE_JOIN_TOKEN": token_text()}
    for _ in range(2):
        words = ("run", "--server", server.address, "--root", tmp_path / "root", "--name", "web-7")
        async with AgentProcess(*words, environment=environment):
            await server.welcomed()
    assert len(server.asked) == 1


async def test_leaving_forgets_who_it_was(server: ScriptedServer, tmp_path: Path) -> None:
    root = tmp_path / "root"
    words = ("--server", server.address, "--root", root, "--token", token_text())
    assert (await told("join", *words))[0] == ExitCode.OK
    assert (await told("leave", "--root", root))[0] == ExitCode.OK
    assert (await told("run", "--root", root))[0] == ExitCode.NOT_JOINED
    assert (await told("join", *words))[0] == ExitCode.OK


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["join", "--server", "127.0.0.1:1"], ExitCode.USAGE, "Give a join token"),
        (["join", "--token", "tgj1_x", "--server", "127.0.0.1:1"], ExitCode.USAGE, "cannot be read"),
        (["join", "--token", token_text()], ExitCode.USAGE, "Name the server"),
        (["join", "--token", token_text(), "--server", "tidegate"], ExitCode.USAGE, "no address of a server"),
        (["join", "--token", token_text(), "--server", "192.0.2.1:1"], ExitCode.REFUSED, "tidegate ca init"),
        (["join", "--token", token_text(), "--server", "x:1", "--label", "a"], ExitCode.USAGE, "NAME=VALUE"),
        (["join", "--token-file", "/nowhere", "--server", "x:1"], ExitCode.USAGE, "/nowhere cannot be read: No such"),
        (["leave"], ExitCode.NOT_JOINED, "No host has joined"),
    ],
)
async def test_what_is_wrong_is_told_with_its_code(tmp_path: Path, words: list[str], code: ExitCode, why: str) -> None:
    exits, out, err = await told(*words, "--root", tmp_path / "root")
    assert (exits, out) == (code, "")
    assert why in " ".join(err.replace("│", " ").split())
    assert "hush" not in err
    assert "Traceback" not in err


async def test_a_wrong_token_is_refused(server: ScriptedServer, tmp_path: Path) -> None:
    server.joins.append(Refusal(code=grpc.StatusCode.UNAUTHENTICATED, reason="JOIN_TOKEN_INVALID"))
    words = ("--server", server.address, "--root", tmp_path / "root", "--token-file", token_file(tmp_path))
    code, _, err = await told("join", *words)
    assert code == ExitCode.REFUSED
    assert err == "error: scripted\nadvice: Scripted advice.\n"


async def test_the_version_is_told() -> None:
    code, out, _ = await told("--version")
    assert code == ExitCode.OK
    assert out.startswith("tidegate-agent ")
