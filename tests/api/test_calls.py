"""What every call goes through: bytes in, bytes out, deadlines, refusals, faults of ours, and one line in the log."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, MutableMapping
from typing import Any

import grpc
import pytest
import structlog
from structlog.testing import capture_logs

from tests.api.scripted import staged
from tests.contracts.served import refused, until
from tidegate.api.calls import calling
from tidegate.api.requests import Requests
from tidegate.domain.refusal import FieldViolation, MalformedRequest, ScaleSetNotFound
from tidegate.policy.place import Place
from tidegate.policy.problem import PolicyRefused, Problem
from tidegate.v1 import agent_service_pb2 as agent_pb
from tidegate.v1 import extension_catalog_service_pb2 as catalog_pb
from tidegate.v1 import rolling_upgrade_service_pb2 as upgrade_pb
from tidegate.v1 import subscription_service_pb2 as pb

GET = "/tidegate.v1.SubscriptionService/GetSubscription"
ENROLL = "/tidegate.v1.SubscriptionService/EnrollSubscription"
WATCH = "/tidegate.v1.RollingUpgradeService/WatchRollingUpgrade"
SECRET = "Tr0ub4dor&3"
KEEPALIVE = upgrade_pb.WatchRollingUpgradeResponse(keepalive=upgrade_pb.Keepalive())


@pytest.fixture
def lines() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged, debug included."""
    structlog.reset_defaults()
    with capture_logs() as captured:
        yield captured


