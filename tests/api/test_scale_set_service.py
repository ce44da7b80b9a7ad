"""Scale sets over the wire: put, read, listed, forgotten; their extensions and their instances."""

import json
from typing import Any

import grpc
import pytest

from tests.contracts.served import FOR_EVER_SECONDS, Served, arm_id, refused
from tests.executor.world import SHIELD, SUBSCRIPTION, extension, resource
from tidegate.fleets.faults import Fault, Offline, ProbeTurns, Where
from tidegate.v1 import scale_set_service_pb2 as pb


def putting(name: str = "web", capacity: int = 3, **how: Any) -> pb.PutScaleSetRequest:
    return pb.PutScaleSetRequest(name=arm_id(name), resource_json=json.dumps(resource(capacity)), **how)


async def test_a_scale_set_is_put_and_read_and_put_again() -> None:
    async with Served() as served:
        first = await served.scale_sets.PutScaleSet(putting())
        assert first.created
        assert (first.scale_set.name, first.scale_set.capacity, first.scale_set.is_enrolled) == (
            arm_id("web"),
            3,
            False,
        )
        read = await served.scale_sets.GetScaleSet(pb.GetScaleSetRequest(name=arm_id("WEB")))
        assert read.scale_set == first.scale_set
        again = await served.scale_sets.PutScaleSet(putting(capacity=4, location="northeurope"))
        assert not again.created
        assert (again.scale_set.capacity, again.scale_set.location) == (4, "northeurope")
        assert again.scale_set.etag != first.scale_set.etag


async def test_a_put_that_is_only_checked_keeps_nothing() -> None:
    async with Served() as served:
        checked = await served.scale_sets.PutScaleSet(putting(validate_only=True))
        assert checked.created
        request = pb.GetScaleSetRequest(name=arm_id("web"))
        assert (await refused(served.scale_sets.GetScaleSet(request))).reason == "SCALE_SET_NOT_FOUND"


async def test_an_etag_keeps_one_change_from_undoing_another() -> None:
    async with Served() as served:
        first = (await served.scale_sets.PutScaleSet(putting(etag="*"))).scale_set
        await served.scale_sets.PutScaleSet(putting(etag=first.etag))
        for etag in (first.etag, "*"):
            refusal = await refused(served.scale_sets.PutScaleSet(putting(etag=etag)))
            assert (refusal.code, refusal.reason) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
            assert refusal.resource == arm_id("web")
        deletion = pb.DeleteScaleSetRequest(name=arm_id("web"), etag=first.etag)
        assert (await refused(served.scale_sets.DeleteScaleSet(deletion))).reason == "ETAG_MISMATCH"


async def test_an_extension_is_added_and_replaced() -> None:
    async with Served() as served:
        await served.put()
        child = json.dumps(extension(SHIELD))
        for minor in (True, False):
            child = json.dumps(extension(SHIELD, minor=minor))
            request = pb.PutScaleSetExtensionRequest(name=f"{arm_id('web')}/extensions/shield", resource_json=child)
            put = (await served.scale_sets.PutScaleSetExtension(request)).scale_set
            assert [(each.name, each.auto_upgrade_minor_version) for each in put.extensions] == [
                ("agent", True),
                ("shield", minor),
            ]
        nowhere = pb.PutScaleSetExtensionRequest(name=f"{arm_id('nope')}/extensions/shield", resource_json=child)
        assert (await refused(served.scale_sets.PutScaleSetExtension(nowhere))).reason == "SCALE_SET_NOT_FOUND"


async def test_scale_sets_are_listed_page_by_page_without_their_resources() -> None:
    async with Served() as served:
        for name in ("c", "A", "b"):
            await served.put(name)
        subscription = f"/subscriptions/{SUBSCRIPTION.upper()}"
        found, token = [], ""
        while True:
            request = pb.ListScaleSetsRequest(subscription=subscription, page_size=2, page_token=token)
            page = await served.scale_sets.ListScaleSets(request)
            found.append([each.name.rpartition("/")[2] for each in page.scale_sets])
            assert all(each.is_enrolled and not each.resource_json for each in page.scale_sets)
            if not (token := page.next_page_token):
                break
        assert found == [["A", "b"], ["c"]]
        elsewhere = await served.scale_sets.ListScaleSets(pb.ListScaleSetsRequest(subscription="elsewhere"))
        assert not elsewhere.scale_sets


