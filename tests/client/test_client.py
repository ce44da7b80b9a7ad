"""The synchronous client against a server that answers as it is told, and the two clients against the contract."""

import inspect
import re
import threading
import time
import uuid
from typing import get_type_hints

import grpc
import pytest

from tests.client.scripted_server import Fails, Holds, ScriptedServer, refusal
from tests.client.test_watching import event, snapshot
from tidegate.v1 import (
    extension_catalog_service_pb2,
    host_service_pb2,
    policy_service_pb2,
    rolling_upgrade_service_pb2,
    scale_set_service_pb2,
    subscription_service_pb2,
)
from tidegate.v1.rolling_upgrade_service_pb2 import (
    CancelRollingUpgradeResponse,
    GetLatestRollingUpgradeResponse,
    ListRollingUpgradesResponse,
    StartExtensionRollingUpgradeResponse,
)
from tidegate_client import (
    AsyncClient,
    Client,
    DeadlineExceeded,
    NotFound,
    Refused,
    Retry,
    TidegateError,
    Unavailable,
)
from tidegate_client.async_connection import AsyncConnection
from tidegate_client.connection import Connection
from tidegate_client.messages import EventType, RollingUpgrade, UpgradeEvent, UpgradeSnapshot
from tidegate_client.watching import WatchItem

QUICK = Retry(attempts=3, first_seconds=0.0, most_seconds=0.0)
GONE = Fails(code=grpc.StatusCode.UNAVAILABLE)
COMPLETED = EventType.EVENT_TYPE_UPGRADE_COMPLETED


def client_of(server: ScriptedServer) -> Client:
    return Client(server.target, retry=QUICK, watch_retry=QUICK)


def told(items: list[WatchItem]) -> list[str]:
    """Each item in a word: `snapshot 3`, `4`, `5`."""
    return [
        f"snapshot {item.rolling_upgrade.last_sequence}" if isinstance(item, UpgradeSnapshot) else str(item.sequence)
        for item in items
    ]


def test_an_answer_that_holds_one_thing_is_that_thing(scripted: ScriptedServer) -> None:
    scripted.script(
        "GetLatestRollingUpgrade", GetLatestRollingUpgradeResponse(rolling_upgrade=RollingUpgrade(name="u"))
    )
    with client_of(scripted) as client:
        assert client.get_latest_rolling_upgrade("/ss").name == "u"
    assert scripted.asked["GetLatestRollingUpgrade"][0].scale_set == "/ss"


def test_a_start_that_got_lost_is_sent_again_with_the_same_id(scripted: ScriptedServer) -> None:
    method = "StartExtensionRollingUpgrade"
    scripted.script(method, GONE, GONE, StartExtensionRollingUpgradeResponse(rolling_upgrade=RollingUpgrade(name="u")))
    with client_of(scripted) as client:
        assert client.start_extension_rolling_upgrade("/ss", force=True).name == "u"
    requests = scripted.asked[method]
    assert len(requests) == 3
    (request_id,) = {request.request_id for request in requests}
    assert uuid.UUID(request_id).version == 4
    assert all(request.force for request in requests)


def test_two_starts_have_different_ids_and_a_given_id_is_kept(scripted: ScriptedServer) -> None:
    method = "StartExtensionRollingUpgrade"
    scripted.script(method, *[StartExtensionRollingUpgradeResponse()] * 3)
    with client_of(scripted) as client:
        client.start_extension_rolling_upgrade("/ss")
        client.start_extension_rolling_upgrade("/ss")
        client.start_extension_rolling_upgrade("/ss", request_id="mine")
    first, second, given = (request.request_id for request in scripted.asked[method])
    assert first != second
    assert given == "mine"


def test_it_gives_up_after_the_last_attempt_and_says_why(scripted: ScriptedServer) -> None:
    scripted.script("GetLatestRollingUpgrade", GONE, GONE, GONE)
    with client_of(scripted) as client, pytest.raises(Unavailable, match="scripted"):
        client.get_latest_rolling_upgrade("/ss")
    assert len(scripted.asked["GetLatestRollingUpgrade"]) == 3


