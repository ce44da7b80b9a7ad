"""What is known of a scale set before an upgrade."""

import pytest

from tests.executor.world import AGENT, EPOCH_MS, SHIELD, SUBSCRIPTION, World, extension, scale_set_id, virtual
from tidegate.domain.refusal import ScaleSetNotFound
from tidegate.domain.version import Version
from tidegate.executor.facts import Survey, extension_facts, scale_set_facts, survey
from tidegate.executor.fleet_calls import FleetCalls
from tidegate.policy.facts import FACTS
from tidegate.upgrade.plan import Trigger, UpgradeKind


async def found(world: World, name: str = "web") -> Survey:
    fleet = FleetCalls(world.fleet, 30)
    return await survey(world.store.register, fleet, scale_set_id(name), world.clock.now_ms())


@virtual
async def test_everything_is_gathered_at_one_moment() -> None:
    async with World() as world:
        await world.publish("1.1")
        await world.pass_seconds(60)
        await world.publish("1.2")
        await world.put(extensions=[extension(), extension(SHIELD)])
        told = await found(world)
        assert (told.at_ms, len(told.instances), told.is_enrolled) == (EPOCH_MS + 60_000, 10, True)
        assert told.versions(AGENT) == {Version("1.1"), Version("1.2")}
        assert told.versions(SHIELD) == frozenset()


@virtual
async def test_a_subscription_that_withdrew_is_not_enrolled() -> None:
    async with World() as world:
        await world.put()
        await world.resources.withdraw(SUBSCRIPTION)
        assert not (await found(world)).is_enrolled


@virtual
async def test_a_scale_set_that_was_never_put_cannot_be_surveyed() -> None:
    async with World() as world:
        with pytest.raises(ScaleSetNotFound):
            await found(world)


@virtual
async def test_every_fact_of_the_wider_scopes_is_given() -> None:
    async with World() as world:
        await world.put()
        told = await found(world)
        facts = scale_set_facts(told, kind=UpgradeKind.EXTENSION, trigger=Trigger.MANUAL, force=False)
        assert facts.keys() == {name for name in FACTS if name.startswith(("subscription.", "upgrade.", "scaleSet."))}
        own = extension_facts(told, told.scale_set.extensions[0], None)
        assert own.keys() == {name for name in FACTS if name.startswith("extension.")}


@virtual
async def test_a_version_has_an_age_and_no_version_has_none() -> None:
    async with World() as world:
        await world.publish("1.1")
        await world.put()
        await world.pass_seconds(90)
        told = await found(world)
        (agent,) = told.scale_set.extensions
        assert extension_facts(told, agent, Version("1.1"))["extension.targetVersionAge"] == 90.0
        assert extension_facts(told, agent, None)["extension.targetVersionAge"] == -1.0
