"""An upgrade again from its events."""

import pytest

from tests.executor.world import World, virtual
from tidegate.domain.refusal import UpgradeNotFound
from tidegate.executor import replay as module
from tidegate.executor.replay import Replay, replay
from tidegate.upgrade.state import Upgrade


async def ended_upgrade(world: World) -> Upgrade:
    await world.put()
    await world.publish("1.1")
    await world.start()
    return await world.ended()


@virtual
async def test_a_replay_ends_where_the_upgrade_stands() -> None:
    async with World() as world:
        ended = await ended_upgrade(world)
        assert await replay(world.store.journal, ended.upgrade_id) == ended


@virtual
async def test_a_replay_goes_page_by_page_and_on_from_where_somebody_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 5)
    async with World() as world:
        ended = await ended_upgrade(world)
        pages = Replay(world.store.journal, ended.upgrade_id)
        first = await pages.page()
        assert [step.entry.sequence for step in first] == [1, 2, 3, 4, 5]
        assert await replay(world.store.journal, ended.upgrade_id, first[2].upgrade) == ended
        while steps := await pages.page():
            assert steps[0].entry.sequence % 5 == 1


@virtual
async def test_what_the_journal_does_not_know_cannot_be_replayed() -> None:
    async with World() as world:
        with pytest.raises(UpgradeNotFound):
            await replay(world.store.journal, "nobody")
