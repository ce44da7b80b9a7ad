"""What a watch promises: a snapshot, then every event once and in order, whoever is slow, leaves, or comes back."""

import asyncio
import resource
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grpc

from tests.contracts.served import FOR_EVER_SECONDS, Refused, Served, arm_id, refused, told, until
from tidegate.api.settings import ApiSettings
from tidegate.v1 import rolling_upgrade_pb2 as pb
from tidegate.v1 import rolling_upgrade_service_pb2 as service_pb
from tidegate.v1 import rolling_upgrade_service_pb2_grpc

WATCH = "/tidegate.v1.RollingUpgradeService/WatchRollingUpgrade"
WATCHERS = 1_000
EACH_BYTES = 200_000
"""What one watcher may cost at most, the caller's side of it in the same process included."""

Call = grpc.aio.UnaryStreamCall[Any, Any]
Item = service_pb.WatchRollingUpgradeResponse | service_pb.WatchScaleSetUpgradesResponse


def watching(name: str, resume_token: str = "") -> service_pb.WatchRollingUpgradeRequest:
    return service_pb.WatchRollingUpgradeRequest(name=name, resume_token=resume_token)


def watching_all(name: str = "web", resume_token: str = "") -> service_pb.WatchScaleSetUpgradesRequest:
    return service_pb.WatchScaleSetUpgradesRequest(scale_set=arm_id(name), resume_token=resume_token)


async def first(call: Call, count: int) -> list[Item]:
    """The next answers of the watch; one that does not come within ten seconds fails the test."""
    async with asyncio.timeout(10):
        return [await answer(call) for _ in range(count)]


async def answer(call: Call) -> Item:
    """The next answer of the watch, which must not be over yet."""
    item: Any = await call.read()
    assert item is not grpc.aio.EOF, "the watch is over"
    return item  # type: ignore[no-any-return]  # the deserializer knows which of the two it is


async def until_refused(call: Call) -> tuple[list[Item], Refused]:
    """All answers that come, and the refusal with which the watch ends."""
    items: list[Item] = []
    item: Any
    try:
        async with asyncio.timeout(10):
            while (item := await call.read()) is not grpc.aio.EOF:
                items.append(item)
    except grpc.aio.AioRpcError as error:
        return items, told(error)
    raise AssertionError("the watch ended well")


def sequences(items: Sequence[Item]) -> list[int]:
    """The numbers of the events among the answers."""
    return [item.event.sequence for item in items if item.WhichOneof("item") == "event"]


async def test_a_watch_gives_a_snapshot_then_every_event_and_is_over_with_the_last() -> None:
    async with Served(upgrade_seconds=0.02) as served:
        await served.put()
        await served.publish("1.1")
        started = await served.start()
        items = [item async for item in served.upgrades.WatchRollingUpgrade(watching(started.name))]
        snapshot = items[0].snapshot
        assert snapshot.rolling_upgrade.name == started.name
        assert [each.instance_id for each in snapshot.instances] == ["0", "1", "2", "3", "4"]
        follow = list(range(snapshot.rolling_upgrade.last_sequence + 1, 38))
        assert sequences(items) == follow
        last = items[-1].event
        assert (last.type, last.status, last.phase) == (
            pb.EVENT_TYPE_UPGRADE_COMPLETED,
            pb.STATUS_CODE_COMPLETED,
            pb.PHASE_ENDED,
        )
        assert last.progress.successful_instance_count == 5


async def test_an_upgrade_that_has_ended_gives_its_snapshot_and_is_over() -> None:
    async with Served() as served:
        await served.put()
        await served.publish("1.1")
        await served.start()
        ended = await served.ended()
        items = [item async for item in served.upgrades.WatchRollingUpgrade(watching(arm_id("WEB")))]
        assert [item.WhichOneof("item") for item in items] == ["snapshot"]
        assert items[0].snapshot.rolling_upgrade == ended


