"""What outlives a crash of the agent."""

import asyncio
from pathlib import Path

import pytest

from tidegate.v1.agent_service_pb2 import GoalState, GoalStateResult
from tidegate_agent.outbox import Outbox, forget_outbox


def result(incarnation: int) -> GoalStateResult:
    return GoalStateResult(incarnation=incarnation, operation_id=f"o{incarnation}")


async def test_a_result_stays_until_it_is_acknowledged(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    assert (outbox.reached_incarnation, outbox.begun, outbox.results) == (0, None, ())
    await outbox.keep(result(2))
    await outbox.keep(result(3))
    again = Outbox(tmp_path)
    assert again.results == (result(2), result(3))
    await again.acknowledged(2)
    await again.acknowledged(2)
    await again.acknowledged(99)
    third = Outbox(tmp_path)
    assert third.results == (result(3),)
    await third.acknowledged(3)
    assert Outbox(tmp_path).results == ()
    assert Outbox(tmp_path).reached_incarnation == 3


async def test_a_goal_state_that_was_begun_is_known_after_a_crash_until_its_result_is_kept(tmp_path: Path) -> None:
    goal = GoalState(incarnation=5, operation_id="o5")
    await Outbox(tmp_path).begin(goal)
    again = Outbox(tmp_path)
    assert again.begun == goal
    assert again.reached_incarnation == 0
    await again.keep(result(5))
    assert Outbox(tmp_path).begun is None
    assert Outbox(tmp_path).reached_incarnation == 5


async def test_while_it_is_full_nothing_is_begun(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, most_results=2)
    await outbox.keep(result(1))
    await outbox.keep(result(2))
    beginning = asyncio.create_task(outbox.begin(GoalState(incarnation=3)))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(beginning), 0.05)
    await outbox.acknowledged(1)
    await asyncio.wait_for(beginning, 5)
    assert Outbox(tmp_path).begun == GoalState(incarnation=3)


async def test_it_tells_when_nothing_is_owed(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    await outbox.emptied()
    await outbox.keep(result(1))
    waiting = asyncio.create_task(outbox.emptied())
    await outbox.acknowledged(1)
    await asyncio.wait_for(waiting, 5)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"reachedIncarnation": 1}',
        b'{"reachedIncarnation": 1, "begun": "!", "results": []}',
        b"\xff",
    ],
)
async def test_a_file_that_cannot_be_read_counts_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "outbox.json").write_bytes(content)
    outbox = Outbox(tmp_path)
    assert (outbox.reached_incarnation, outbox.begun, outbox.results) == (0, None, ())
    await outbox.keep(result(1))
    assert Outbox(tmp_path).results == (result(1),)


async def test_changes_at_once_are_all_kept(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    await asyncio.gather(*(outbox.keep(result(number)) for number in range(1, 9)))
    await asyncio.gather(*(outbox.acknowledged(number) for number in range(1, 8)))
    assert Outbox(tmp_path).results == (result(8),)


async def test_a_host_that_left_counts_anew(tmp_path: Path) -> None:
    await Outbox(tmp_path).keep(result(4))
    forget_outbox(tmp_path)
    forget_outbox(tmp_path)
    assert Outbox(tmp_path).reached_incarnation == 0
