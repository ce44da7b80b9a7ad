"""What a handler wrote is cut where it is too long, and what a host says of itself is right or refused."""

import dataclasses
from collections.abc import Callable, Iterator

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from tidegate.api.fields import Fields
from tidegate.api.read_host import (
    MAX_EXTENSIONS,
    MAX_HANDLERS,
    MAX_LABELS,
    read_handlers,
    read_hello,
    read_host_name,
    read_instance_id,
    read_joining_texts,
    read_labels,
    read_live_seconds,
    read_moment,
    read_result,
)
from tidegate.domain.host import MAX_MESSAGE_CHARACTERS, MAX_SUBSTATUS
from tidegate.domain.refusal import MalformedRequest
from tidegate.v1 import agent_service_pb2 as agent_pb
from tidegate.v1 import host_service_pb2 as pb


def wrong(read: Callable[[Fields], object]) -> dict[str, str]:
    """The wrong fields, and what is wrong with each."""
    with pytest.raises(MalformedRequest) as refused, Fields() as fields:
        read(fields)
    return {violation.field: violation.description for violation in refused.value.violations}


def texts_in(value: object) -> Iterator[str]:
    """Every text in nested tuples."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from texts_in(each)


def test_texts_are_cut_and_parts_left_out() -> None:
    long = "x" * 5_000
    part = pb.ExtensionSubstatus(name=long, status=long, message=long)
    extension = pb.ExtensionReport(extension_name=long, message=long, operation=long, substatus=[part] * 100)
    others = [pb.ExtensionReport()] * 300
    report = pb.HandlerReport(publisher=long, type=long, message=long, status=long, extensions=[extension, *others])
    with Fields() as fields:
        (read,) = read_handlers(fields, "handlers", [report])
    assert len(read.message) == MAX_MESSAGE_CHARACTERS
    assert len(read.extensions) == MAX_EXTENSIONS
    assert len(read.extensions[0].substatus) == MAX_SUBSTATUS
    assert len(read.extensions[0].substatus[0].message) == MAX_MESSAGE_CHARACTERS
    assert max(len(read.status), len(read.extension_type.type), len(read.extensions[0].extension_name)) <= 256


def test_everything_else_is_kept_as_it_was_written() -> None:
    report = pb.HandlerReport(
        publisher="P",
        type="T",
        version="any thing",
        status="ready",
        code=-7,
        installed_version="",
        extensions=[pb.ExtensionReport(extension_name="e", status="success", code=2**31 - 1, sequence_number=3)],
    )
    with Fields() as fields:
        (read,) = read_handlers(fields, "handlers", [report])
    assert (read.version, read.status, read.code) == ("any thing", "ready", -7)
    assert (read.extensions[0].code, read.extensions[0].sequence_number) == (2**31 - 1, 3)


def test_what_would_steer_a_terminal_is_taken_out() -> None:
    evil = "\x1b]0;mine\x07\x9b2J\r\x00"
    part = pb.ExtensionSubstatus(name=evil, status=evil, message=evil)
    extension = pb.ExtensionReport(extension_name=evil, status=evil, operation=evil, message=evil, substatus=[part])
    report = pb.HandlerReport(
        publisher=evil,
        type=evil,
        version=evil,
        status=evil,
        message=f"one\n\ttwo {evil}",
        installed_version=evil,
        handler_state=evil,
        extensions=[extension],
    )
    failure = agent_pb.ExtensionFailure(extension_name=evil, message=evil)
    with Fields() as fields:
        read = read_result(fields, agent_pb.GoalStateResult(failures=[failure], handlers=[report]))
    assert read.handlers[0].message.startswith("one\n\ttwo \ufffd]0;mine")
    assert "mine" in read.failures[0].message
    steering = set(evil) - set("]0;mine2J")
    assert not [text for text in texts_in(dataclasses.astuple(read)) if steering & set(text)]


@pytest.mark.parametrize("count", [2**53 + 1, 2**63 - 1])
def test_no_host_counts_further_than_the_wire_can(count: int) -> None:
    assert "result.incarnation" in wrong(
        lambda fields: read_result(fields, agent_pb.GoalStateResult(incarnation=count))
    )
    assert "hello.reached_incarnation" in wrong(
        lambda fields: read_hello(fields, agent_pb.HostHello(reached_incarnation=count))
    )


def test_too_many_handlers_are_refused() -> None:
    many = [pb.HandlerReport()] * (MAX_HANDLERS + 1)
    assert "handlers" in wrong(lambda fields: read_handlers(fields, "handlers", many))


def test_a_hello_says_who_speaks_and_where_it_stands() -> None:
    hello = agent_pb.HostHello(
        agent_version="1.0", platform="linux", probe_address="a:80", reached_incarnation=3, time=Timestamp(seconds=2)
    )
    with Fields() as fields:
        read = read_hello(fields, hello)
        silent = read_hello(fields, agent_pb.HostHello())
    assert (read.at_ms, read.reached_incarnation, read.probe_address) == (2_000, 3, "a:80")
    assert silent.at_ms is None
    bad = agent_pb.HostHello(
        platform="\n", probe_address="x" * 300, reached_incarnation=-1, time=Timestamp(seconds=2**62)
    )
    assert set(wrong(lambda fields: read_hello(fields, bad))) == {
        "hello.platform",
        "hello.probe_address",
        "hello.reached_incarnation",
        "hello.time",
    }


def test_a_result_is_read_with_its_failures() -> None:
    failure = agent_pb.ExtensionFailure(extension_name="e", code=-1, message="x" * 9_000)
    with Fields() as fields:
        read = read_result(fields, agent_pb.GoalStateResult(incarnation=2, operation_id="u/1", failures=[failure]))
    assert (read.incarnation, read.operation_id, read.failures[0].code) == (2, "u/1", -1)
    assert len(read.failures[0].message) == MAX_MESSAGE_CHARACTERS
    bad = agent_pb.GoalStateResult(incarnation=-1, operation_id="\0", failures=[failure] * 300)
    assert set(wrong(lambda fields: read_result(fields, bad))) == {
        "result.incarnation",
        "result.operation_id",
        "result.failures",
    }


@pytest.mark.parametrize("seconds", [59.0, 30 * 86_400.0 + 1, -60.0, 0.0])
def test_a_token_lives_a_minute_to_thirty_days(seconds: float) -> None:
    duration = Duration(seconds=int(seconds))
    assert "ttl" in wrong(lambda fields: read_live_seconds(fields, "ttl", duration))


def test_a_token_lives_an_hour_where_nothing_is_said() -> None:
    with Fields() as fields:
        assert read_live_seconds(fields, "ttl", None) == 3_600.0
        assert read_live_seconds(fields, "ttl", Duration(seconds=60)) == 60.0


@pytest.mark.parametrize(
    "labels",
    [
        {"": "x"},
        {"x" * 129: ""},
        {"x": "y" * 257},
        {"x\x1b": ""},
        {"x": "\n"},
        {str(number): "" for number in range(MAX_LABELS + 1)},
    ],
)
def test_labels_have_bounds(labels: dict[str, str]) -> None:
    assert "labels" in wrong(lambda fields: read_labels(fields, "labels", labels))


def test_names_are_read_or_refused() -> None:
    with Fields() as fields:
        assert read_instance_id(fields, "id", "web-0") == "web-0"
        assert read_labels(fields, "labels", {"a": ""}) == {"a": ""}
    assert "id" in wrong(lambda fields: read_instance_id(fields, "id", "-a"))
    assert "name" in wrong(lambda fields: read_host_name(fields, "name", "web-0" * 1_000))


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**31), 2**31 - 1))
def test_any_moment_is_read_or_refused(seconds: int, nanos: int) -> None:
    try:
        with Fields() as fields:
            at_ms = read_moment(fields, "time", Timestamp(seconds=seconds, nanos=nanos))
    except MalformedRequest:
        return
    assert at_ms is not None
    assert at_ms // 1_000 == seconds


@pytest.mark.parametrize("address", ["", "10.0.0.4", "10.0.0.4:8080", "[fd00::4]:80", "web-1.internal"])
def test_a_host_may_say_where_it_is_to_be_probed_or_that_it_cannot_be(address: str) -> None:
    with Fields() as fields:
        assert read_joining_texts(fields, agent_pb.JoinHostRequest(probe_address=address))[1] == address


@pytest.mark.parametrize("address", ["http://10.0.0.4/health", "10.0.0.4:0", "a b", "10.0.0.4/24"])
def test_a_host_that_joins_with_a_place_that_is_none_is_told(address: str) -> None:
    with pytest.raises(MalformedRequest) as refused, Fields() as fields:
        read_joining_texts(fields, agent_pb.JoinHostRequest(probe_address=address))
    assert [wrong.field for wrong in refused.value.violations] == ["probe_address"]
