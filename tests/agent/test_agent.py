"""The agent: a real engine with real handlers, before a server that answers by a script."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from structlog.testing import capture_logs

from tests.agent.at_work import QUICK, at_work, deeds, goal, handler, joined_root, until
from tests.agent.peer.packages import RECORD, Recipe
from tests.agent.scripted_server import Refusal, ScriptedServer
from tidegate.v1 import agent_service_pb2 as wire
from tidegate_agent.outbox import Outbox
from tidegate_agent.problems import NotAuthenticated

INSTALLED = ["Agent 1.0 install", "Agent 1.0 enable"]


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as served:
        yield served


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands of handlers tell what they did."""
    path = tmp_path / "record"
    monkeypatch.setenv(RECORD, str(path))
    return path


@pytest.fixture
def root(tmp_path: Path, server: ScriptedServer) -> Path:
    return joined_root(tmp_path / "root", server.address)


async def test_a_goal_state_is_worked_through_and_its_end_told(
    server: ScriptedServer, root: Path, record: Path
) -> None:
    async with at_work(root):
        conversation = await server.welcomed()
        await conversation.order(goal(1, handler(server, Recipe(type="Agent", version="1.0"))))
        result = await conversation.hear_a("result")
        assert (result.incarnation, result.operation_id, list(result.failures)) == (1, "o1", [])
        (told,) = result.handlers
        assert (told.status, told.installed_version, told.handler_state) == ("Ready", "1.0", "Enabled")
        assert [(each.extension_name, each.status) for each in told.extensions] == [("agent", "success")]
    assert deeds(record) == INSTALLED


async def test_hello_says_where_the_host_stands(server: ScriptedServer, root: Path, record: Path) -> None:
    async with at_work(root):
        conversation = await server.welcomed()
        assert conversation.first.hello.reached_incarnation == 0
        assert list(conversation.first.hello.handlers) == []
        await conversation.order(goal(4, handler(server, Recipe(type="Agent", version="1.0"))))
        await conversation.hear_a("result")
        conversation.end()
        again = await server.welcomed()
    hello = again.first.hello
    assert hello.reached_incarnation == 4
    assert [(each.version, each.status) for each in hello.handlers] == [("1.0", "Ready")]
    assert hello.time.seconds > 1_700_000_000


async def test_a_goal_state_that_comes_again_is_not_worked_through_again(
    server: ScriptedServer, root: Path, record: Path
) -> None:
    order = goal(2, handler(server, Recipe(type="Agent", version="1.0", seconds=0.2)))
    async with at_work(root):
        conversation = await server.welcomed()
        for _ in range(3):
            await conversation.order(order)
        await conversation.hear_a("result")
        await conversation.acknowledge(2)
        await conversation.order(order)
        await conversation.order(goal(1))
        await conversation.order(goal(3, *order.handlers))
        assert (await conversation.hear_a("result")).incarnation == 3
    # The third is another order for the same handler, whose enable runs at each new goal state.
    assert deeds(record) == [*INSTALLED, "Agent 1.0 enable"]


async def test_of_those_that_came_meanwhile_only_the_newest_is_worked_through(
    server: ScriptedServer, root: Path, record: Path
) -> None:
    slow = handler(server, Recipe(type="Agent", version="1.0", seconds=0.3))
    async with at_work(root):
        conversation = await server.welcomed()
        await conversation.order(goal(1, slow))
        await until(lambda: deeds(record))
        for incarnation in (2, 4, 3):
            await conversation.order(goal(incarnation, slow))
        incarnations = [(await conversation.hear_a("result")).incarnation for _ in range(2)]
    assert incarnations == [1, 4]


async def test_what_fails_is_told_and_the_next_goal_state_comes(
    server: ScriptedServer, root: Path, record: Path
) -> None:
    async with at_work(root):
        conversation = await server.welcomed()
        broken = Recipe(type="Agent", version="1.0", fails={"enable": 3})
        await conversation.order(goal(1, handler(server, broken)))
        result = await conversation.hear_a("result")
        assert [(each.extension_name, each.code) for each in result.failures] == [("agent", 1009)]
        await conversation.order(goal(2, handler(server, Recipe(type="Agent", version="1.1"))))
        assert list((await conversation.hear_a("result")).failures) == []


