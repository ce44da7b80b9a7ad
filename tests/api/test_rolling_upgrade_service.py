"""Rolling upgrades over the wire: started, shown, listed, steered, planned and explained."""

import asyncio
from typing import Any

import grpc
import pytest

from tests.api.stories import BAD_AGENT
from tests.contracts.served import FOR_EVER_SECONDS, Served, arm_id, refused
from tidegate.v1 import rolling_upgrade_pb2
from tidegate.v1 import rolling_upgrade_service_pb2 as pb

OS_IMAGE = rolling_upgrade_pb2.UPGRADE_KIND_OS_IMAGE


async def page(served: Served, **query: Any) -> list[str]:
    """The names of the upgrades on all pages of the query, two to a page, by the last part of their names."""
    names: list[str] = []
    token = ""
    while True:
        request = pb.ListRollingUpgradesRequest(page_size=2, page_token=token, **query)
        listed = await served.upgrades.ListRollingUpgrades(request)
        assert len(listed.rolling_upgrades) <= 2
        names += [each.name.rpartition("/")[2] for each in listed.rolling_upgrades]
        if not (token := listed.next_page_token):
            return names


async def test_an_upgrade_is_started_and_comes_to_its_end() -> None:
    async with Served() as served:
        await served.put(capacity=5)
        await served.publish("1.1")
        started = await served.start(force=True, request_id="mine")
        assert (started.force, started.request_id, started.kind) == (
            True,
            "mine",
            rolling_upgrade_pb2.UPGRADE_KIND_EXTENSION,
        )
        ended = await served.ended()
        assert (ended.name, ended.status) == (started.name, rolling_upgrade_pb2.STATUS_CODE_COMPLETED)


async def test_an_upgrade_that_is_only_validated_has_no_name_and_starts_nothing() -> None:
    async with Served() as served:
        await served.put()
        await served.publish("1.1")
        considered = await served.start(validate_only=True)
        assert considered.name == ""
        assert considered.planned_batch_count == 5
        assert (await refused(served.latest())).reason == "NO_UPGRADE_EVER"


async def test_an_image_is_upgraded_to_the_exact_version_that_is_asked_for() -> None:
    async with Served() as served:
        await served.put(capacity=2)
        request = pb.StartOsRollingUpgradeRequest(
            scale_set=arm_id("web"), image_version="22.04.202410010", request_id="r"
        )
        started = (await served.upgrades.StartOsRollingUpgrade(request)).rolling_upgrade
        assert started.kind == OS_IMAGE
        assert [target.version for target in started.targets] == ["22.04.202410010"]
        assert (await served.ended()).progress.successful_instance_count == 2
        vague = await refused(
            served.upgrades.StartOsRollingUpgrade(pb.StartOsRollingUpgradeRequest(scale_set=arm_id("web")))
        )
        assert list(vague.fields) == ["image_version"]


async def test_the_latest_is_the_newest_of_either_kind() -> None:
    async with Served() as served:
        await served.put(capacity=1)
        await served.publish("1.1")
        await served.start()
        assert (await served.ended()).kind == rolling_upgrade_pb2.UPGRADE_KIND_EXTENSION
        await served.upgrades.StartOsRollingUpgrade(
            pb.StartOsRollingUpgradeRequest(scale_set=arm_id("web"), image_version="22.04.202410010")
        )
        assert (await served.ended()).kind == OS_IMAGE


async def test_one_upgrade_is_read_by_its_name_with_its_instances_where_they_are_asked_for() -> None:
    async with Served() as served:
        await served.put(capacity=3)
        await served.publish("1.1")
        name = (await served.start()).name
        latest = await served.ended()
        shouted = name.replace(arm_id("web"), arm_id("web").upper())
        plain = await served.upgrades.GetRollingUpgrade(pb.GetRollingUpgradeRequest(name=shouted))
        assert (plain.rolling_upgrade, len(plain.instances)) == (latest, 0)
        whole = await served.upgrades.GetRollingUpgrade(pb.GetRollingUpgradeRequest(name=name, include_instances=True))
        assert [each.instance_id for each in whole.instances] == ["0", "1", "2"]


