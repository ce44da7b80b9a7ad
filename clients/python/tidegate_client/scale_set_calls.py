"""What the methods of ScaleSetService are asked, and what their answers are read as."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tidegate.v1 import scale_set_service_pb2 as scale_sets
from tidegate_client.calls import Call, Page, whole
from tidegate_client.messages import Instance, ScaleSet

Resource = str | Mapping[str, object]
"""An ARM resource: JSON text, or the object it stands for."""

_SERVICE = "/tidegate.v1.ScaleSetService/"


def put_scale_set(
    name: str, resource: Resource, *, location: str, etag: str, validate_only: bool
) -> Call[scale_sets.PutScaleSetResponse, scale_sets.PutScaleSetResponse]:
    return Call(
        path=_SERVICE + "PutScaleSet",
        request=scale_sets.PutScaleSetRequest(
            name=name, resource_json=_json(resource), location=location, etag=etag, validate_only=validate_only
        ),
        response=scale_sets.PutScaleSetResponse,
        read=whole,
        # After the first the etag is another: the second would be refused although all went well.
        is_repeatable=not etag,
    )


def put_scale_set_extension(
    name: str, resource: Resource, *, etag: str
) -> Call[scale_sets.PutScaleSetExtensionResponse, ScaleSet]:
    return Call(
        path=_SERVICE + "PutScaleSetExtension",
        request=scale_sets.PutScaleSetExtensionRequest(name=name, resource_json=_json(resource), etag=etag),
        response=scale_sets.PutScaleSetExtensionResponse,
        read=lambda response: response.scale_set,
        is_repeatable=not etag,
    )


def get_scale_set(name: str) -> Call[scale_sets.GetScaleSetResponse, ScaleSet]:
    return Call(
        path=_SERVICE + "GetScaleSet",
        request=scale_sets.GetScaleSetRequest(name=name),
        response=scale_sets.GetScaleSetResponse,
        read=lambda response: response.scale_set,
    )


def list_scale_sets(
    *, subscription: str, page_size: int, page_token: str
) -> Call[scale_sets.ListScaleSetsResponse, Page[ScaleSet]]:
    return Call(
        path=_SERVICE + "ListScaleSets",
        request=scale_sets.ListScaleSetsRequest(subscription=subscription, page_size=page_size, page_token=page_token),
        response=scale_sets.ListScaleSetsResponse,
        read=lambda response: Page(items=response.scale_sets, next_token=response.next_page_token),
    )


def delete_scale_set(name: str, *, etag: str) -> Call[scale_sets.DeleteScaleSetResponse, None]:
    return Call(
        path=_SERVICE + "DeleteScaleSet",
        request=scale_sets.DeleteScaleSetRequest(name=name, etag=etag),
        response=scale_sets.DeleteScaleSetResponse,
        read=lambda _: None,
        # After the first there is nothing left to delete: the second would not find it.
        is_repeatable=False,
    )


def list_instances(
    scale_set: str, *, page_size: int, page_token: str
) -> Call[scale_sets.ListInstancesResponse, Page[Instance]]:
    return Call(
        path=_SERVICE + "ListInstances",
        request=scale_sets.ListInstancesRequest(scale_set=scale_set, page_size=page_size, page_token=page_token),
        response=scale_sets.ListInstancesResponse,
        read=lambda response: Page(items=response.instances, next_token=response.next_page_token),
    )


def _json(resource: Resource) -> str:
    return resource if isinstance(resource, str) else json.dumps(resource)
