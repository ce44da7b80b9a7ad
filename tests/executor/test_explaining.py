"""Why an instance stands where it stands."""

import pytest

from tests.executor.world import AGENT, World, extension, scale_set_id, virtual
from tidegate.domain.refusal import InstanceNotFound
from tidegate.domain.version import Version
from tidegate.executor.conductor import Explained
from tidegate.fleets.faults import InstallFails, Where
from tidegate.policy.decision import Verdict
from tidegate.upgrade.events import WaveBegan
from tidegate.upgrade.plan import SkipReason
from tidegate.upgrade.state import InstanceStatus


async def explain(world: World, instance_id: str) -> Explained:
    return await world.conductor.explain(scale_set_id("web"), instance_id)


@virtual
async def test_an_upgraded_instance_is_explained_by_the_decisions_about_its_batch() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        await world.start()
        ended = await world.ended()
        told = await explain(world, "5")
        assert (told.standing.status, told.standing.batch_number) == (InstanceStatus.SUCCEEDED, 3)
        assert told.decisions[0] == ended.pace.decision
        assert Verdict.GO_ON in {decision.verdict for decision in told.decisions}


@virtual
async def test_a_failed_instance_and_one_whose_turn_never_came_are_explained_by_the_halt() -> None:
    async with World(faults=[InstallFails(where=Where(extension="agent", version=Version("1.1")))]) as world:
        await world.put()
        await world.publish("1.1")
        await world.start()
        ended = await world.ended()
        assert ended.halt is not None
        failed, never = await explain(world, "0"), await explain(world, "9")
        assert "VMExtensionProvisioningError" in failed.explanation
        assert failed.decisions[0] == ended.halt.decision
        assert never.decisions[0] == ended.halt.decision
        assert "was not begun" in never.explanation


@virtual
async def test_an_instance_that_waits_for_its_turn_knows_its_batch() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        await world.start()
        await world.until(WaveBegan)
        assert (await explain(world, "9")).explanation == "It waits for batch 5."


@virtual
async def test_before_any_upgrade_it_is_told_what_a_start_would_do() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.0")
        assert (await explain(world, "0")).standing.status is SkipReason.ALREADY_NEWEST
        await world.publish("1.1")
        told = await explain(world, "0")
        assert (told.upgrade, told.standing.batch_number) == (None, 1)
        assert "would upgrade it in batch 1" in told.explanation


@virtual
async def test_a_start_that_would_be_refused_is_explained_by_every_denial() -> None:
    async with World() as world:
        await world.put(extensions=[extension(AGENT, minor=False)])
        told = await explain(world, "0")
        assert (told.standing.status, told.standing.batch_number) == (SkipReason.DENIED, None)
        assert "minor-upgrades-wanted" in told.explanation


@virtual
async def test_an_instance_that_is_not_there_cannot_be_explained() -> None:
    async with World() as world:
        await world.put()
        with pytest.raises(InstanceNotFound):
            await explain(world, "10")
        await world.start()
        with pytest.raises(InstanceNotFound):
            await explain(world, "10")
