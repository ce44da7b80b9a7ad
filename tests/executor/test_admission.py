"""From a wish to a plan, or to every reason why not."""

import pytest

from tests.executor.world import SHIELD, SUBSCRIPTION, World, extension, scale_set_id, virtual
from tidegate.domain.refusal import MalformedRequest, NotEligible
from tidegate.executor.admission import Admitted, admit
from tidegate.executor.considering import NotEligibleYet, Wish
from tidegate.executor.facts import survey
from tidegate.executor.fleet_calls import FleetCalls
from tidegate.upgrade.plan import UpgradeKind


async def admitted(world: World, wish: Wish | None = None) -> Admitted:
    found = await survey(world.store.register, FleetCalls(world.fleet, 30), scale_set_id("web"), world.clock.now_ms())
    return admit(found, wish or Wish(kind=UpgradeKind.EXTENSION), world.keeper)


@virtual
async def test_the_first_event_holds_everything_that_was_decided() -> None:
    async with World() as world:
        await world.put(extensions=[extension(), extension(SHIELD, "2.0", minor=False)])
        await world.publish("1.1")
        started = (await admitted(world)).started("u", "r")
        assert (started.upgrade_id, started.request_id, started.policy_name) == ("u", "r", "azure-default")
        assert len(started.plan.order) == 10
        assert [decision.verdict.value for decision in started.eligibility] == ["ALLOW", "ALLOW", "DENY"]
        assert started.facts["subscription.enrolled"] is True
        assert started.has_probe


@virtual
async def test_every_denial_is_told_at_once() -> None:
    async with World() as world:
        await world.put(extensions=[extension(minor=False), extension(SHIELD, "2.0", minor=False)])
        await world.resources.withdraw(SUBSCRIPTION)
        with pytest.raises(NotEligible) as refused:
            await admitted(world)
        assert [denial.subject for denial in refused.value.denials] == [str(scale_set_id("web")), "agent", "shield"]
        assert all(denial.place.startswith("azure-default.yaml:") for denial in refused.value.denials)


@virtual
async def test_one_denied_extension_is_no_reason_to_refuse_a_scale_set_that_is_denied_for_another() -> None:
    async with World() as world:
        await world.put(extensions=[extension(minor=False), extension(SHIELD, "2.0")])
        await world.resources.withdraw(SUBSCRIPTION)
        with pytest.raises(NotEligible) as refused:
            await admitted(world)
        assert [denial.rule for denial in refused.value.denials] == ["enrolled-subscriptions-only"]


@pytest.mark.parametrize(
    ("own", "asked", "goes_to"), [("22.04.1", "", "22.04.1"), ("22.04.1", "22.04.2", "22.04.2"), ("latest", "1", "1")]
)
@virtual
async def test_an_image_goes_to_the_version_asked_for_or_to_the_scale_sets_own(
    own: str, asked: str, goes_to: str
) -> None:
    async with World() as world:
        await world.put(image_version=own)
        found = await admitted(world, Wish(kind=UpgradeKind.OS_IMAGE, image_version=asked))
        assert found.image.version == goes_to
        assert [str(target.version) for target in found.planned.plan.targets] == [goes_to]


@pytest.mark.parametrize(("own", "asked"), [("latest", ""), ("1.0", "newest"), ("", "")])
@virtual
async def test_an_image_without_an_exact_version_is_malformed(own: str, asked: str) -> None:
    async with World() as world:
        await world.put(image_version=own)
        with pytest.raises(MalformedRequest, match=r"image_version: .*exact version"):
            await admitted(world, Wish(kind=UpgradeKind.OS_IMAGE, image_version=asked))


@virtual
async def test_nothing_to_do_may_be_because_a_version_is_too_young() -> None:
    async with World() as world:
        await world.put(tags={"tidegate-policy": "cautious"})
        await world.publish("1.0")
        await world.pass_seconds(2 * 86_400)
        (await admitted(world)).check_age()
        await world.publish("1.1")
        with pytest.raises(NotEligibleYet):
            (await admitted(world)).check_age()
