"""Leaving, against a server that answers by a script."""

from pathlib import Path

import grpc
import pytest

from tests.agent.scripted_server import Refusal, ScriptedServer
from tidegate.v1.agent_service_pb2 import GoalStateResult, LeaveHostRequest
from tidegate_agent.identity import IdentityFolder
from tidegate_agent.leaving import leave
from tidegate_agent.outbox import Outbox
from tidegate_agent.problems import NotJoined, Refused, Unreachable


async def joined(root: Path, server: str) -> None:
    folder = IdentityFolder(root)
    folder.settings_pair()
    folder.keep_joined(
        host="/ss/virtualMachines/web-7", server=server, credential="tgh1_x", authority_certificate="", pair=None
    )
    folder.write_for_handlers(root / "lib")
    await Outbox(root).keep(GoalStateResult(incarnation=4))


async def leave_now(root: Path, *, force: bool = False) -> None:
    await leave(root, identity=IdentityFolder(root).load, force=force)


def has_forgotten(root: Path) -> bool:
    return not (root / "identity").exists() and not any((root / "lib").iterdir()) and Outbox(root).results == ()


async def test_a_host_that_leaves_tells_the_server_and_forgets_who_it_was(tmp_path: Path) -> None:
    async with ScriptedServer() as server:
        await joined(tmp_path, server.address)
        await leave_now(tmp_path)
        assert server.asked == [LeaveHostRequest()]
    assert has_forgotten(tmp_path)
    with pytest.raises(NotJoined):
        await leave_now(tmp_path)


async def test_a_host_that_was_removed_forgets_too(tmp_path: Path) -> None:
    async with ScriptedServer() as server:
        server.leaves.append(Refusal(code=grpc.StatusCode.UNAUTHENTICATED, reason="NOT_AUTHENTICATED"))
        await joined(tmp_path, server.address)
        await leave_now(tmp_path)
    assert has_forgotten(tmp_path)


async def test_where_the_server_cannot_be_told_nothing_is_forgotten(tmp_path: Path) -> None:
    await joined(tmp_path, "127.0.0.1:1")
    with pytest.raises(Unreachable):
        await leave_now(tmp_path)
    assert IdentityFolder(tmp_path).has_joined
    assert Outbox(tmp_path).reached_incarnation == 4


async def test_a_refusal_forgets_nothing_either(tmp_path: Path) -> None:
    async with ScriptedServer() as server:
        server.leaves.append(Refusal(code=grpc.StatusCode.FAILED_PRECONDITION, reason="HOSTS_NOT_TAKEN"))
        await joined(tmp_path, server.address)
        with pytest.raises(Refused):
            await leave_now(tmp_path)
    assert IdentityFolder(tmp_path).has_joined


async def test_by_force_it_forgets_without_a_server(tmp_path: Path) -> None:
    await joined(tmp_path, "127.0.0.1:1")
    await leave_now(tmp_path, force=True)
    assert has_forgotten(tmp_path)
