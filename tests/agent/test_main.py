"""The entry point: what it settles before gRPC is loaded."""

import signal
from pathlib import Path

from tests.agent.agent_process import AgentProcess
from tests.agent.authorities import TestAuthority, token_text
from tests.agent.scripted_server import ScriptedServer
from tidegate_agent.exit_codes import ExitCode


async def test_a_handshake_that_fails_is_told_in_our_words_alone(tmp_path: Path) -> None:
    authority = TestAuthority()
    async with ScriptedServer(credentials=authority.server_credentials(authority.issue())) as server:
        token_file = tmp_path / "token"
        write(token_file, token_text(authority=TestAuthority()))
        words = ("--server", server.address, "--root", tmp_path / "root", "--token-file", token_file)
        async with AgentProcess("run", *words) as process:
            # It goes on trying, as a service does: the server may yet be given the right certificate.
            await process.says("joining again")
            process.send(signal.SIGTERM)
            code, _, err = await process.ended()
    assert code == ExitCode.OK
    lines = err.splitlines()
    assert lines
    assert all(line.startswith("timestamp=") for line in lines), err
    assert any("another authority" in line for line in lines)


def write(path: Path, text: str) -> None:
    path.write_text(text)