def test_it_waits_longer_after_each_failure(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    scripted.script("GetLatestRollingUpgrade", GONE, GONE, GONE)
    growing = Retry(attempts=3, first_seconds=0.1, most_seconds=5.0)
    with Client(scripted.target, retry=growing) as client, pytest.raises(Unavailable):
        client.get_latest_rolling_upgrade("/ss")
    first, second = waits
    assert 0.05 <= first <= 0.1 <= second <= 0.2


def test_what_would_do_more_twice_is_sent_once(scripted: ScriptedServer) -> None:
    scripted.script("CancelRollingUpgrade", GONE)
    with client_of(scripted) as client, pytest.raises(Unavailable):
        client.cancel_rolling_upgrade("/ss")
    assert len(scripted.asked["CancelRollingUpgrade"]) == 1


def test_unless_the_server_says_that_it_did_nothing(scripted: ScriptedServer) -> None:
    scripted.script(
        "CancelRollingUpgrade",
        refusal(grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN"),
        CancelRollingUpgradeResponse(rolling_upgrade=RollingUpgrade(name="u")),
    )
    with client_of(scripted) as client:
        assert client.cancel_rolling_upgrade("/ss").name == "u"


def test_a_refusal_is_not_sent_again(scripted: ScriptedServer) -> None:
    scripted.script("CancelRollingUpgrade", refusal(grpc.StatusCode.FAILED_PRECONDITION, "NO_UPGRADE_IN_PROGRESS"))
    with client_of(scripted) as client, pytest.raises(Refused) as caught:
        client.cancel_rolling_upgrade("/ss")
    assert caught.value.reason == "NO_UPGRADE_IN_PROGRESS"
    assert len(scripted.asked["CancelRollingUpgrade"]) == 1


def test_no_server_at_all_is_unavailable_within_the_deadline() -> None:
    began = time.monotonic()
    with Client("127.0.0.1:1", retry=Retry(attempts=100)) as client, pytest.raises((Unavailable, DeadlineExceeded)):
        client.get_latest_rolling_upgrade("/ss", timeout_seconds=0.3)
    assert time.monotonic() - began < 2.0


def test_pages_are_asked_for_one_by_one(scripted: ScriptedServer) -> None:
    method = "ListRollingUpgrades"
    scripted.script(
        method,
        ListRollingUpgradesResponse(rolling_upgrades=[RollingUpgrade(name="a")], next_page_token="t"),
        ListRollingUpgradesResponse(rolling_upgrades=[], next_page_token="t2"),
        ListRollingUpgradesResponse(rolling_upgrades=[RollingUpgrade(name="b")]),
    )
    with client_of(scripted) as client:
        listed = client.list_rolling_upgrades(scale_set="/ss", filter_terms="status = Faulted", page_size=1)
        assert next(listed).name == "a"
        assert len(scripted.asked[method]) == 1
        assert [upgrade.name for upgrade in listed] == ["b"]
    assert [request.page_token for request in scripted.asked[method]] == ["", "t", "t2"]
    assert {(request.filter, request.scale_set) for request in scripted.asked[method]} == {("status = Faulted", "/ss")}


def test_a_watch_goes_on_where_it_broke(scripted: ScriptedServer) -> None:
    method = "WatchRollingUpgrade"
    scripted.script_stream(method, snapshot(3), event(4), GONE)
    scripted.script_stream(method, refusal(grpc.StatusCode.ABORTED, "WATCH_TOO_SLOW", resumeToken="u99"))
    scripted.script_stream(method, event(4), event(5), event(6))
    scripted.script_stream(method, event(7, COMPLETED), event(8))
    breaks: list[TidegateError] = []
    with client_of(scripted) as client:
        watch = client.watch_rolling_upgrade("/ss", on_break=breaks.append)
        assert told(list(watch)) == ["snapshot 3", "4", "5", "6", "7"]
        assert watch.resume_token == "u7"
    assert [request.resume_token for request in scripted.asked[method]] == ["", "u4", "u4", "u6"]
    assert [error.reason for error in breaks] == ["", "WATCH_TOO_SLOW"]


def test_a_watch_resumes_where_another_process_stopped(scripted: ScriptedServer) -> None:
    scripted.script_stream("WatchRollingUpgrade", event(6), event(7, COMPLETED))
    with client_of(scripted) as client:
        assert told(list(client.watch_rolling_upgrade("/ss", resume_token="u5"))) == ["6", "7"]
    assert scripted.asked["WatchRollingUpgrade"][0].resume_token == "u5"


def test_a_lost_event_is_fetched_again(scripted: ScriptedServer) -> None:
    scripted.script_stream("WatchRollingUpgrade", event(1), event(3))
    scripted.script_stream("WatchRollingUpgrade", event(2), event(3, COMPLETED))
    with client_of(scripted) as client:
        assert told(list(client.watch_rolling_upgrade("u"))) == ["1", "2", "3"]


def test_a_watch_of_nothing_raises_what_the_server_says(scripted: ScriptedServer) -> None:
    scripted.script_stream("WatchRollingUpgrade", refusal(grpc.StatusCode.NOT_FOUND, "UPGRADE_NOT_FOUND"))
    with client_of(scripted) as client, pytest.raises(NotFound):
        next(client.watch_rolling_upgrade("u"))


def test_a_watch_gives_up_when_streams_only_break(scripted: ScriptedServer) -> None:
    for _ in range(QUICK.attempts):
        scripted.script_stream("WatchRollingUpgrade", GONE)
    with client_of(scripted) as client, pytest.raises(Unavailable):
        list(client.watch_rolling_upgrade("u"))


def test_a_watch_of_a_scale_set_ends_when_it_is_closed(scripted: ScriptedServer) -> None:
    scripted.script_stream("WatchScaleSetUpgrades", event(1, COMPLETED), event(1, upgrade="v"))
    with client_of(scripted) as client:
        seen: list[str] = []
        with client.watch_scale_set_upgrades("/ss") as watch:
            for item in watch:
                assert isinstance(item, UpgradeEvent)
                seen.append(item.upgrade)
                if item.upgrade == "v":
                    watch.close()
        assert seen == ["u", "v"]


def test_a_watch_may_be_closed_by_another_thread(scripted: ScriptedServer) -> None:
    scripted.script_stream("WatchRollingUpgrade", event(1), GONE)
    patient = Retry(attempts=2, first_seconds=600.0, most_seconds=600.0)
    began = threading.Event()
    with Client(scripted.target, watch_retry=patient) as client:
        watch = client.watch_rolling_upgrade("u", on_break=lambda _: began.set())

        def close_once_it_broke() -> None:
            began.wait(10)
            watch.close()

        closer = threading.Thread(target=close_once_it_broke)
        closer.start()
        assert told(list(watch)) == ["1"]
        closer.join()


def test_a_silent_watch_ends_without_an_error_when_it_is_closed(scripted: ScriptedServer) -> None:
    hung_up = threading.Event()
    scripted.script_stream("WatchRollingUpgrade", event(1), Holds(until=hung_up))
    with client_of(scripted) as client:
        breaks: list[TidegateError] = []
        watch = client.watch_rolling_upgrade("u", on_break=breaks.append)
        assert told([next(watch)]) == ["1"]
        closer = threading.Timer(0.1, watch.close)
        closer.start()
        assert list(watch) == []
        closer.join()
        assert hung_up.wait(10)
        assert breaks == []


def methods_of_the_contract() -> set[str]:
    services = [
        extension_catalog_service_pb2,
        host_service_pb2,
        policy_service_pb2,
        rolling_upgrade_service_pb2,
        scale_set_service_pb2,
        subscription_service_pb2,
    ]
    return {
        re.sub(r"(?<!^)(?=[A-Z])", "_", method.name).lower()
        for module in services
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }


def own_methods(kind: type) -> dict[str, inspect.Signature]:
    # Some stand in a class of their own between the client and its connection.
    return {
        name: inspect.signature(function)
        for part in kind.__mro__
        if part.__module__.startswith("tidegate_client") and part not in (Connection, AsyncConnection)
        for name, function in vars(part).items()
        if inspect.isfunction(function) and not name.startswith("_")
    }


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_every_method_of_the_contract_has_its_method(kind: type) -> None:
    assert set(own_methods(kind)) == methods_of_the_contract()


def test_both_clients_take_the_same_arguments() -> None:
    synchronous, asynchronous = own_methods(Client), own_methods(AsyncClient)
    for name, signature in synchronous.items():
        assert list(signature.parameters.values()) == list(asynchronous[name].parameters.values()), name


def test_both_clients_give_the_same_answers() -> None:
    flavours = {"AsyncIterator": "Iterator", "AsyncWatch": "Watch"}
    for name in own_methods(Client):
        given = str(get_type_hints(getattr(Client, name))["return"])
        awaited = str(get_type_hints(getattr(AsyncClient, name))["return"])
        for flavour, plain in flavours.items():
            awaited = awaited.replace(flavour, plain).replace("async_connection", "connection")
        assert awaited == given, name


def test_every_method_says_what_it_does() -> None:
    for name in own_methods(Client):
        assert (getattr(Client, name).__doc__ or "").strip(), name
        assert getattr(AsyncClient, name).__doc__ == f"As `Client.{name}`."
