"""What the server is told of the world."""

import asyncio
import json

import pytest

from tests.executor.world import (
    AGENT,
    EPOCH_MS,
    SHIELD,
    SUBSCRIPTION,
    World,
    extension,
    resource,
    scale_set_id,
    virtual,
)
from tests.packages.packing import digest, offer, package, pieces
from tidegate.domain.extension import ExtensionType
from tidegate.domain.host_refusal import PackageConflict, PackageInvalid, PackagesUnavailable
from tidegate.domain.refusal import (
    EtagMismatch,
    ExtensionTypeNotFound,
    ExtensionVersionNotFound,
    MalformedResource,
    ScaleSetNotFound,
    SubscriptionNotFound,
    UpgradeInProgress,
)
from tidegate.domain.scale_set import ScaleSet
from tidegate.domain.version import Version
from tidegate.executor.clock import LoopClock
from tidegate.executor.limits import Limits
from tidegate.executor.resources import Resources
from tidegate.executor.turns import Turns
from tidegate.fleets.simulated import SimulatedFleet
from tidegate.journal.memory import MemoryStore
from tidegate.journal.register import Enrolment
from tidegate.packages.memory import MemoryPackageStore

WEB = scale_set_id("web")


@virtual
async def test_a_scale_set_that_is_put_is_kept_and_gets_its_instances() -> None:
    async with World() as world:
        put, is_new = await world.resources.put_scale_set(WEB, resource(3))
        assert is_new
        assert await world.resources.get_scale_set(scale_set_id("WEB")) == put
        assert len(await world.resources.instances(WEB)) == 3
        again, is_new = await world.resources.put_scale_set(WEB, resource(5))
        assert not is_new
        assert again.etag != put.etag
        assert len(await world.resources.instances(WEB)) == 5


@virtual
async def test_an_etag_guards_what_somebody_read() -> None:
    async with World() as world:
        first, _ = await world.resources.put_scale_set(WEB, resource(3), etag="*")
        with pytest.raises(EtagMismatch):
            await world.resources.put_scale_set(WEB, resource(4), etag="*")
        second, _ = await world.resources.put_scale_set(WEB, resource(4), etag=first.etag)
        for validate_only in (False, True):
            with pytest.raises(EtagMismatch):
                await world.resources.put_scale_set(WEB, resource(5), etag=first.etag, validate_only=validate_only)
        with pytest.raises(EtagMismatch):
            await world.resources.delete_scale_set(WEB, first.etag)
        await world.resources.delete_scale_set(WEB, second.etag)


@virtual
async def test_what_is_only_validated_is_not_kept() -> None:
    async with World() as world:
        validated, is_new = await world.resources.put_scale_set(WEB, resource(3), validate_only=True)
        assert (validated.capacity, is_new) == (3, True)
        with pytest.raises(ScaleSetNotFound):
            await world.resources.get_scale_set(WEB)
        with pytest.raises(MalformedResource):
            await world.resources.put_scale_set(WEB, {"sku": {"capacity": "many"}}, validate_only=True)


@virtual
async def test_a_location_stands_in_for_the_resources_own() -> None:
    async with World() as world:
        put, _ = await world.resources.put_scale_set(WEB, resource(3), "northeurope")
        assert put.location == "northeurope"


@virtual
async def test_an_extension_is_added_and_replaced_and_the_rest_stays() -> None:
    async with World() as world:
        await world.resources.put_scale_set(WEB, resource(3))
        added = await world.resources.put_extension(WEB, "shield", extension(SHIELD, "2.0"))
        assert [each.name for each in added.extensions] == ["agent", "shield"]
        with pytest.raises(EtagMismatch):
            await world.resources.put_extension(WEB, "shield", extension(SHIELD, "2.1"), etag="another")
        replaced = await world.resources.put_extension(WEB, "shield", extension(SHIELD, "2.1"), etag=added.etag)
        assert [str(each.type_handler_version) for each in replaced.extensions] == ["1.0", "2.1"]
        with pytest.raises(ScaleSetNotFound):
            await world.resources.put_extension(scale_set_id("nobody"), "shield", extension(SHIELD))


@virtual
async def test_extensions_that_are_put_at_once_all_stay() -> None:
    async with World() as world:
        await world.resources.put_scale_set(WEB, resource(3))
        names = [f"shield{number}" for number in range(5)]
        await asyncio.gather(
            *(world.resources.put_extension(WEB, name, {**extension(SHIELD), "name": name}) for name in names)
        )
        kept = await world.resources.get_scale_set(WEB)
        assert {each.name for each in kept.extensions} == {"agent", *names}