async def test_a_page_token_of_another_subscription_is_refused() -> None:
    async with Served() as served:
        for name in ("a", "b"):
            await served.put(name)
        token = (await served.scale_sets.ListScaleSets(pb.ListScaleSetsRequest(page_size=1))).next_page_token
        other = pb.ListScaleSetsRequest(subscription=SUBSCRIPTION, page_size=1, page_token=token)
        refusal = await refused(served.scale_sets.ListScaleSets(other))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_MISMATCH")


async def test_a_scale_set_is_forgotten_but_not_while_it_is_upgraded() -> None:
    async with Served(upgrade_seconds=FOR_EVER_SECONDS) as served:
        await served.put("idle")
        await served.put("busy")
        await served.publish("1.1")
        active = (await served.start("busy")).name
        await served.scale_sets.DeleteScaleSet(pb.DeleteScaleSetRequest(name=arm_id("idle")))
        again = await refused(served.scale_sets.DeleteScaleSet(pb.DeleteScaleSetRequest(name=arm_id("idle"))))
        assert again.reason == "SCALE_SET_NOT_FOUND"
        busy = await refused(served.scale_sets.DeleteScaleSet(pb.DeleteScaleSetRequest(name=arm_id("busy"))))
        assert (busy.reason, busy.resource) == ("UPGRADE_IN_PROGRESS", active)


async def test_instances_are_listed_page_by_page_with_what_they_run() -> None:
    faults: list[Fault] = [
        Offline(where=Where(instance_ids=frozenset({"1"}))),
        ProbeTurns(where=Where(instance_ids=frozenset({"2"}))),
    ]
    async with Served(faults=faults) as served:
        await served.put(capacity=5, zones=("1",))
        found: list[pb.Instance] = []
        token = ""
        while True:
            request = pb.ListInstancesRequest(scale_set=arm_id("web"), page_size=2, page_token=token)
            page = await served.scale_sets.ListInstances(request)
            assert page.time.seconds > 0
            found += page.instances
            if not (token := page.next_page_token):
                break
        assert [each.instance_id for each in found] == ["0", "1", "2", "3", "4"]
        assert [each.is_reachable for each in found] == [True, False, True, True, True]
        assert found[2].probe == pb.PROBE_STATE_UNHEALTHY
        assert (found[0].zone, found[0].extensions[0].name, found[0].extensions[0].version) == ("1", "agent", "1.0.0.0")


async def test_a_page_of_instances_begins_rightly_though_the_scale_set_shrank() -> None:
    async with Served() as served:
        await served.put(capacity=6)
        request = pb.ListInstancesRequest(scale_set=arm_id("web"), page_size=4)
        token = (await served.scale_sets.ListInstances(request)).next_page_token
        await served.put(capacity=2)
        rest = await served.scale_sets.ListInstances(
            pb.ListInstancesRequest(scale_set=arm_id("web"), page_size=4, page_token=token)
        )
        assert not rest.instances
        await served.put("db")
        other = pb.ListInstancesRequest(scale_set=arm_id("db"), page_token=token)
        assert (await refused(served.scale_sets.ListInstances(other))).reason == "PAGE_TOKEN_MISMATCH"


@pytest.mark.parametrize(
    ("change", "reason", "path"),
    [
        ({"sku": {"capacity": "many"}}, "MALFORMED_RESOURCE", "$.sku.capacity"),
        ({"sku": {"capacity": "[parameters('count')]"}}, "TEMPLATE_EXPRESSION", "$.sku.capacity"),
        ({"location": None}, "MALFORMED_RESOURCE", "$.location"),
    ],
)
async def test_a_resource_that_cannot_be_read_is_refused_with_json_paths(
    change: dict[str, object], reason: str, path: str
) -> None:
    async with Served() as served:
        request = pb.PutScaleSetRequest(name=arm_id("web"), resource_json=json.dumps({**resource(1), **change}))
        refusal = await refused(served.scale_sets.PutScaleSet(request))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, reason)
        assert list(refusal.fields) == [path]


async def test_all_wrong_fields_of_a_put_are_named_at_once() -> None:
    async with Served() as served:
        request = pb.PutScaleSetRequest(name="web", resource_json="{", location="?", etag="\n")
        refusal = await refused(served.scale_sets.PutScaleSet(request))
        assert list(refusal.fields) == ["name", "resource_json", "location", "etag"]