async def test_upgrades_are_listed_page_by_page_filtered_and_in_either_order() -> None:
    async with Served() as served:
        for name in ("web", "db"):
            await served.put(name, capacity=1)
        names = []
        for version in ("1.1", "1.2", "1.3"):
            await served.publish(version)
            names.append((await served.start()).name.rpartition("/")[2])
            await served.ended()
        other = (await served.start("db")).name.rpartition("/")[2]
        await served.ended("db")
        everything = [*names, other]
        assert await page(served, order_by="start_time") == everything
        assert await page(served) == everything[::-1]
        assert await page(served, scale_set=arm_id("WEB")) == names[::-1]
        assert await page(served, filter="kind = EXTENSION AND status = Completed") == everything[::-1]
        assert await page(served, filter="trigger = AUTOMATIC") == []
        assert await page(served, filter="status = Faulted") == []


async def test_a_page_token_of_another_query_is_refused() -> None:
    async with Served() as served:
        await served.put(capacity=1)
        for version in ("1.1", "1.2"):
            await served.publish(version)
            await served.start()
            await served.ended()
        first = pb.ListRollingUpgradesRequest(scale_set=arm_id("web"), page_size=1)
        token = (await served.upgrades.ListRollingUpgrades(first)).next_page_token
        larger = pb.ListRollingUpgradesRequest(scale_set=arm_id("web"), page_size=9, page_token=token)
        assert len((await served.upgrades.ListRollingUpgrades(larger)).rolling_upgrades) == 1
        for other in (
            {},
            {"scale_set": arm_id("db")},
            {"scale_set": arm_id("web"), "filter": "kind = EXTENSION"},
            {"scale_set": arm_id("web"), "order_by": "start_time"},
        ):
            request = pb.ListRollingUpgradesRequest(page_size=1, page_token=token, **other)
            refusal = await refused(served.upgrades.ListRollingUpgrades(request))
            assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_MISMATCH")


async def test_an_upgrade_is_paused_resumed_and_cancelled_by_its_name_or_its_scale_set() -> None:
    async with Served(upgrade_seconds=0.05) as served:
        for target in (None, arm_id("web")):
            await served.put()
            await served.publish("1.1" if target else "1.2")
            name = (await served.start()).name
            target = target or name
            await served.upgrades.PauseRollingUpgrade(pb.PauseRollingUpgradeRequest(name=target))
            again = await served.upgrades.PauseRollingUpgrade(pb.PauseRollingUpgradeRequest(name=target))
            assert again.rolling_upgrade.name == name
            await served.upgrades.ResumeRollingUpgrade(pb.ResumeRollingUpgradeRequest(name=target))
            not_paused = await refused(
                served.upgrades.ResumeRollingUpgrade(pb.ResumeRollingUpgradeRequest(name=target))
            )
            assert (not_paused.code, not_paused.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "UPGRADE_NOT_PAUSED")
            await served.upgrades.CancelRollingUpgrade(pb.CancelRollingUpgradeRequest(name=target))
            ended = await served.ended()
            assert (ended.status, ended.last_action) == (rolling_upgrade_pb2.STATUS_CODE_CANCELLED, "Cancel")


@pytest.mark.parametrize("verb", ["Cancel", "Pause", "Resume"])
async def test_steering_what_does_not_run_is_refused_in_azures_words(verb: str) -> None:
    async with Served() as served:
        await served.put(capacity=1)
        call, request = getattr(served.upgrades, f"{verb}RollingUpgrade"), getattr(pb, f"{verb}RollingUpgradeRequest")
        name = ""
        for when in ("before any", "after one"):
            refusal = await refused(call(request(name=arm_id("web"))))
            assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NO_UPGRADE_IN_PROGRESS"), (
                when
            )
            assert refusal.message == f"There is no ongoing Rolling Upgrade to {verb.lower()}."
            await served.publish("1.1")
            await served.start()
            name = (await served.ended()).name
        assert (await refused(call(request(name=name)))).reason == "NO_UPGRADE_IN_PROGRESS"
        assert (await refused(call(request(name=arm_id("nope"))))).reason == "SCALE_SET_NOT_FOUND"
        assert (
            await refused(call(request(name=f"{arm_id('web')}/rollingUpgrades/nope")))
        ).reason == "UPGRADE_NOT_FOUND"


