"""The asyncio client against a server that answers as it is told."""

import asyncio
import uuid

import grpc
import pytest

from tests.client.scripted_server import ScriptedServer, refusal
from tests.client.test_client import COMPLETED, GONE, QUICK, told
from tests.client.test_watching import event, snapshot
from tidegate.v1.rolling_upgrade_service_pb2 import (
    GetLatestRollingUpgradeResponse,
    ListRollingUpgradesResponse,
    StartExtensionRollingUpgradeResponse,
)
from tidegate_client import AsyncClient, NotFound, Retry, Unavailable
from tidegate_client.messages import RollingUpgrade


def client_of(server: ScriptedServer) -> AsyncClient:
    return AsyncClient(server.target, retry=QUICK, watch_retry=QUICK)


async def test_an_answer_that_holds_one_thing_is_that_thing(scripted: ScriptedServer) -> None:
    scripted.script(
        "GetLatestRollingUpgrade", GetLatestRollingUpgradeResponse(rolling_upgrade=RollingUpgrade(name="u"))
    )
    async with client_of(scripted) as client:
        assert (await client.get_latest_rolling_upgrade("/ss")).name == "u"


async def test_a_start_that_got_lost_is_sent_again_with_the_same_id(scripted: ScriptedServer) -> None:
    method = "StartExtensionRollingUpgrade"
    scripted.script(method, GONE, GONE, StartExtensionRollingUpgradeResponse(rolling_upgrade=RollingUpgrade(name="u")))
    async with client_of(scripted) as client:
        assert (await client.start_extension_rolling_upgrade("/ss")).name == "u"
    (request_id,) = {request.request_id for request in scripted.asked[method]}
    assert uuid.UUID(request_id).version == 4


async def test_it_waits_longer_after_each_failure(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def remember(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("tidegate_client.async_connection.asyncio.sleep", remember)
    scripted.script("GetLatestRollingUpgrade", GONE, GONE, GONE)
    growing = Retry(attempts=3, first_seconds=0.1, most_seconds=5.0)
    async with AsyncClient(scripted.target, retry=growing) as client:
        with pytest.raises(Unavailable):
            await client.get_latest_rolling_upgrade("/ss")
    first, second = waits
    assert 0.05 <= first <= 0.1 <= second <= 0.2


async def test_what_would_do_more_twice_is_sent_once(scripted: ScriptedServer) -> None:
    scripted.script("CancelRollingUpgrade", GONE)
    async with client_of(scripted) as client:
        with pytest.raises(Unavailable):
            await client.cancel_rolling_upgrade("/ss")
    assert len(scripted.asked["CancelRollingUpgrade"]) == 1


async def test_pages_are_asked_for_one_by_one(scripted: ScriptedServer) -> None:
    method = "ListRollingUpgrades"
    scripted.script(
        method,
        ListRollingUpgradesResponse(rolling_upgrades=[RollingUpgrade(name="a")], next_page_token="t"),
        ListRollingUpgradesResponse(rolling_upgrades=[RollingUpgrade(name="b")]),
    )
    async with client_of(scripted) as client:
        assert [upgrade.name async for upgrade in client.list_rolling_upgrades()] == ["a", "b"]
    assert [request.page_token for request in scripted.asked[method]] == ["", "t"]


async def test_a_watch_goes_on_where_it_broke(scripted: ScriptedServer) -> None:
    method = "WatchRollingUpgrade"
    scripted.script_stream(method, snapshot(3), event(4), GONE)
    scripted.script_stream(method, event(4), event(6))
    scripted.script_stream(method, event(5), event(6, COMPLETED))
    async with client_of(scripted) as client:
        watch = client.watch_rolling_upgrade("/ss")
        assert told([item async for item in watch]) == ["snapshot 3", "4", "5", "6"]
        assert watch.resume_token == "u6"
    assert [request.resume_token for request in scripted.asked[method]] == ["", "u4", "u4"]


async def test_a_watch_of_nothing_raises_what_the_server_says(scripted: ScriptedServer) -> None:
    scripted.script_stream("WatchRollingUpgrade", refusal(grpc.StatusCode.NOT_FOUND, "UPGRADE_NOT_FOUND"))
    async with client_of(scripted) as client:
        with pytest.raises(NotFound):
            await anext(client.watch_rolling_upgrade("u"))


async def test_a_watch_may_be_left_early(scripted: ScriptedServer) -> None:
    scripted.script_stream("WatchScaleSetUpgrades", event(1), event(2), event(3))
    async with client_of(scripted) as client, client.watch_scale_set_upgrades("/ss") as watch:
        assert told([await anext(watch)]) == ["1"]
        await watch.close()
        with pytest.raises(StopAsyncIteration):
            await anext(watch)


async def test_a_cancelled_task_is_not_mistaken_for_a_broken_stream(scripted: ScriptedServer) -> None:
    scripted.script_stream("WatchScaleSetUpgrades", event(1), GONE)
    async with AsyncClient(scripted.target) as client:
        seen = asyncio.Event()

        async def follow() -> None:
            async for _ in client.watch_scale_set_upgrades("/ss"):
                seen.set()

        task = asyncio.create_task(follow())
        await asyncio.wait_for(seen.wait(), 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_client_that_never_called_closes_well() -> None:
    await AsyncClient("127.0.0.1:1").close()
