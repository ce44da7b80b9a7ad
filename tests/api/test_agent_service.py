"""What hosts may say, what they are told, and who is not let in."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tests.api.hosts import Hosts, bearer, hear, hosts, say
from tests.api.tls import certificates_of, dialled, host_certificate
from tests.contracts.served import Refused, Served, refused, until
from tests.domain.examples import WEB, scale_set
from tests.fleets.agents.peers import joining
from tests.fleets.agents.real_agents import door
from tests.fleets.agents.tokens import opened
from tests.fleets.agents.world import World
from tests.fleets.orders import Answers, order, to_version
from tests.trust.authorities import Hands, authority_in
from tidegate.api.agent_service import BYTES_AT_ONCE, BYTES_PER_SECOND
from tidegate.v1 import agent_service_pb2 as pb
from tidegate.v1 import agent_service_pb2_grpc
from tidegate.v1 import host_service_pb2 as host_pb
from tidegate_agent.keys import make_certificate_request

DAY_SECONDS = 86_400


@pytest.fixture
async def made() -> AsyncIterator[Hosts]:
    async with hosts(hello_seconds=0.3) as made:
        yield made


def handler(version: str = "2.0.0.0", **fields: Any) -> host_pb.HandlerReport:
    well = {"status": "Ready", "installed_version": version, "handler_state": "Enabled"}
    return host_pb.HandlerReport(publisher="Contoso", type="Agent", version=version, **{**well, **fields})


async def ended(stream: Any) -> Refused:
    """How the stream ends, whatever comes before."""

    async def read_on() -> None:
        while await stream.read() is not grpc.aio.EOF:
            pass

    return await refused(read_on())


async def test_a_host_joins_connects_and_works_its_goal_state_through(made: Hosts) -> None:
    credential = await made.join(zone="2", labels={"team": "web"})
    stream = await made.connect(credential)
    goal = (await hear(stream)).goal_state
    assert (goal.incarnation, goal.operation_id) == (1, "")
    (wanted,) = goal.handlers
    assert (wanted.extension_type.type, wanted.version, wanted.package.size_bytes > 0) == ("Agent", "2.0.0.0", True)
    await say(stream, result=pb.GoalStateResult(incarnation=1, handlers=[handler()]))
    assert (await hear(stream)).acknowledged.incarnation == 1
    (instance,) = await made.world.fleet.instances(WEB)
    assert (instance.zone, str(instance.extensions["Agent"].version)) == ("2", "2.0.0.0")
    stream.cancel()


async def test_an_order_comes_down_and_its_result_goes_up(made: Hosts) -> None:
    stream = await made.connect(await made.join(), reached_incarnation=1, handlers=[handler()])
    answers = Answers()
    await made.world.fleet.begin([order("web-0", to_version("2.5"))], answers)
    goal = (await hear(stream)).goal_state
    assert (goal.operation_id, goal.handlers[0].version) == ("op/web-0", "2.5")
    failure = pb.ExtensionFailure(extension_name="Agent", code=51, message="no disk")
    await say(
        stream,
        result=pb.GoalStateResult(incarnation=goal.incarnation, operation_id="op/web-0", failures=[failure]),
    )
    await answers.come(1)
    assert answers.codes == [("web-0", ["51"])]
    stream.cancel()


async def test_reports_and_heartbeats_are_heard(made: Hosts) -> None:
    stream = await made.connect(await made.join(), reached_incarnation=1, handlers=[handler()])
    card = made.world.fleet.book.cards[0]
    bad = handler(status="NotReady", code=1009, message="it died")
    await say(stream, report=pb.HostReport(handlers=[bad]))
    await until(lambda: card.handlers[0].code == 1009)
    now_seconds = made.world.clock.now_ms() // 1_000
    await say(stream, heartbeat=pb.HostHeartbeat(time=Timestamp(seconds=now_seconds + DAY_SECONDS)))
    await until(lambda: card.clock_skew_ms is not None)
    assert card.clock_skew_ms is not None
    assert abs(card.clock_skew_ms - DAY_SECONDS * 1_000) < 5_000
    await say(stream)
    await say(stream, heartbeat=pb.HostHeartbeat())
    stream.cancel()


async def test_a_host_that_hangs_up_is_connected_no_more(made: Hosts) -> None:
    stream = await made.connect(await made.join())
    assert made.world.fleet.book.lines
    assert (await hear(stream)).goal_state.incarnation == 1
    await stream.done_writing()
    assert await stream.read() is grpc.aio.EOF
    assert await stream.code() is grpc.StatusCode.OK
    await until(lambda: not made.world.fleet.book.lines)


async def test_of_two_streams_of_one_host_the_later_stays(made: Hosts) -> None:
    credential = await made.join()
    first = await made.connect(credential)
    second = await made.connect(credential)
    told = await ended(first)
    assert (told.code, told.reason) == (grpc.StatusCode.ABORTED, "STREAM_REPLACED")
    assert (await hear(second)).goal_state.incarnation == 1
    second.cancel()


@pytest.mark.parametrize("credential", ["", "rubbish", "tgh1_" + "0" * 16 + "_" + "A" * 43])
async def test_whoever_has_no_credential_may_call_nothing_but_join(made: Hosts, credential: str) -> None:
    metadata = bearer(credential) if credential else ()
    calls: list[Awaitable[object]] = [
        made.agents.LeaveHost(pb.LeaveHostRequest(), metadata=metadata),
        made.agents.RenewHostCertificate(pb.RenewHostCertificateRequest(), metadata=metadata),
        made.agents.DownloadExtensionPackage(
            pb.DownloadExtensionPackageRequest(sha256="0" * 64), metadata=metadata
        ).read(),
        made.agents.ConnectHost(metadata=metadata).read(),
    ]
    for call in calls:
        told = await refused(call)
        assert (told.code, told.reason) == (grpc.StatusCode.UNAUTHENTICATED, "NOT_AUTHENTICATED")


async def test_a_host_fetches_its_package_in_pieces_and_goes_on_where_it_stopped(made: Hosts) -> None:
    credential = await made.join()
    stream = await made.connect(credential)
    package = (await hear(stream)).goal_state.handlers[0].package
    stream.cancel()

    async def fetched(offset_bytes: int) -> bytes:
        request = pb.DownloadExtensionPackageRequest(sha256=package.sha256, offset_bytes=offset_bytes)
        call = made.agents.DownloadExtensionPackage(request, metadata=bearer(credential))
        return b"".join([piece.data async for piece in call])

    whole = await fetched(0)
    assert len(whole) == package.size_bytes
    assert await fetched(100) == whole[100:]


async def test_a_host_that_leaves_has_its_stream_ended_and_is_nobody(made: Hosts) -> None:
    credential = await made.join()
    stream = await made.connect(credential)
    await made.agents.LeaveHost(pb.LeaveHostRequest(), metadata=bearer(credential))
    assert (await ended(stream)).reason == "NOT_AUTHENTICATED"
    again = await refused(made.agents.LeaveHost(pb.LeaveHostRequest(), metadata=bearer(credential)))
    assert again.reason == "NOT_AUTHENTICATED"


async def test_every_wrong_field_of_a_joining_is_named(made: Hosts) -> None:
    request = await made.request(
        "-a",
        zone="\n",
        fault_domain=-1,
        labels={"": ""},
        probe_address="x" * 300,
        agent_version="x" * 300,
        platform="\0",
    )
    told = await refused(made.agents.JoinHost(request))
    assert set(told.fields) == {
        "instance_id",
        "labels",
        "zone",
        "probe_address",
        "agent_version",
        "platform",
        "fault_domain",
    }


async def test_a_wrong_token_is_refused_without_being_repeated(made: Hosts) -> None:
    told = await refused(made.agents.JoinHost(await made.request(token="0123456789abcdef." + "S" * 43)))
    assert (told.code, told.reason) == (grpc.StatusCode.UNAUTHENTICATED, "JOIN_TOKEN_INVALID")
    assert "SSSS" not in told.message


async def test_a_stream_that_does_not_begin_with_hello_is_refused(made: Hosts) -> None:
    credential = await made.join()
    stream = made.stream(credential)
    await say(stream, heartbeat=pb.HostHeartbeat())
    assert (await ended(stream)).fields == {"hello": "must come first"}
    stream = made.stream(credential)
    await stream.done_writing()
    assert "hello" in (await ended(stream)).fields


async def test_a_host_that_says_nothing_is_not_waited_for(made: Hosts) -> None:
    stream = made.stream(await made.join())
    await stream.wait_for_connection()
    assert (await ended(stream)).code is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_second_hello_and_garbage_end_the_stream(made: Hosts) -> None:
    credential = await made.join()
    stream = await made.connect(credential)
    await say(stream, hello=pb.HostHello())
    assert (await ended(stream)).fields == {"hello": "comes first, and only first"}
    garbage: Any = made.channel.stream_stream("/tidegate.v1.AgentService/ConnectHost")
    call = garbage(metadata=bearer(credential))
    await call.write(b"\xff\xff")
    assert (await ended(call)).reason == "MALFORMED_REQUEST"
    await until(lambda: not made.world.fleet.book.lines)


async def test_a_message_that_is_too_large_ends_the_stream(made: Hosts) -> None:
    stream = await made.connect(await made.join())
    large = [handler(message="x" * 100_000) for _ in range(25)]
    await say(stream, report=pb.HostReport(handlers=large))
    assert "2097152 bytes" in (await ended(stream)).fields[""]


@pytest.mark.parametrize(
    ("message", "count"),
    [
        ({"report": pb.HostReport(handlers=[handler(message="x" * 4_000)] * 25)}, 8),
        ({"heartbeat": pb.HostHeartbeat()}, 5 * BYTES_AT_ONCE // 256),
    ],
    ids=["much at once", "much of little"],
)
async def test_a_host_that_says_too_much_is_made_to_wait_and_nobody_else_is(
    made: Hosts, message: dict[str, Any], count: int
) -> None:
    loud = await made.connect(await made.join("loud"), reached_incarnation=1, handlers=[handler()])
    quiet = await made.connect(await made.join("quiet"), reached_incarnation=1, handlers=[handler()])
    cards = {card.instance_id: card for card in made.world.fleet.book.cards}

    async def shout() -> None:
        for _ in range(count):
            await say(loud, **message)
        await say(loud, report=pb.HostReport(handlers=[handler(code=7)]))

    loop = asyncio.get_running_loop()
    began_seconds = loop.time()
    shouting = asyncio.ensure_future(shout())
    await say(quiet, report=pb.HostReport(handlers=[handler(code=8)]))
    await until(lambda: cards["quiet"].handlers[0].code == 8)
    heard_seconds = loop.time() - began_seconds
    await until(lambda: cards["loud"].handlers[0].code == 7)
    waited_seconds = loop.time() - began_seconds
    await shouting
    assert waited_seconds >= 4 * BYTES_AT_ONCE / BYTES_PER_SECOND
    assert heard_seconds < waited_seconds
    loud.cancel()
    quiet.cancel()


async def test_a_removed_host_is_told_so_on_its_stream(made: Hosts) -> None:
    stream = await made.connect(await made.join())
    await made.hosts.RemoveHost(host_pb.RemoveHostRequest(name=f"{WEB}/virtualMachines/web-0"))
    told = await ended(stream)
    assert (told.code, told.reason) == (grpc.StatusCode.UNAUTHENTICATED, "NOT_AUTHENTICATED")
    assert "removed" in told.message


async def test_a_server_without_hosts_says_so_for_every_method() -> None:
    async with Served() as served:
        agents = agent_service_pb2_grpc.AgentServiceStub(served.channel)
        calls: list[Awaitable[object]] = [
            agents.JoinHost(pb.JoinHostRequest()),
            agents.LeaveHost(pb.LeaveHostRequest()),
            agents.RenewHostCertificate(pb.RenewHostCertificateRequest()),
            agents.DownloadExtensionPackage(pb.DownloadExtensionPackageRequest()).read(),
            agents.ConnectHost().read(),
        ]
        for call in calls:
            told = await refused(call)
            assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "HOSTS_NOT_TAKEN")
            assert "--fleet agents" in told.metadata["advice"]


async def test_over_tls_a_credential_is_good_with_its_own_certificate_alone(tmp_path: Path) -> None:
    hands = Hands()
    authority = authority_in(tmp_path, hands)
    world = World(issuer=authority)
    await world.fleet.place(scale_set(has_probe=False))
    credentials = {}
    for name in ("a", "b"):
        text = (await world.desk.create_token(WEB, "", 60.0)).text
        request = make_certificate_request(name).certificate
        told = await world.desk.join(dataclasses.replace(joining(text, name), certificate_request=request))
        credentials[name] = told.credential
    uid = world.desk.authenticate(credentials["a"]).uid
    async with door(world.desk, world.packages, certificates=certificates_of(authority, hands)) as address:
        port = int(address.rpartition(":")[2])
        async with dialled(port, authority, host_certificate(authority, uid)) as channel:
            agents = agent_service_pb2_grpc.AgentServiceStub(channel)
            told_of_other = await refused(agents.LeaveHost(pb.LeaveHostRequest(), metadata=bearer(credentials["b"])))
            assert (told_of_other.code, told_of_other.reason) == (
                grpc.StatusCode.UNAUTHENTICATED,
                "NOT_AUTHENTICATED",
            )
            assert "another's" in told_of_other.message
            await agents.LeaveHost(pb.LeaveHostRequest(), metadata=bearer(credentials["a"]))
    assert [card.instance_id for card in world.fleet.book.cards] == ["b"]
    await world.close()


async def test_over_tls_a_token_is_good_with_its_own_certificate_alone(tmp_path: Path) -> None:
    hands = Hands()
    authority = authority_in(tmp_path, hands)
    world = World(issuer=authority)
    await world.fleet.place(scale_set(has_probe=False))
    texts = [(await world.desk.create_token(WEB, "", 60.0)).text for _ in range(2)]
    async with door(world.desk, world.packages, certificates=certificates_of(authority, hands)) as address:
        port = int(address.rpartition(":")[2])
        shown = authority.issue_joiner(opened(texts[0])["id"], 60.0)
        async with dialled(port, authority, shown) as channel:
            agents = agent_service_pb2_grpc.AgentServiceStub(channel)
            for text, reason in ((texts[1], "JOIN_TOKEN_INVALID"), (texts[0], "")):
                wanted = joining(text, "a")
                request = pb.JoinHostRequest(
                    token=wanted.token,
                    instance_id="a",
                    settings_certificate=wanted.settings_certificate,
                    certificate_request=make_certificate_request("a").certificate,
                )
                if reason:
                    assert (await refused(agents.JoinHost(request))).reason == reason
                else:
                    answer = await agents.JoinHost(request)
                    assert answer.certificate_expire_time.seconds > 0
    await world.close()