async def test_every_resume_token_leads_to_the_rest_of_the_story() -> None:
    async with Served(upgrade_seconds=FOR_EVER_SECONDS) as served:
        await served.put(capacity=2)
        await served.publish("1.1")
        name = (await served.start()).name
        call = served.upgrades.WatchRollingUpgrade(watching(name))
        items: list[Item] = await first(call, 1)
        for _ in range(3):
            await served.upgrades.PauseRollingUpgrade(service_pb.PauseRollingUpgradeRequest(name=name))
            await served.upgrades.ResumeRollingUpgrade(service_pb.ResumeRollingUpgradeRequest(name=name))
        last = (await served.latest()).last_sequence
        while items[-1].event.sequence < last:
            items += await first(call, 1)
        assert sequences(items) == list(range(items[0].snapshot.rolling_upgrade.last_sequence + 1, last + 1))
        for at, item in enumerate(items[:-1]):
            rest = served.upgrades.WatchRollingUpgrade(watching(name, item.resume_token))
            assert await first(rest, len(items) - at - 1) == items[at + 1 :]
            rest.cancel()


async def test_a_scale_set_is_watched_from_before_its_first_upgrade_and_on_through_the_next() -> None:
    async with Served(settings=ApiSettings(watch_keepalive_seconds=0.02, grace_seconds=0.5)) as served:
        await served.put(capacity=1)
        call = served.upgrades.WatchScaleSetUpgrades(watching_all())
        (waits,) = await first(call, 1)
        assert (waits.WhichOneof("item"), waits.resume_token) == ("keepalive", "")
        names = []
        for version in ("1.1", "1.2"):
            await served.publish(version)
            names.append((await served.start()).name)
            await served.ended()
        seen: dict[str, list[int]] = {}
        item = waits
        while len(seen) < 2 or item.event.type != pb.EVENT_TYPE_UPGRADE_COMPLETED:
            item = await answer(call)
            assert not item.HasField("snapshot")
            if item.HasField("event"):
                seen.setdefault(item.event.upgrade, []).append(item.event.sequence)
        assert list(seen) == names
        assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in seen.values())
        call.cancel()


async def test_a_resumed_watch_of_a_scale_set_crosses_from_one_upgrade_to_the_next() -> None:
    async with Served(upgrade_seconds=0.02) as served:
        await served.put(capacity=1)
        await served.publish("1.1")
        first_name = (await served.start()).name
        call = served.upgrades.WatchRollingUpgrade(watching(first_name))
        token = (await first(call, 1))[0].resume_token
        call.cancel()
        await served.ended()
        await served.publish("1.2")
        second_name = (await served.start()).name
        last = (await served.ended()).last_sequence
        rest = served.upgrades.WatchScaleSetUpgrades(watching_all(resume_token=token))
        events: list[pb.UpgradeEvent] = []
        while not events or (events[-1].upgrade, events[-1].sequence) != (second_name, last):
            events.append((await answer(rest)).event)
        rest.cancel()
        numbers = [event.sequence for event in events if event.upgrade == first_name]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert [event.sequence for event in events if event.upgrade == second_name] == list(range(1, last + 1))


async def test_a_watch_by_scale_set_resumes_the_upgrade_of_its_token_not_a_later_one() -> None:
    async with Served(upgrade_seconds=0.02) as served:
        await served.put(capacity=1)
        await served.publish("1.1")
        name = (await served.start()).name
        token = (await first(served.upgrades.WatchRollingUpgrade(watching(arm_id("web"))), 1))[0].resume_token
        await served.ended()
        await served.publish("1.2")
        await served.start()
        await served.ended()
        rest = [item async for item in served.upgrades.WatchRollingUpgrade(watching(arm_id("web"), token))]
        assert {item.event.upgrade for item in rest} == {name}


