"""Real machines as those who operate them see them."""

from collections.abc import AsyncIterator

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from tests.api.hosts import Hosts, hosts
from tests.contracts.served import Served, refused
from tests.domain.examples import WEB
from tests.fleets.agents.tokens import opened
from tidegate.v1 import agent_service_pb2 as agent_pb
from tidegate.v1 import host_service_pb2 as pb
from tidegate.v1 import host_service_pb2_grpc


@pytest.fixture
async def made() -> AsyncIterator[Hosts]:
    async with hosts() as made:
        yield made


def name(instance_id: str) -> str:
    return f"{WEB}/virtualMachines/{instance_id}"


async def test_a_token_is_good_for_an_hour_unless_something_else_is_said(made: Hosts) -> None:
    now_seconds = made.world.clock.now_ms() / 1_000
    for duration, seconds in ((None, 3_600), (Duration(seconds=60), 60), (Duration(seconds=30 * 86_400), 30 * 86_400)):
        answer = await made.hosts.CreateJoinToken(pb.CreateJoinTokenRequest(scale_set=str(WEB), time_to_live=duration))
        assert abs(answer.expire_time.seconds - now_seconds - seconds) < 5
        assert set(opened(answer.token)) == {"id", "secret"}


async def test_a_token_that_cannot_be_had_is_refused_with_every_wrong_field(made: Hosts) -> None:
    request = pb.CreateJoinTokenRequest(scale_set="web", instance_id="a b", time_to_live=Duration(seconds=1))
    assert set((await refused(made.hosts.CreateJoinToken(request))).fields) == {
        "scale_set",
        "instance_id",
        "time_to_live",
    }
    unknown = pb.CreateJoinTokenRequest(scale_set=str(WEB).replace("/web", "/nope"))
    assert (await refused(made.hosts.CreateJoinToken(unknown))).reason == "SCALE_SET_NOT_FOUND"


async def test_hosts_are_listed_in_pages(made: Hosts) -> None:
    for instance_id in ("c", "a", "b"):
        await made.join(instance_id)
    first = await made.hosts.ListHosts(pb.ListHostsRequest(scale_set=str(WEB), page_size=2))
    second = await made.hosts.ListHosts(
        pb.ListHostsRequest(scale_set=str(WEB), page_size=2, page_token=first.next_page_token)
    )
    assert [host.name for page in (first, second) for host in page.hosts] == [name("a"), name("b"), name("c")]
    assert second.next_page_token == ""
    assert len((await made.hosts.ListHosts(pb.ListHostsRequest())).hosts) == 3
    elsewhere = pb.ListHostsRequest(page_token=first.next_page_token)
    assert (await refused(made.hosts.ListHosts(elsewhere))).reason == "PAGE_TOKEN_MISMATCH"


async def test_a_host_is_shown_with_all_that_is_known_of_it(made: Hosts) -> None:
    credential = await made.join("web-0", zone="2", fault_domain=1, labels={"team": "web"}, probe_address="10.0.0.1")
    report = pb.HandlerReport(publisher="Contoso", type="Agent", version="2.0.0.0", status="Ready")
    stream = await made.connect(
        credential, platform="linux", probe_address="10.0.0.2", reached_incarnation=1, handlers=[report]
    )
    host = (await made.hosts.GetHost(pb.GetHostRequest(name=name("WEB-0")))).host
    assert (host.name, host.zone, host.fault_domain, dict(host.labels)) == (name("web-0"), "2", 1, {"team": "web"})
    assert (host.platform, host.probe_address, host.agent_version) == ("linux", "10.0.0.2", "1.0")
    assert (host.is_connected, host.goal_incarnation, host.reached_incarnation) == (True, 1, 1)
    assert list(host.handlers) == [report]
    assert host.last_heard_time.seconds > 0
    assert not host.HasField("clock_skew"), "it did not say what its clock says"
    stream.cancel()


async def test_a_host_that_was_never_heard_of_says_so(made: Hosts) -> None:
    await made.join()
    host = (await made.hosts.GetHost(pb.GetHostRequest(name=name("web-0")))).host
    assert not host.is_connected
    assert not host.HasField("last_heard_time")


async def test_an_unknown_host_is_not_found_and_a_malformed_name_is_refused(made: Hosts) -> None:
    for call in (
        made.hosts.GetHost(pb.GetHostRequest(name=name("nope"))),
        made.hosts.RemoveHost(pb.RemoveHostRequest(name=name("nope"))),
    ):
        told = await refused(call)
        assert (told.code, told.reason, told.resource) == (
            grpc.StatusCode.NOT_FOUND,
            "HOST_NOT_FOUND",
            name("nope"),
        )
    for call in (
        made.hosts.GetHost(pb.GetHostRequest(name=str(WEB))),
        made.hosts.RemoveHost(pb.RemoveHostRequest(name="web-0")),
    ):
        assert "virtualMachines" in (await refused(call)).fields["name"]


async def test_a_removed_host_is_gone(made: Hosts) -> None:
    credential = await made.join()
    await made.hosts.RemoveHost(pb.RemoveHostRequest(name=name("web-0")))
    assert not (await made.hosts.ListHosts(pb.ListHostsRequest())).hosts
    metadata = (("authorization", f"Bearer {credential}"),)
    told = await refused(made.agents.LeaveHost(agent_pb.LeaveHostRequest(), metadata=metadata))
    assert told.reason == "NOT_AUTHENTICATED"


async def test_a_server_without_hosts_says_so_for_every_method() -> None:
    async with Served() as served:
        stub = host_service_pb2_grpc.HostServiceStub(served.channel)
        for call in (
            stub.CreateJoinToken(pb.CreateJoinTokenRequest()),
            stub.ListHosts(pb.ListHostsRequest()),
            stub.GetHost(pb.GetHostRequest()),
            stub.RemoveHost(pb.RemoveHostRequest()),
        ):
            assert (await refused(call)).reason == "HOSTS_NOT_TAKEN"