@virtual
async def test_secrets_are_dropped_before_anything_is_kept() -> None:
    async with World() as world:
        shape = resource(3)
        properties = shape["properties"]
        assert isinstance(properties, dict)
        properties["virtualMachineProfile"]["osProfile"] = {"adminPassword": "open-sesame", "customData": "open-sesame"}
        put, _ = await world.resources.put_scale_set(WEB, shape)
        await world.resources.put_extension(
            WEB,
            "shield",
            {"properties": {**extension(SHIELD)["properties"], "protectedSettings": "open-sesame"}},  # type: ignore[dict-item]
        )
        kept = await world.resources.get_scale_set(WEB)
        assert "open-sesame" not in put.resource_json + kept.resource_json
        assert json.loads(kept.resource_json)["properties"]["virtualMachineProfile"]["osProfile"] == {}


@virtual
async def test_a_scale_set_with_an_active_upgrade_is_not_deleted_and_its_past_stays() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        upgrade = await world.start()
        with pytest.raises(UpgradeInProgress):
            await world.resources.delete_scale_set(WEB)
        ended = await world.ended()
        await world.resources.delete_scale_set(WEB)
        with pytest.raises(ScaleSetNotFound):
            await world.resources.instances(WEB)
        with pytest.raises(ScaleSetNotFound):
            await world.resources.delete_scale_set(WEB)
        assert await world.conductor.latest(WEB) is ended
        assert ended.upgrade_id == upgrade.upgrade_id


@virtual
async def test_a_deletion_and_a_start_at_once_do_not_both_happen() -> None:
    for turn in range(4):
        async with World(ids=f"t{turn}") as world:
            await world.put()
            await world.publish("1.1")
            deeds = [world.start(), world.resources.delete_scale_set(WEB)]
            outcomes = await asyncio.gather(*(deeds if turn % 2 else reversed(deeds)), return_exceptions=True)
            assert sum(isinstance(each, UpgradeInProgress | ScaleSetNotFound) for each in outcomes) == 1


@virtual
async def test_scale_sets_are_listed_in_the_order_of_their_ids() -> None:
    async with World() as world:
        for name in ("c", "a", "b"):
            await world.put(name)
        listed = await world.resources.list_scale_sets(SUBSCRIPTION, scale_set_id("a").key, 10)
        assert [each.scale_set_id.name for each in listed] == ["b", "c"]


@virtual
async def test_enrolling_twice_changes_nothing_and_withdrawing_is_remembered() -> None:
    async with World() as world:
        with pytest.raises(SubscriptionNotFound):
            await world.resources.withdraw(SUBSCRIPTION)
        first = await world.resources.enroll(SUBSCRIPTION)
        await world.pass_seconds(60)
        assert await world.resources.enroll(SUBSCRIPTION) == first
        withdrawn = await world.resources.withdraw(SUBSCRIPTION)
        assert (withdrawn.is_enrolled, withdrawn.changed_at_ms) == (False, EPOCH_MS + 60_000)
        assert await world.resources.withdraw(SUBSCRIPTION) == withdrawn
        assert await world.resources.subscription(SUBSCRIPTION) == withdrawn
        assert list(await world.resources.subscriptions("", 10)) == [withdrawn]
        assert not await world.resources.is_enrolled(SUBSCRIPTION)


@virtual
async def test_versions_are_published_once_and_taken_back() -> None:
    async with World() as world:
        first, is_new = await world.resources.publish(AGENT, Version("1.10"))
        assert is_new
        await world.pass_seconds(60)
        assert await world.resources.publish(AGENT, Version("1.10")) == (first, False)
        await world.resources.publish(AGENT, Version("1.9"))
        assert [str(each.version) for each in await world.resources.versions(AGENT)] == ["1.9", "1.10"]
        assert list(await world.resources.extension_types("", 10)) == [AGENT]
        await world.resources.withdraw_version(AGENT, Version("1.9"))
        with pytest.raises(ExtensionVersionNotFound):
            await world.resources.withdraw_version(AGENT, Version("1.9"))
        await world.resources.withdraw_version(AGENT, Version("1.10"))
        with pytest.raises(ExtensionTypeNotFound):
            await world.resources.withdraw_version(AGENT, Version("1.10"))
        with pytest.raises(ExtensionTypeNotFound):
            await world.resources.versions(AGENT)


# --- packages --------------------------------------------------------------------------------------------------------


