"""ScaleSetService: takes in the definitions of scale sets and shows them with their instances."""

from __future__ import annotations

from collections.abc import Sequence

from tidegate.api.fields import Fields
from tidegate.api.page_token import give_page_token, read_page_token
from tidegate.api.present_moment import present_moment
from tidegate.api.present_scale_set import present_instance, present_scale_set
from tidegate.domain.instance import Instance
from tidegate.domain.scale_set import ScaleSet
from tidegate.executor.clock import Clock
from tidegate.executor.resources import Resources
from tidegate.v1 import scale_set_service_pb2 as pb


class ScaleSetService:
    """Answers for the scale sets that the resources keep."""

    def __init__(self, resources: Resources, clock: Clock) -> None:
        self._resources = resources
        self._clock = clock

    async def PutScaleSet(self, request: pb.PutScaleSetRequest) -> pb.PutScaleSetResponse:
        """Creates or replaces a scale set from its ARM resource."""
        with Fields() as fields:
            name = fields.scale_set("name", request.name)
            resource = fields.json_object("resource_json", request.resource_json)
            location = fields.location("location", request.location)
            etag = fields.etag("etag", request.etag)
        put, created = await self._resources.put_scale_set(name, resource, location, etag, request.validate_only)
        return pb.PutScaleSetResponse(scale_set=await self._presented(put), created=created)

    async def PutScaleSetExtension(self, request: pb.PutScaleSetExtensionRequest) -> pb.PutScaleSetExtensionResponse:
        """Adds or replaces one extension of a scale set."""
        with Fields() as fields:
            name, extension_name = fields.extension("name", request.name)
            resource = fields.json_object("resource_json", request.resource_json)
            etag = fields.etag("etag", request.etag)
        put = await self._resources.put_extension(name, extension_name, resource, etag)
        return pb.PutScaleSetExtensionResponse(scale_set=await self._presented(put))

    async def GetScaleSet(self, request: pb.GetScaleSetRequest) -> pb.GetScaleSetResponse:
        """One scale set."""
        with Fields() as fields:
            name = fields.scale_set("name", request.name)
        return pb.GetScaleSetResponse(scale_set=await self._presented(await self._resources.get_scale_set(name)))

    async def ListScaleSets(self, request: pb.ListScaleSetsRequest) -> pb.ListScaleSetsResponse:
        """A page of scale sets, in the order of their ids."""
        with Fields() as fields:
            subscription = fields.subscription("subscription", request.subscription) if request.subscription else ""
            limit = fields.page_size("page_size", request.page_size, usual=50, most=1_000)
        query = ("scale sets", subscription)
        key = read_page_token(query, request.page_token)
        found = await self._resources.list_scale_sets(subscription, "" if key is None else str(key[0]), limit + 1)
        page = found[:limit]
        enrolled = {each: await self._resources.is_enrolled(each) for each in {_subscription(one) for one in page}}
        return pb.ListScaleSetsResponse(
            scale_sets=[
                present_scale_set(one, is_enrolled=enrolled[_subscription(one)], with_resource=False) for one in page
            ],
            next_page_token=give_page_token(query, [page[-1].scale_set_id.key]) if len(found) > limit else "",
        )

    async def DeleteScaleSet(self, request: pb.DeleteScaleSetRequest) -> pb.DeleteScaleSetResponse:
        """Forgets a scale set that no upgrade is under way on."""
        with Fields() as fields:
            name = fields.scale_set("name", request.name)
            etag = fields.etag("etag", request.etag)
        await self._resources.delete_scale_set(name, etag)
        return pb.DeleteScaleSetResponse()

    async def ListInstances(self, request: pb.ListInstancesRequest) -> pb.ListInstancesResponse:
        """A page of instances, in the fleet's order."""
        with Fields() as fields:
            scale_set = fields.scale_set("scale_set", request.scale_set)
            limit = fields.page_size("page_size", request.page_size, usual=1_000, most=10_000)
        query = ("instances", scale_set.key)
        key = read_page_token(query, request.page_token)
        instances = await self._resources.instances(scale_set)
        start = 0 if key is None else _after(instances, int(key[0]), str(key[1]))
        end = start + limit
        token = give_page_token(query, [end, instances[end - 1].instance_id]) if end < len(instances) else ""
        return pb.ListInstancesResponse(
            instances=[present_instance(instance) for instance in instances[start:end]],
            next_page_token=token,
            time=present_moment(self._clock.now_ms()),
        )

    async def _presented(self, scale_set: ScaleSet) -> pb.ScaleSet:
        is_enrolled = await self._resources.is_enrolled(_subscription(scale_set))
        return present_scale_set(scale_set, is_enrolled=is_enrolled)


def _subscription(scale_set: ScaleSet) -> str:
    return scale_set.scale_set_id.subscription.lower()


def _after(instances: Sequence[Instance], position: int, instance_id: str) -> int:
    """Where the page begins after the instance that stood before `position`: it may have moved, or be gone by now."""
    if position <= len(instances) and instances[position - 1].instance_id == instance_id:
        return position
    moved = (index + 1 for index, instance in enumerate(instances) if instance.instance_id == instance_id)
    return next(moved, min(position, len(instances)))