def call_lines(lines: list[MutableMapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Method, status and level of every call that was told of."""
    return [(line["method"], line["status"], line["log_level"]) for line in lines if line["event"] == "call"]


async def test_an_answer_may_be_a_message_or_the_bytes_of_one() -> None:
    answer = pb.GetSubscriptionResponse(subscription=pb.Subscription(name="s"))

    async def message(request: pb.GetSubscriptionRequest) -> pb.GetSubscriptionResponse:
        return answer

    def at_once(request: pb.GetSubscriptionRequest) -> bytes:
        assert request.name == "s"
        return answer.SerializeToString()

    for behaviour in (message, at_once):
        async with staged(GetSubscription=behaviour) as stage:
            assert await stage.get() == answer


async def test_bytes_that_are_no_request_are_refused_as_malformed() -> None:
    async with staged() as stage:
        garbage: Any = stage.channel.unary_unary(GET)
        refusal = await refused(garbage(b"\xff\xff\xff"))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST")
        assert refusal.fields == {"": "the bytes are no tidegate.v1.GetSubscriptionRequest"}
        watch: Any = stage.channel.unary_stream(WATCH)
        refusal = await refused(watch(b"\xff\xff\xff").read())
        assert refusal.reason == "MALFORMED_REQUEST"


async def test_a_refusal_becomes_its_status_at_once_or_later() -> None:
    def at_once(request: object) -> bytes:
        raise ScaleSetNotFound("/web")

    async def later(request: object) -> bytes:
        await asyncio.sleep(0)
        raise ScaleSetNotFound("/web")

    for behaviour in (at_once, later):
        async with staged(GetSubscription=behaviour, EnrollSubscription=behaviour) as stage:
            for call in (stage.get(), stage.enroll()):
                refusal = await refused(call)
                assert (refusal.code, refusal.reason, refusal.resource) == (
                    grpc.StatusCode.NOT_FOUND,
                    "SCALE_SET_NOT_FOUND",
                    "/web",
                )


async def test_a_policy_that_is_refused_tells_every_place() -> None:
    problem = Problem(place=Place(file="p.yaml", line=2, column=1), message="Wrong.", advice="")

    async def behaviour(request: object) -> bytes:
        raise PolicyRefused([problem])

    async with staged(GetSubscription=behaviour) as stage:
        refusal = await refused(stage.get())
        assert (refusal.reason, refusal.fields) == ("POLICY_INVALID", {"p.yaml:2:1": "Wrong."})


async def test_a_fault_of_ours_is_told_by_its_incident_and_logged_with_its_trace(
    lines: list[MutableMapping[str, Any]],
) -> None:
    async def behaviour(request: object) -> bytes:
        raise KeyError(SECRET)

    async def stream(request: object) -> AsyncGenerator[bytes, None]:
        raise TimeoutError(SECRET)

    async with staged(GetSubscription=behaviour, WatchRollingUpgrade=stream) as stage:
        told = [await refused(stage.get()), await refused(stage.watch().read())]
    faults = [line for line in lines if line["event"] == "call_failed"]
    for refusal, fault, kind in zip(told, faults, (KeyError, TimeoutError), strict=True):
        assert refusal.code is grpc.StatusCode.INTERNAL
        assert fault["incident"] in refusal.message
        assert isinstance(fault["exc_info"], kind)
        assert fault["exc_info"].__traceback__ is not None
        assert refusal.status is not None
        assert SECRET not in refusal.message + str(refusal.status)
    assert faults[0]["incident"] != faults[1]["incident"]


async def test_every_call_is_one_line_without_its_payload(lines: list[MutableMapping[str, Any]]) -> None:
    async def refuse(request: object) -> bytes:
        raise ScaleSetNotFound(SECRET)

    async def one(request: object) -> AsyncGenerator[upgrade_pb.WatchRollingUpgradeResponse, None]:
        return only(KEEPALIVE)

    async with staged(GetSubscription=refuse, WatchRollingUpgrade=one) as stage:
        await stage.enroll(metadata=(("secret", SECRET),))
        await refused(stage.get())
        assert [item async for item in stage.watch()] == [KEEPALIVE]
    assert call_lines(lines) == [(ENROLL, "OK", "info"), (GET, "NOT_FOUND", "info"), (WATCH, "OK", "info")]
    assert [line.get("reason") for line in lines] == [None, "SCALE_SET_NOT_FOUND", None]
    assert all(isinstance(line["took_ms"], int) for line in lines)
    assert SECRET not in str(lines)


async def test_a_question_that_is_answered_is_told_of_only_where_somebody_wants_all(
    lines: list[MutableMapping[str, Any]],
) -> None:
    async with staged() as stage:
        await stage.get()
    assert call_lines(lines) == [(GET, "OK", "debug")]


async def test_without_a_deadline_the_server_has_its_own(lines: list[MutableMapping[str, Any]]) -> None:
    async def never(request: object) -> bytes:
        await asyncio.Event().wait()
        return b""

    async with staged(unary_seconds=0.02, GetSubscription=never) as stage:
        refusal = await refused(stage.get())
    assert refusal.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert refusal.message == "No answer within 0.02 seconds, the most that this server takes."
    assert call_lines(lines) == [(GET, "DEADLINE_EXCEEDED", "info")]


async def test_a_timeout_from_within_is_not_taken_for_the_callers_deadline() -> None:
    async def behaviour(request: object) -> bytes:
        raise TimeoutError

    async with staged(GetSubscription=behaviour) as stage:
        assert (await refused(stage.get())).code is grpc.StatusCode.INTERNAL


async def test_the_callers_deadline_ends_the_work(lines: list[MutableMapping[str, Any]]) -> None:
    ended = asyncio.Event()

    async def never(request: object) -> bytes:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return b""

    async with staged(unary_seconds=0.001, GetSubscription=never) as stage:
        refusal = await refused(stage.get(timeout=0.1))
        assert refusal.code is grpc.StatusCode.DEADLINE_EXCEEDED
        await asyncio.wait_for(ended.wait(), 5)
        await until(lambda: bool(lines))
    assert call_lines(lines) == [(GET, "DEADLINE_EXCEEDED", "info")]


async def test_a_change_is_carried_out_to_its_end_though_its_caller_has_gone() -> None:
    began, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def change(request: object) -> bytes:
        began.set()
        await go_on.wait()
        done.set()
        raise ScaleSetNotFound("nobody hears of this")

    async with staged(EnrollSubscription=change) as stage:
        call: Any = stage.enroll()
        await asyncio.wait_for(began.wait(), 5)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await stage.calls.finish_changes(0.01)
        assert not done.is_set()
        go_on.set()
        await stage.calls.finish_changes(5)
        assert done.is_set()


async def only(item: Any) -> AsyncGenerator[Any, None]:
    """A stream of one answer."""
    yield [item]


async def endless(ended: asyncio.Event) -> AsyncGenerator[Any, None]:
    """A stream that gives one answer and is silent until it is closed."""
    try:
        yield [KEEPALIVE]
        await asyncio.Event().wait()
    finally:
        ended.set()


async def test_a_stream_that_is_refused_midway_gives_what_came_before() -> None:
    async def midway() -> AsyncGenerator[Any, None]:
        yield [KEEPALIVE]
        raise ScaleSetNotFound("/web")

    async def behaviour(request: object) -> AsyncGenerator[Any, None]:
        return midway()

    async with staged(WatchRollingUpgrade=behaviour) as stage:
        call = stage.watch()
        assert await call.read() == KEEPALIVE
        assert (await refused(call.read())).reason == "SCALE_SET_NOT_FOUND"


async def test_a_stream_is_closed_when_its_caller_hangs_up(lines: list[MutableMapping[str, Any]]) -> None:
    ended = asyncio.Event()

    async def behaviour(request: object) -> AsyncGenerator[Any, None]:
        return endless(ended)

    async with staged(WatchRollingUpgrade=behaviour) as stage:
        call = stage.watch()
        await call.read()
        assert stage.calls.stream_count == 1
        call.cancel()
        await asyncio.wait_for(ended.wait(), 5)
        await until(lambda: stage.calls.stream_count == 0)
    assert call_lines(lines) == [(WATCH, "CANCELLED", "info")]


async def test_draining_ends_streams_with_the_reason_those_that_begin_later_too() -> None:
    ended = asyncio.Event()

    async def behaviour(request: object) -> AsyncGenerator[Any, None]:
        return endless(ended)

    async with staged(WatchRollingUpgrade=behaviour) as stage:
        call = stage.watch()
        await call.read()
        stage.calls.drain()
        for each in (call, stage.watch()):
            refusal = await refused(each.read())
            assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
        assert ended.is_set()
        await until(lambda: stage.calls.stream_count == 0)


async def test_every_refusal_fits_into_what_a_peer_takes() -> None:
    wrong = [("x" * 5_000, "ä\n" * 5_000)] * 100

    async def behaviour(request: object) -> bytes:
        raise MalformedRequest([FieldViolation(field=path, description=said) for path, said in wrong])

    async with staged(GetSubscription=behaviour) as stage:
        refusal = await refused(stage.get())
        assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
        assert refusal.status is not None


UPLOAD = "/tidegate.v1.ExtensionCatalogService/PublishExtensionPackage"
CONNECT = "/tidegate.v1.AgentService/ConnectHost"


def piece(data: bytes) -> catalog_pb.PublishExtensionPackageRequest:
    return catalog_pb.PublishExtensionPackageRequest(data=data)


async def test_a_stream_of_requests_is_gathered_into_one_answer(lines: list[MutableMapping[str, Any]]) -> None:
    async def gather(requests: Requests[Any]) -> catalog_pb.PublishExtensionPackageResponse:
        return catalog_pb.PublishExtensionPackageResponse(
            remarks=[request.data.decode() async for request in requests], created=True
        )

    async with staged(PublishExtensionPackage=gather) as stage:
        call = stage.upload()
        for data in (b"a", b"b"):
            await call.write(piece(data))
        await call.done_writing()
        assert list((await call).remarks) == ["a", "b"]
    assert call_lines(lines) == [(UPLOAD, "OK", "info")]


async def test_an_upload_that_is_refused_ends_before_it_is_read_to_its_end() -> None:
    async def refuse(requests: Requests[Any]) -> bytes:
        await anext(requests)
        raise MalformedRequest([FieldViolation(field="data", description="is too much")])

    async with staged(PublishExtensionPackage=refuse) as stage:
        call = stage.upload()
        await call.write(piece(b"a"))
        refusal = await refused(call)
        assert refusal.fields == {"data": "is too much"}


async def test_an_upload_of_which_nothing_more_comes_is_let_go(lines: list[MutableMapping[str, Any]]) -> None:
    async def gather(requests: Requests[Any]) -> bytes:
        return b"".join([request.data async for request in requests])

    async with staged(unary_seconds=0.05, PublishExtensionPackage=gather) as stage:
        call = stage.upload()
        await call.write(piece(b"a"))
        refusal = await refused(call)
        assert refusal.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert call_lines(lines) == [(UPLOAD, "DEADLINE_EXCEEDED", "info")]


async def test_streams_both_ways_answer_as_the_behaviour_pleases(lines: list[MutableMapping[str, Any]]) -> None:
    async def converse(requests: Requests[Any]) -> AsyncGenerator[list[agent_pb.ConnectHostResponse], None]:
        async def answers() -> AsyncGenerator[list[agent_pb.ConnectHostResponse], None]:
            async for request in requests:
                incarnation = request.result.incarnation
                yield [
                    agent_pb.ConnectHostResponse(acknowledged=agent_pb.ResultAcknowledged(incarnation=each))
                    for each in (incarnation, -incarnation)
                ]

        return answers()

    async with staged(ConnectHost=converse) as stage:
        call = stage.connect()
        for number in (1, 2):
            await call.write(agent_pb.ConnectHostRequest(result=agent_pb.GoalStateResult(incarnation=number)))
            for expected in (number, -number):
                answer: Any = await call.read()
                assert answer.acknowledged.incarnation == expected
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF
        assert await call.code() is grpc.StatusCode.OK
    assert call_lines(lines) == [(CONNECT, "OK", "info")]


async def test_garbage_in_the_midst_of_a_stream_ends_it_as_malformed() -> None:
    async def converse(requests: Requests[Any]) -> AsyncGenerator[list[bytes], None]:
        async def answers() -> AsyncGenerator[list[bytes], None]:
            async for _ in requests:
                yield []

        return answers()

    async with staged(ConnectHost=converse) as stage:
        garbage: Any = stage.channel.stream_stream(CONNECT)
        call = garbage()
        await call.write(b"\xff\xff\xff")
        refusal = await refused(call.read())
        assert refusal.fields == {"": "the bytes are no tidegate.v1.ConnectHostRequest"}


async def test_draining_ends_streams_of_both_kinds_that_wait_for_requests(
    lines: list[MutableMapping[str, Any]],
) -> None:
    async def wait(requests: Requests[Any]) -> bytes:
        await anext(requests)
        return b""

    async def converse(requests: Requests[Any]) -> AsyncGenerator[list[bytes], None]:
        async def answers() -> AsyncGenerator[list[bytes], None]:
            await requests.next(None)
            yield []

        return answers()

    async with staged(PublishExtensionPackage=wait, ConnectHost=converse) as stage:
        upload, stream = stage.upload(), stage.connect()
        await stream.wait_for_connection()
        await until(lambda: stage.calls.stream_count == 2)
        stage.calls.drain()
        for call in (upload, stream.read()):
            refusal = await refused(call)
            assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
    assert {(status, level) for _, status, level in call_lines(lines)} == {("UNAVAILABLE", "info")}


async def test_a_behaviour_is_told_of_whose_call_it_is_a_part() -> None:
    async def whose(request: object) -> pb.GetSubscriptionResponse:
        metadata = dict(calling.get().invocation_metadata() or ())
        return pb.GetSubscriptionResponse(subscription=pb.Subscription(name=str(metadata["who"])))

    async with staged(GetSubscription=whose) as stage:
        answers = await asyncio.gather(*(stage.get(metadata=(("who", name),)) for name in "abc"))
        assert [answer.subscription.name for answer in answers] == ["a", "b", "c"]