async def test_what_a_command_printed_is_told_to_the_server_and_not_to_the_agents_log(
    server: ScriptedServer, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where the record cannot be written, the shell complains.
    monkeypatch.setenv(RECORD, str(tmp_path))
    with capture_logs() as logs:
        async with at_work(root):
            conversation = await server.welcomed()
            broken = Recipe(type="Agent", version="1.0", fails={"install": 3})
            await conversation.order(goal(1, handler(server, broken)))
            (failure,) = (await conversation.hear_a("result")).failures
    assert "Is a directory" in failure.message
    (missed,) = (line for line in logs if line["event"] == "goal state missed")
    assert (missed["extension"], missed["code"]) == ("agent", 1007)
    assert missed["why"].startswith("[ExtensionOperationError] Non-zero exit code: 3, ")
    assert not any("Is a directory" in str(line) for line in logs)


async def test_a_package_that_is_not_what_was_named_fails_the_extension(
    server: ScriptedServer, root: Path, record: Path
) -> None:
    wanted = handler(server, Recipe(type="Agent", version="1.0"))
    served = server.packages[wanted.package.sha256]
    served.content = served.content[::-1]
    async with at_work(root):
        conversation = await server.welcomed()
        await conversation.order(goal(1, wanted))
        (failure,) = (await conversation.hear_a("result")).failures
    assert failure.code == 1004
    assert "another SHA-256" in failure.message
    assert deeds(record) == []


async def test_a_goal_state_that_cannot_be_read_is_answered(server: ScriptedServer, root: Path) -> None:
    async with at_work(root):
        conversation = await server.welcomed()
        unreadable = handler(server, Recipe(type="Agent", version="1.0"), version="newest")
        await conversation.order(goal(1, unreadable))
        (failure,) = (await conversation.hear_a("result")).failures
    assert (failure.extension_name, failure.code) == ("agent", -1)
    assert "cannot read the goal state" in failure.message


async def test_what_a_handler_says_of_itself_later_is_reported(
    server: ScriptedServer, root: Path, record: Path
) -> None:
    async with at_work(root):
        conversation = await server.welcomed()
        await conversation.order(goal(1, handler(server, Recipe(type="Agent", version="1.0"))))
        await conversation.hear_a("result")
        status = root / "lib" / "Tidegate.Tests.Agent-1.0" / "status" / "0.status"
        rewrite(status, "success", "error")
        report = await conversation.hear_a("report")
        assert [each.status for each in report.handlers[0].extensions] == ["error"]


async def test_a_report_from_before_a_result_never_comes_after_it(
    server: ScriptedServer, root: Path, record: Path
) -> None:
    settings = replace(QUICK, look_seconds=0.01)
    async with at_work(root, settings):
        conversation = await server.welcomed(heartbeat_seconds=0.3)
        for incarnation in range(1, 4):
            wanted = handler(server, Recipe(type="Agent", version=f"1.{incarnation}"))
            await conversation.order(goal(incarnation, wanted))
            await conversation.hear_a("result")
            heard = await conversation.hear()
            assert heard is not None
            assert heard.WhichOneof("message") == "heartbeat"


def rewrite(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))


async def test_nothing_is_reported_while_nothing_changes(server: ScriptedServer, root: Path, record: Path) -> None:
    async with at_work(root):
        conversation = await server.welcomed(heartbeat_seconds=0.4)
        await conversation.order(goal(1, handler(server, Recipe(type="Agent", version="1.0"))))
        await conversation.hear_a("result")
        heard = [await conversation.hear() for _ in range(3)]
    assert [message and message.WhichOneof("message") for message in heard] == ["heartbeat"] * 3


async def test_told_to_stop_it_lets_the_command_end_and_begins_no_other(
    server: ScriptedServer, root: Path, record: Path
) -> None:
    order = goal(1, handler(server, Recipe(type="Agent", version="1.0", seconds=0.5)))
    async with at_work(root):
        conversation = await server.welcomed()
        await conversation.order(order)
        await until(lambda: deeds(record))
    assert deeds(record, "end") == ["Agent 1.0 install"]
    assert Outbox(root).begun == order
    # Started again it goes on by itself, and says how it ended once the server is there.
    async with at_work(root):
        conversation = await server.welcomed()
        assert (await conversation.hear_a("result")).incarnation == 1
    assert deeds(record, "end") == INSTALLED


