"""What the methods of HostService are asked, and what their answers are read as."""

from __future__ import annotations

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration

from tidegate.v1 import host_service_pb2 as hosts
from tidegate_client.calls import Call, Page, whole
from tidegate_client.messages import CreateJoinTokenResponse, Host

_SERVICE = "/tidegate.v1.HostService/"


def create_join_token(
    scale_set: str, *, instance_id: str, time_to_live: timedelta | None
) -> Call[CreateJoinTokenResponse, CreateJoinTokenResponse]:
    return Call(
        path=_SERVICE + "CreateJoinToken",
        request=hosts.CreateJoinTokenRequest(
            scale_set=scale_set, instance_id=instance_id, time_to_live=_duration(time_to_live)
        ),
        response=CreateJoinTokenResponse,
        read=whole,
        # A token whose answer got lost is known to nobody: that there are two then does no harm.
    )


def list_hosts(scale_set: str, *, page_size: int, page_token: str) -> Call[hosts.ListHostsResponse, Page[Host]]:
    return Call(
        path=_SERVICE + "ListHosts",
        request=hosts.ListHostsRequest(scale_set=scale_set, page_size=page_size, page_token=page_token),
        response=hosts.ListHostsResponse,
        read=lambda response: Page(items=response.hosts, next_token=response.next_page_token),
    )


def get_host(name: str) -> Call[hosts.GetHostResponse, Host]:
    return Call(
        path=_SERVICE + "GetHost",
        request=hosts.GetHostRequest(name=name),
        response=hosts.GetHostResponse,
        read=lambda response: response.host,
    )


def remove_host(name: str) -> Call[hosts.RemoveHostResponse, None]:
    return Call(
        path=_SERVICE + "RemoveHost",
        request=hosts.RemoveHostRequest(name=name),
        response=hosts.RemoveHostResponse,
        read=lambda _: None,
        # After the first there is no such host: the second would not find it.
        is_repeatable=False,
    )


def _duration(length: timedelta | None) -> Duration | None:
    if length is None:
        return None
    duration = Duration()
    duration.FromTimedelta(length)
    return duration
