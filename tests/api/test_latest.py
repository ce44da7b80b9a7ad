"""The latest upgrade is answered at once from bytes that are ready, and is never out of date."""

from collections.abc import Awaitable

import pytest

from tests.executor.world import World, scale_set_id, virtual
from tidegate.api.latest import Latest
from tidegate.api.present_upgrade import present_upgrade
from tidegate.domain.refusal import MalformedRequest, NoUpgradeEver, ScaleSetNotFound
from tidegate.v1 import rolling_upgrade_service_pb2 as pb

WEB = str(scale_set_id("web"))


async def answered(answer: bytes | Awaitable[bytes]) -> bytes:
    """The answer, whether it was ready or had to be looked up."""
    return answer if isinstance(answer, bytes) else await answer


@virtual
async def test_what_is_in_memory_is_answered_at_once_and_by_the_same_bytes_until_something_happens() -> None:
    async with World() as world:
        await world.put(capacity=1)
        await world.publish("1.1")
        await world.start()
        latest = Latest(world.conductor)
        first = latest.of(WEB)
        assert isinstance(first, bytes)
        assert latest.of(WEB.upper()) is first
        upgrade = await world.ended()
        told = pb.GetLatestRollingUpgradeResponse.FromString(await answered(latest.of(WEB)))
        assert told.rolling_upgrade == present_upgrade(upgrade)


@virtual
async def test_what_is_not_in_memory_is_looked_up() -> None:
    async with World() as world:
        await world.put(capacity=1)
        await world.publish("1.1")
        await world.start()
        upgrade = await world.ended()
    async with World(memory=world.memory, fleet=world.fleet) as later:
        answer = Latest(later.conductor).of(WEB)
        assert not isinstance(answer, bytes)
        told = pb.GetLatestRollingUpgradeResponse.FromString(await answer)
        assert told.rolling_upgrade == present_upgrade(upgrade)


@virtual
async def test_what_never_was_is_refused_by_its_own_reason() -> None:
    async with World() as world:
        await world.put("idle", capacity=1)
        latest = Latest(world.conductor)
        with pytest.raises(NoUpgradeEver):
            await answered(latest.of(str(scale_set_id("idle"))))
        with pytest.raises(ScaleSetNotFound):
            await answered(latest.of(WEB))
        with pytest.raises(MalformedRequest) as refused:
            latest.of("web")
        assert [wrong.field for wrong in refused.value.violations] == ["scale_set"]
