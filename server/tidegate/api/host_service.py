"""HostService: real machines as those who operate them see them."""

from __future__ import annotations

from tidegate.api.fields import Fields
from tidegate.api.page_token import give_page_token, read_page_token
from tidegate.api.present_host import present_host
from tidegate.api.present_moment import present_moment
from tidegate.api.read_host import read_host_name, read_instance_id, read_live_seconds
from tidegate.domain.host_refusal import HostsNotTaken
from tidegate.fleets.agents.promise import HostDesk
from tidegate.v1 import host_service_pb2 as pb


class HostService:
    """Answers for the hosts of the desk; without one every method is refused."""

    def __init__(self, desk: HostDesk | None) -> None:
        self._given = desk

    async def CreateJoinToken(self, request: pb.CreateJoinTokenRequest) -> pb.CreateJoinTokenResponse:
        """A token with which one host may join, once."""
        desk = self._desk
        with Fields() as fields:
            scale_set = fields.scale_set("scale_set", request.scale_set)
            instance_id = request.instance_id and read_instance_id(fields, "instance_id", request.instance_id)
            duration = request.time_to_live if request.HasField("time_to_live") else None
            live_seconds = read_live_seconds(fields, "time_to_live", duration)
        token = await desk.create_token(scale_set, instance_id, live_seconds)
        return pb.CreateJoinTokenResponse(token=token.text, expire_time=present_moment(token.expires_at_ms))

    async def ListHosts(self, request: pb.ListHostsRequest) -> pb.ListHostsResponse:
        """A page of hosts, in the order of their names."""
        desk = self._desk
        with Fields() as fields:
            scale_set = fields.scale_set("scale_set", request.scale_set) if request.scale_set else None
            limit = fields.page_size("page_size", request.page_size, usual=50, most=1_000)
        query = ("hosts", "" if scale_set is None else scale_set.key)
        key = read_page_token(query, request.page_token)
        found = await desk.hosts(scale_set, "" if key is None else str(key[0]), limit + 1)
        page = found[:limit]
        return pb.ListHostsResponse(
            hosts=[present_host(host) for host in page],
            next_page_token=give_page_token(query, [page[-1].name.key]) if len(found) > limit else "",
        )

    async def GetHost(self, request: pb.GetHostRequest) -> pb.GetHostResponse:
        """One host."""
        desk = self._desk
        with Fields() as fields:
            name = read_host_name(fields, "name", request.name)
        return pb.GetHostResponse(host=present_host(await desk.host(name)))

    async def RemoveHost(self, request: pb.RemoveHostRequest) -> pb.RemoveHostResponse:
        """Lets a host go."""
        desk = self._desk
        with Fields() as fields:
            name = read_host_name(fields, "name", request.name)
        await desk.remove(name)
        return pb.RemoveHostResponse()

    @property
    def _desk(self) -> HostDesk:
        if self._given is None:
            raise HostsNotTaken()
        return self._given