async def test_a_package_is_kept_with_its_version() -> None:
    content = package()
    async with World(packages=MemoryPackageStore()) as world:
        first = await world.resources.publish_package(offer(content, "1.1", AGENT), pieces(content))
        assert first.created
        assert first.package.sha256 == digest(content)
        assert [str(each.version) for each in await world.resources.versions(AGENT)] == ["1.1"]
        assert await world.resources.packages(AGENT) == {Version("1.1"): first.package}
        again = await world.resources.publish_package(offer(content, "1.1.0", AGENT), pieces(content))
        assert not again.created
        assert again.publication == first.publication


async def test_a_version_that_was_published_alone_gets_its_package_later() -> None:
    content = package()
    async with World(packages=MemoryPackageStore()) as world:
        alone, _ = await world.resources.publish(AGENT, Version("1.1"))
        assert await world.resources.packages(AGENT) == {}
        published = await world.resources.publish_package(offer(content, "1.1", AGENT), pieces(content))
        assert published.created
        assert published.publication == alone


async def test_a_version_that_is_taken_back_keeps_its_package() -> None:
    content, other = package("one"), package("two")
    async with World(packages=MemoryPackageStore()) as world:
        await world.resources.publish_package(offer(content, "1.1", AGENT), pieces(content))
        await world.resources.withdraw_version(AGENT, Version("1.1"))
        assert list(await world.resources.packages(AGENT)) == [Version("1.1")]
        with pytest.raises(PackageConflict):
            await world.resources.publish_package(offer(other, "1.1", AGENT), pieces(other))
        assert (await world.resources.publish_package(offer(content, "1.1", AGENT), pieces(content))).created


async def test_a_package_that_is_refused_publishes_nothing() -> None:
    content = package()
    async with World(packages=MemoryPackageStore()) as world:
        with pytest.raises(PackageInvalid):
            await world.resources.publish_package(offer(content, "1.1", AGENT, sha256="0" * 64), pieces(content))
        with pytest.raises(ExtensionTypeNotFound):
            await world.resources.versions(AGENT)


async def test_a_store_that_takes_no_more_is_told_and_nothing_is_published() -> None:
    content = package()
    async with World(packages=MemoryPackageStore(room_bytes=10)) as world:
        with pytest.raises(PackagesUnavailable, match="set aside for packages is used up") as error:
            await world.resources.publish_package(offer(content, "1.1", AGENT), pieces(content))
        assert error.value.advice.startswith("Free disk space")
        assert await world.resources.packages(AGENT) == {}
        with pytest.raises(ExtensionTypeNotFound):
            await world.resources.versions(AGENT)


async def test_who_waits_for_packages_hears_of_each_once_its_version_is_published_and_before_the_autopilot() -> None:
    store, fleet, packages = MemoryStore(), SimulatedFleet(), MemoryPackageStore()
    told: list[tuple[str, bool, int]] = []

    async def hear(extension_type: ExtensionType) -> None:
        told.append((str(extension_type), bool(await store.register.publications(extension_type)), len(listener.found)))

    listener, content = Listener(packages), package()
    resources = Resources(
        store.register,
        fleet,
        store.journal,
        LoopClock(),
        Limits(),
        lambda: "id",
        listener,
        Turns(),
        packages,
        on_published=hear,
    )
    await resources.publish_package(offer(content), pieces(content))
    await resources.publish_package(offer(content), pieces(content))
    assert told == [(str(offer(content).extension_type), True, heard) for heard in (0, 1)]
    await fleet.close()


class Listener:
    """A pilot that looks, when it hears of a version, whether a host could fetch it."""

    def __init__(self, packages: MemoryPackageStore) -> None:
        self._packages = packages
        self.found: list[bool] = []

    async def published(self, extension_type: ExtensionType, version: Version) -> None:
        self.found.append(await self._packages.package(extension_type, version) is not None)

    async def enrolled(self, enrolment: Enrolment) -> None:
        """Of no interest here."""

    async def placed(self, scale_set: ScaleSet) -> None:
        """Of no interest here."""


async def test_the_autopilot_hears_of_a_version_when_hosts_can_fetch_it_and_not_before() -> None:
    store, fleet, packages = MemoryStore(), SimulatedFleet(), MemoryPackageStore()
    listener = Listener(packages)
    resources = Resources(
        store.register, fleet, store.journal, LoopClock(), Limits(), lambda: "id", listener, Turns(), packages
    )
    content = package()
    await resources.publish_package(offer(content), pieces(content))
    assert listener.found == [True]
    other = package("other")
    with pytest.raises(PackageConflict):
        await resources.publish_package(offer(other), pieces(other))
    assert listener.found == [True]
    await fleet.close()