async def test_it_goes_on_with_what_it_had_begun_also_without_its_server(
    server: ScriptedServer, root: Path, record: Path
) -> None:
    order = goal(1, handler(server, Recipe(type="Agent", version="1.0", seconds=0.5)))
    async with at_work(root):
        conversation = await server.welcomed()
        await conversation.order(order)
        await until(lambda: deeds(record))
    await server.stop()
    async with at_work(root):
        await until(lambda: Outbox(root).results)
    assert deeds(record, "end") == INSTALLED


async def test_what_is_enabled_is_enabled_once_more_when_it_is_started_also_without_its_server(
    server: ScriptedServer, root: Path, record: Path
) -> None:
    async with at_work(root):
        conversation = await server.welcomed()
        await conversation.order(goal(1, handler(server, Recipe(type="Agent", version="1.0"))))
        await conversation.hear_a("result")
        await conversation.acknowledge(1)
        await until(lambda: not Outbox(root).results)
    await server.stop()
    async with at_work(root):
        await until(lambda: len(deeds(record, "end")) == 3)
    assert deeds(record) == [*INSTALLED, "Agent 1.0 enable"]


async def test_what_cannot_be_enabled_once_more_is_reported(server: ScriptedServer, root: Path, record: Path) -> None:
    async with at_work(root):
        conversation = await server.welcomed()
        await conversation.order(goal(1, handler(server, Recipe(type="Agent", version="1.0"))))
        await conversation.hear_a("result")
        await conversation.acknowledge(1)
        await until(lambda: not Outbox(root).results)
        conversation.end()
    next((root / "lib").glob("*-1.0/*.sh")).write_text("#!/bin/sh\nexit 7\n")
    async with at_work(root):
        report = await (await server.welcomed()).hear_a("report")
    assert [(each.version, each.status, each.code) for each in report.handlers] == [("1.0", "NotReady", 1009)]


async def test_the_last_result_is_told_before_it_ends(server: ScriptedServer, root: Path, record: Path) -> None:
    async with at_work(root, replace(QUICK, grace_seconds=5.0, farewell_seconds=5.0)) as stop:
        conversation = await server.welcomed()
        await conversation.order(goal(1, handler(server, Recipe(type="Agent", version="1.0", seconds=0.1))))
        await until(lambda: len(deeds(record, "end")) == 2)
        stop.set()
        await conversation.hear_a("result")
        await conversation.acknowledge(1)
    assert Outbox(root).results == ()


async def test_a_host_that_is_removed_ends_its_work_and_then_the_agent(
    server: ScriptedServer, root: Path, record: Path
) -> None:
    order = goal(1, handler(server, Recipe(type="Agent", version="1.0", seconds=0.3)))
    leaving = at_work(root)
    await leaving.__aenter__()
    conversation = await server.welcomed()
    await conversation.order(order)
    await until(lambda: deeds(record))
    conversation.end(Refusal(code=grpc.StatusCode.UNAUTHENTICATED, reason="NOT_AUTHENTICATED"))
    with pytest.raises(NotAuthenticated):
        await leaving.__aexit__(None, None, None)
    assert deeds(record, "end") == deeds(record)


async def test_a_full_disk_is_waited_for(server: ScriptedServer, root: Path, record: Path) -> None:
    blocked = root / "link"
    blocked.write_text("in the way of the outbox")
    async with at_work(root):
        conversation = await server.welcomed()
        await conversation.order(goal(1, handler(server, Recipe(type="Agent", version="1.0"))))
        conversation.end()
        conversation = await server.welcomed()
        unblock(blocked)
        assert (await conversation.hear_a("result")).incarnation == 1


def unblock(path: Path) -> None:
    path.unlink()


async def test_an_uninstalled_handler_is_gone(server: ScriptedServer, root: Path, record: Path) -> None:
    recipe = Recipe(type="Agent", version="1.0")
    async with at_work(root):
        conversation = await server.welcomed()
        await conversation.order(goal(1, handler(server, recipe)))
        await conversation.hear_a("result")
        await conversation.order(goal(2, handler(server, recipe, state=wire.HANDLER_GOAL_STATE_UNINSTALL)))
        assert list((await conversation.hear_a("result")).handlers) == []
    assert deeds(record) == [*INSTALLED, "Agent 1.0 disable", "Agent 1.0 uninstall"]
