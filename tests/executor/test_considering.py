"""What a policy says to a wish."""

import pytest

from tests.executor.world import AGENT, SHIELD, World, extension, scale_set_id, virtual
from tidegate.domain.refusal import NoPolicyApplies
from tidegate.domain.version import Version
from tidegate.executor.considering import Considered, NotEligibleYet, Wish, consider, is_denied_for_age
from tidegate.executor.facts import survey
from tidegate.executor.fleet_calls import FleetCalls
from tidegate.executor.policy_keeper import PolicyKeeper
from tidegate.policy.source import PolicySource
from tidegate.upgrade.plan import UpgradeKind

CAUTIOUS = {"tidegate-policy": "cautious"}
DAY_SECONDS = 86_400


async def considered(world: World, wish: Wish | None = None) -> Considered:
    found = await survey(world.store.register, FleetCalls(world.fleet, 30), scale_set_id("web"), world.clock.now_ms())
    return consider(found, wish or Wish(kind=UpgradeKind.EXTENSION), world.keeper)


def targets(said: Considered) -> list[str]:
    return ["" if each.target is None else str(each.target.version) for each in said.extensions]


@virtual
async def test_each_extension_goes_to_the_newest_version_of_its_major() -> None:
    async with World() as world:
        await world.put(extensions=[extension(), extension(SHIELD, "2.0")])
        for version in ("1.9", "1.10", "2.0"):
            await world.publish(version)
        said = await considered(world)
        assert (said.is_eligible, targets(said)) == (True, ["1.10", ""])


@virtual
async def test_a_version_that_a_rule_denies_gives_way_to_an_older_one() -> None:
    async with World() as world:
        await world.put(tags=CAUTIOUS)
        await world.publish("1.1")
        await world.pass_seconds(2 * DAY_SECONDS)
        await world.publish("1.2")
        said = await considered(world)
        assert (said.is_eligible, targets(said)) == (True, ["1.1"])
        assert [denial.rule for denial in said.left_out] == ["a-version-ages-first"]
        assert is_denied_for_age(said.decisions)


@virtual
async def test_a_version_that_is_too_young_is_not_eligible_yet() -> None:
    async with World() as world:
        await world.put(tags=CAUTIOUS)
        await world.publish("1.1")
        said = await considered(world)
        assert not said.is_eligible
        assert isinstance(said.refusal, NotEligibleYet)
        await world.pass_seconds(DAY_SECONDS)
        assert (await considered(world)).is_eligible


@virtual
async def test_a_rule_about_a_version_has_nothing_to_say_where_there_is_none() -> None:
    async with World() as world:
        await world.put(tags=CAUTIOUS)
        said = await considered(world)
        assert (said.is_eligible, targets(said)) == (True, [""])


@virtual
async def test_a_pinned_extension_is_left_out_and_all_of_them_are_not_eligible() -> None:
    async with World() as world:
        await world.put(extensions=[extension(minor=False), extension(SHIELD, "2.0")])
        await world.publish("1.1")
        said = await considered(world)
        assert [each.is_allowed for each in said.extensions] == [False, True]
        assert (said.is_eligible, list(said.denials)) == (True, [])
        await world.put(extensions=[extension(minor=False), extension(SHIELD, "2.0", minor=False)])
        said = await considered(world)
        assert [denial.subject for denial in said.denials] == ["agent", "shield"]
        assert not said.is_eligible


@virtual
async def test_an_image_upgrade_does_not_ask_about_extensions() -> None:
    async with World() as world:
        await world.put(extensions=[extension(minor=False)])
        said = await considered(world, Wish(kind=UpgradeKind.OS_IMAGE))
        assert (said.is_eligible, said.extensions) == (True, ())


@virtual
async def test_where_no_policy_applies_nothing_is_decided() -> None:
    text = (
        "apiVersion: tidegate/v1\nkind: Policy\nname: elsewhere\ndescription: For another scale set.\n"
        "appliesTo: {scaleSet.name: other}\n"
        "batching: [{name: all, because: it is small, batch: 100%}]\n"
    )
    async with World(policies=[PolicySource(file="elsewhere.yaml", text=text)]) as world:
        await world.put()
        with pytest.raises(NoPolicyApplies):
            await considered(world)
        assert isinstance(world.keeper, PolicyKeeper)


@virtual
async def test_a_version_that_was_taken_back_is_no_target() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        await world.publish("1.2")
        await world.resources.withdraw_version(AGENT, Version("1.2"))
        assert targets(await considered(world)) == ["1.1"]