async def test_a_plan_tells_every_batch_and_starts_nothing() -> None:
    async with Served() as served:
        await served.put(capacity=10)
        await served.publish("1.1")
        request = pb.PlanRollingUpgradeRequest(scale_set=arm_id("web"))
        plan = (await served.upgrades.PlanRollingUpgrade(request)).plan
        assert [len(batch.instance_ids) for batch in plan.batches] == [2] * 5
        assert plan == (await served.upgrades.PlanRollingUpgrade(request)).plan
        assert (await served.start()).plan_digest == plan.digest
        image = pb.PlanRollingUpgradeRequest(scale_set=arm_id("web"), kind=OS_IMAGE, image_version="22.04.202410010")
        assert (await served.upgrades.PlanRollingUpgrade(image)).plan.targets[0].version == "22.04.202410010"
        image.kind = 7  # type: ignore[assignment]
        assert list((await refused(served.upgrades.PlanRollingUpgrade(image))).fields) == ["kind"]


async def test_an_instance_is_explained_in_the_latest_in_one_of_the_past_or_before_any() -> None:
    async with Served(faults=[BAD_AGENT]) as served:
        await served.put(capacity=5, rolling={"maxUnhealthyUpgradedInstancePercent": 100})
        await served.publish("1.1")
        before = await served.upgrades.ExplainInstance(
            pb.ExplainInstanceRequest(scale_set=arm_id("web"), instance_id="1")
        )
        assert (before.rolling_upgrade, before.instance.status) == ("", rolling_upgrade_pb2.INSTANCE_STATUS_WAITING)
        past = (await served.start()).name
        await served.ended()
        await served.publish("1.2")
        latest = (await served.start()).name
        await served.ended()
        for name, told, status in [
            ("", latest, rolling_upgrade_pb2.INSTANCE_STATUS_SUCCEEDED),
            (past, past, rolling_upgrade_pb2.INSTANCE_STATUS_FAILED),
        ]:
            request = pb.ExplainInstanceRequest(scale_set=arm_id("web"), instance_id="1", rolling_upgrade=name)
            answer = await served.upgrades.ExplainInstance(request)
            assert (answer.rolling_upgrade, answer.instance.status) == (told, status)
            assert answer.explanation
            assert answer.decisions


async def test_explaining_what_is_not_there_is_refused() -> None:
    async with Served() as served:
        await served.put()
        request = pb.ExplainInstanceRequest(scale_set=arm_id("web"), instance_id="99")
        refusal = await refused(served.upgrades.ExplainInstance(request))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.NOT_FOUND, "INSTANCE_NOT_FOUND")
        assert refusal.resource == f"{arm_id('web')}/virtualMachines/99"
        request.rolling_upgrade = f"{arm_id('db')}/rollingUpgrades/u1"
        request.instance_id = ""
        wrong = await refused(served.upgrades.ExplainInstance(request))
        assert wrong.fields["rolling_upgrade"] == "is an upgrade of another scale set"
        assert list(wrong.fields) == ["instance_id", "rolling_upgrade"]


async def test_the_same_request_twice_at_once_starts_one_upgrade() -> None:
    async with Served(upgrade_seconds=FOR_EVER_SECONDS) as served:
        await served.put()
        await served.publish("1.1")
        names = {each.name for each in await asyncio.gather(*(served.start(request_id="mine") for _ in range(10)))}
        assert len(names) == 1
        listed = await served.upgrades.ListRollingUpgrades(pb.ListRollingUpgradesRequest())
        assert {each.name for each in listed.rolling_upgrades} == names
        other = await refused(served.start(request_id="mine", force=True))
        assert (other.code, other.reason) == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
        assert other.resource in names