async def test_silence_is_broken_by_a_sign_of_life_with_the_token_of_the_last_answer() -> None:
    settings = ApiSettings(watch_keepalive_seconds=0.01, grace_seconds=0.5)
    async with Served(upgrade_seconds=FOR_EVER_SECONDS, settings=settings) as served:
        await served.put()
        await served.publish("1.1")
        call = served.upgrades.WatchRollingUpgrade(watching((await served.start()).name))
        items = await first(call, 1)
        while not items[-1].HasField("keepalive"):
            items += await first(call, 1)
        assert items[-1].resume_token == items[-2].resume_token
        call.cancel()


async def test_a_token_of_another_upgrade_or_made_up_is_refused() -> None:
    async with Served() as served:
        for name in ("web", "db"):
            await served.put(name, capacity=1)
        await served.publish("1.1")
        tokens, names = {}, {}
        for name in ("web", "db"):
            names[name] = (await served.start(name)).name
            call = served.upgrades.WatchRollingUpgrade(watching(names[name]))
            tokens[name] = [item async for item in call][-1].resume_token
        await served.publish("1.2")
        later = (await served.start("web")).name
        await served.ended("web")
        for target, token in [
            (names["web"], tokens["db"]),
            (later, tokens["web"]),
            (arm_id("web"), tokens["db"]),
            (names["web"], "garbage"),
            (names["web"], tokens["web"][:-1]),
            (names["web"], "é" * 10),
        ]:
            call = served.upgrades.WatchRollingUpgrade(watching(target, token))
            refusal = await refused(answer(call))
            assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "RESUME_TOKEN_MISMATCH")
        refusal = await refused(answer(served.upgrades.WatchScaleSetUpgrades(watching_all("web", tokens["db"]))))
        assert refusal.reason == "RESUME_TOKEN_MISMATCH"


async def test_what_does_not_exist_is_not_watched() -> None:
    async with Served() as served:
        await served.put("idle")
        expected = {
            arm_id("nope"): "SCALE_SET_NOT_FOUND",
            arm_id("idle"): "NO_UPGRADE_EVER",
            f"{arm_id('idle')}/rollingUpgrades/u9": "UPGRADE_NOT_FOUND",
            "idle": "MALFORMED_REQUEST",
        }
        for name, reason in expected.items():
            refusal = await refused(answer(served.upgrades.WatchRollingUpgrade(watching(name))))
            assert refusal.reason == reason
        refusal = await refused(answer(served.upgrades.WatchScaleSetUpgrades(watching_all("nope"))))
        assert refusal.reason == "SCALE_SET_NOT_FOUND"


async def test_a_slow_reader_is_let_go_and_loses_nothing() -> None:
    async with Served(capacity=16) as served:
        await served.put(capacity=400)
        await served.publish("1.1")
        started = await served.start()
        # Without these a loopback connection takes in more than the whole story before anybody reads it.
        channel = await served.dial(**{"http2.bdp_probe": 0, "http2.lookahead_bytes": 4_096})
        slow: Call = rolling_upgrade_service_pb2_grpc.RollingUpgradeServiceStub(channel).WatchRollingUpgrade(
            watching(arm_id("web"))
        )
        ended = await served.ended()
        items, refusal = await until_refused(slow)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.ABORTED, "WATCH_TOO_SLOW")
        token = refusal.metadata["resumeToken"]
        assert token == items[-1].resume_token
        rest = [item async for item in served.upgrades.WatchRollingUpgrade(watching(started.name, token))]
        begin = items[0].snapshot.rolling_upgrade.last_sequence
        assert sequences([*items, *rest]) == list(range(begin + 1, ended.last_sequence + 1))


async def test_readers_who_never_read_hold_up_neither_the_upgrade_nor_a_stop() -> None:
    async with Served(capacity=16) as served:
        await served.put(capacity=300)
        await served.publish("1.1")
        channel = await served.dial(**{"http2.bdp_probe": 0, "http2.lookahead_bytes": 4_096})
        await served.start()
        stuck = [raw_watch(channel, arm_id("web")) for _ in range(20)]
        ended = await served.ended()
        assert ended.status == pb.STATUS_CODE_COMPLETED
        assert served.server.stream_count == len(stuck)
        async with asyncio.timeout(served.settings.grace_seconds + 5):
            await served.server.stop()
        await until(lambda: served.server.stream_count == 0)
        for call in stuck:
            call.cancel()


