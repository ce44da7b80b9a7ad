"""Watches in virtual time: answers from the hub, signs of life in silence, and nothing left behind."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

import pytest

from tests.executor.world import World, scale_set_id, virtual
from tidegate.api.rendered import render_event
from tidegate.api.resume_token import ResumePoint, give_resume_token
from tidegate.api.watches import Watches
from tidegate.domain.refusal import ResumeTokenMismatch, UpgradeNotFound, WatchTooSlow
from tidegate.executor.conductor import Conductor, StartRequest
from tidegate.executor.watch import WatchHub
from tidegate.upgrade.plan import UpgradeKind
from tidegate.v1 import rolling_upgrade_service_pb2 as pb

WEB = scale_set_id("web")
KEEPALIVE_SECONDS = 15.0


class Watched:
    """A world with a hub that renders as the server's does."""

    def __init__(self, world: World, capacity: int) -> None:
        self.world = world
        self.hub: WatchHub[bytes] = WatchHub(render_event, capacity)
        self._watches = Watches(self.hub, KEEPALIVE_SECONDS)
        self.conductor = Conductor(
            world.store.journal,
            world.store.register,
            world.fleet,
            world.keeper,
            world.clock,
            self.hub,
            world.limits,
            world.new_id,
        )

    def upgrade(self, upgrade_id: str, after: ResumePoint | None) -> AsyncGenerator[bytes, None]:
        """The watch of one upgrade."""
        return one_by_one(self._watches.upgrade(WEB, upgrade_id, after))

    def scale_set(self, after: ResumePoint | None) -> AsyncGenerator[bytes, None]:
        """The watch of all upgrades."""
        return one_by_one(self._watches.scale_set(WEB, after))

    async def start(self) -> str:
        """Start an upgrade; its id."""
        return (await self.conductor.start(StartRequest(scale_set=WEB, kind=UpgradeKind.EXTENSION))).upgrade_id


@asynccontextmanager
async def watched(
    *, instances: int = 2, capacity: int = 8_192, upgrade_seconds: float = 10.0
) -> AsyncIterator[Watched]:
    """Such a world with a scale set to upgrade."""
    async with World(upgrade_seconds=upgrade_seconds) as world:
        await world.put(capacity=instances)
        await world.publish("1.1")
        watched = Watched(world, capacity)
        try:
            yield watched
        finally:
            await watched.conductor.close()


async def one_by_one(batches: AsyncGenerator[Sequence[bytes], None]) -> AsyncGenerator[bytes, None]:
    """The answers of a watch, each by itself."""
    async with aclosing(batches):
        async for batch in batches:
            for answer in batch:
                yield answer


async def read(answers: AsyncGenerator[bytes, None], count: int) -> list[pb.WatchRollingUpgradeResponse]:
    """The next answers."""
    return [pb.WatchRollingUpgradeResponse.FromString(await anext(answers)) for _ in range(count)]


async def read_into(seen: list[pb.WatchRollingUpgradeResponse], answers: AsyncGenerator[bytes, None]) -> None:
    """All answers that are left, each as soon as it is there."""
    while True:
        seen += await read(answers, 1)


async def rest(answers: AsyncGenerator[bytes, None]) -> list[pb.WatchRollingUpgradeResponse]:
    """All answers that are left."""
    return [pb.WatchRollingUpgradeResponse.FromString(answer) async for answer in answers]


@virtual
async def test_one_upgrade_is_followed_to_its_end_and_then_nobody_watches_any_more() -> None:
    async with watched() as house:
        upgrade_id = await house.start()
        answers = await rest(house.upgrade(upgrade_id, None))
        kinds = [answer.WhichOneof("item") for answer in answers]
        assert kinds == ["snapshot"] + ["event"] * (len(kinds) - 1)
        assert [answer.event.sequence for answer in answers[1:]] == list(range(2, len(answers) + 1))
        assert house.hub.watched_count == 0


@virtual
async def test_two_watchers_are_given_the_very_same_bytes() -> None:
    async with watched() as house:
        upgrade_id = await house.start()
        one, other = (house.upgrade(upgrade_id, None) for _ in range(2))
        for _ in range(4):
            assert await anext(one) is await anext(other)
        await one.aclose()
        await other.aclose()
        assert house.hub.watched_count == 0


@virtual
async def test_a_silence_of_fifteen_seconds_is_broken_by_a_sign_of_life() -> None:
    async with watched(upgrade_seconds=40.0) as house:
        upgrade_id = await house.start()
        async with aclosing(house.upgrade(upgrade_id, None)) as answers:
            told = await read(answers, 1)
            began_ms = house.world.clock.now_ms()
            while not told[-1].HasField("keepalive"):
                told += await read(answers, 1)
            told += await read(answers, 1)
            assert house.world.clock.now_ms() - began_ms == 30_000
            assert told[-1].HasField("keepalive")
            assert told[-1].resume_token == told[-2].resume_token == told[-3].resume_token


@virtual
async def test_a_scale_set_is_followed_from_before_its_first_upgrade() -> None:
    async with watched() as house, aclosing(house.scale_set(None)) as answers:
        (waits,) = await read(answers, 1)
        assert (waits.WhichOneof("item"), waits.resume_token) == ("keepalive", "")
        await house.start()
        (first,) = await read(answers, 1)
        assert first.event.sequence == 1
        assert first.resume_token == give_resume_token(WEB, first.event.upgrade.rpartition("/")[2], 1)


@virtual
async def test_a_watch_goes_on_right_after_its_point() -> None:
    async with watched() as house:
        upgrade_id = await house.start()
        everything = await rest(house.upgrade(upgrade_id, None))
        for at in (1, len(everything) - 2):
            point = ResumePoint(upgrade_id=upgrade_id, sequence=everything[at].event.sequence)
            assert await rest(house.upgrade(upgrade_id, point)) == everything[at + 1 :]
            async with aclosing(house.scale_set(point)) as answers:
                assert (await read(answers, 1))[0] == everything[at + 1]


@virtual
async def test_a_point_that_the_upgrade_never_reached_is_refused() -> None:
    async with watched() as house:
        upgrade_id = await house.start()
        for watch in (
            house.upgrade(upgrade_id, ahead(upgrade_id)),
            house.scale_set(ahead(upgrade_id)),
        ):
            with pytest.raises(ResumeTokenMismatch):
                await anext(watch)
        with pytest.raises(UpgradeNotFound):
            await anext(house.upgrade("nobody", None))


def ahead(upgrade_id: str) -> ResumePoint:
    return ResumePoint(upgrade_id=upgrade_id, sequence=9_999)


@virtual
async def test_who_falls_behind_is_let_go_with_a_token_that_loses_nothing() -> None:
    async with watched(instances=200, capacity=4) as house:
        upgrade_id = await house.start()
        slow = house.upgrade(upgrade_id, None)
        seen = await read(slow, 2)
        await house.world.pass_seconds(3_600)
        with pytest.raises(WatchTooSlow) as refused:
            await read_into(seen, slow)
        assert refused.value.resume_token == give_resume_token(WEB, upgrade_id, seen[-1].event.sequence)
        assert house.hub.watched_count == 0