async def test_a_caller_who_hangs_up_or_runs_out_of_time_leaves_nothing_behind() -> None:
    async with Served(upgrade_seconds=FOR_EVER_SECONDS) as served:
        await served.put()
        await served.publish("1.1")
        name = (await served.start()).name
        gone = served.upgrades.WatchRollingUpgrade(watching(name))
        late = served.upgrades.WatchScaleSetUpgrades(watching_all(), timeout=0.2)
        await first(gone, 1)
        await first(late, 1)
        assert served.hub.watched_count == 1
        gone.cancel()
        _, refusal = await until_refused(late)
        assert refusal.code is grpc.StatusCode.DEADLINE_EXCEEDED
        await until(lambda: served.server.stream_count == 0 and served.hub.watched_count == 0)


async def test_a_server_that_stops_tells_its_watchers() -> None:
    async with Served(upgrade_seconds=FOR_EVER_SECONDS) as served:
        await served.put()
        await served.publish("1.1")
        calls: list[Call] = [
            served.upgrades.WatchRollingUpgrade(watching((await served.start()).name)),
            served.upgrades.WatchScaleSetUpgrades(watching_all()),
        ]
        for call in calls:
            await first(call, 1)
        stopping = asyncio.create_task(served.server.stop())
        for call in calls:
            _, refusal = await until_refused(call)
            assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
        await stopping


async def test_a_thousand_watchers_are_told_the_same_and_cost_little() -> None:
    async with Served(upgrade_seconds=FOR_EVER_SECONDS) as served:
        await served.put(capacity=1)
        await served.publish("1.1")
        name = (await served.start()).name
        await until_quiet(served)
        before_bytes = memory_bytes()
        calls = [raw_watch(served.channel, name) for _ in range(WATCHERS)]
        snapshots = [await call.read() for call in calls]
        assert served.server.stream_count == WATCHERS
        for _ in range(4):
            await served.upgrades.PauseRollingUpgrade(service_pb.PauseRollingUpgradeRequest(name=name))
            await served.upgrades.ResumeRollingUpgrade(service_pb.ResumeRollingUpgradeRequest(name=name))
        stories: list[list[Any]] = [[await call.read() for _ in range(8)] for call in calls]
        assert memory_bytes() - before_bytes < WATCHERS * EACH_BYTES
        assert len(set(snapshots)) == 1
        assert all(story == stories[0] for story in stories)
        numbers = sequences([service_pb.WatchRollingUpgradeResponse.FromString(raw) for raw in stories[0]])
        assert numbers == list(range(numbers[0], numbers[0] + 8))
        for call in calls:
            call.cancel()
        await until(lambda: served.server.stream_count == 0 and served.hub.watched_count == 0)


def raw_watch(channel: grpc.aio.Channel, name: str) -> Call:
    """A watch whose answers are left as they come, without the cost of reading them."""
    call: Any = channel.unary_stream(WATCH)
    return call(watching(name).SerializeToString())  # type: ignore[no-any-return]  # as above


async def until_quiet(served: Served) -> None:
    """Wait until the first instance is under way, after which nothing happens by itself."""
    call = served.upgrades.WatchRollingUpgrade(watching(arm_id("web")))
    while not in_progress_count(await answer(call)):
        pass
    call.cancel()
    await until(lambda: served.server.stream_count == 0)


def in_progress_count(item: Item) -> int:
    """How many instances are under way, as a snapshot or an event tells."""
    if item.HasField("snapshot"):
        return item.snapshot.rolling_upgrade.progress.in_progress_instance_count
    return item.event.progress.in_progress_instance_count


def memory_bytes() -> int:
    """The memory that this process has; the most it ever had where the system does not tell."""
    pages = Path("/proc/self/statm")
    if pages.exists():
        return int(pages.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024
