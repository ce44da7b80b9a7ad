"""GetLatest against a bare echo, and the fan-out of a watch against a bare stream: real processes on loopback.

Both sides have the same client, which handles bytes as they are. Beside the ratio of calls per second stands the ratio
of the servers' processor time for each call, since on two cores the client takes as much as the server.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import grpc

from benchmarks.fleet_of_one_process import AGENT, SUBSCRIPTION, resource, scale_set_id
from benchmarks.processes import ServerProcess, bare_server, tidegate_server
from benchmarks.report import Line
from benchmarks.rounds import Comparison, compare_async
from benchmarks.wire import Load, call_for_a_while, open_call, open_stream, read_messages
from tidegate.cli.shipped_rules import shipped_rules_path
from tidegate.v1 import rolling_upgrade_service_pb2 as service_pb2
from tidegate_client import AsyncClient

ROUNDS = 5
ECHO_SECONDS = 2.0
ECHO_IN_FLIGHT = 32
WATCHERS = 100
INSTANCES = 1_000
LEFT_UNREAD = 20
"""Events at the end of an upgrade that a watcher does not wait for, as their number may differ by a few."""
_LATEST = "/tidegate.v1.RollingUpgradeService/GetLatestRollingUpgrade"
_WATCH = "/tidegate.v1.RollingUpgradeService/WatchScaleSetUpgrades"


class House:
    """A Tidegate server with one scale set, and versions to bring to it."""

    def __init__(self, server: ServerProcess, client: AsyncClient) -> None:
        self.server = server
        self.scale_set = str(scale_set_id(0))
        self._client = client
        self._minor = 0

    async def furnish(self) -> int:
        """One scale set, enrolled, upgraded once; the number of events that took."""
        await self._client.put_scale_set(self.scale_set, resource(INSTANCES))
        await self._client.enroll_subscription(SUBSCRIPTION)
        await self.publish()
        name = ""
        async with asyncio.timeout(60):
            while not name:
                async for upgrade in self._client.list_rolling_upgrades(scale_set=self.scale_set):
                    name = upgrade.name if upgrade.end_time.seconds else ""
                await asyncio.sleep(0.05)
        return (await self._client.get_latest_rolling_upgrade(self.scale_set)).last_sequence

    async def publish(self) -> None:
        """The next version; an upgrade follows by itself."""
        self._minor += 1
        await self._client.publish_extension_version(AGENT.publisher, AGENT.type, f"1.{self._minor}.0.0")


async def _latest_against_echo(house: House, bare: ServerProcess) -> list[Line]:
    request = service_pb2.GetLatestRollingUpgradeRequest(scale_set=house.scale_set).SerializeToString()
    async with grpc.aio.insecure_channel(house.server.address) as channel:
        answer = await open_call(channel, _LATEST)(request, timeout=10)
    spent: tuple[list[float], list[float]] = ([], [])

    def load(server: ServerProcess, side: int, method: str, body: bytes) -> Callable[[], Awaitable[int]]:
        async def once() -> int:
            wanted = Load(method=method, request=body, in_flight=ECHO_IN_FLIGHT, seconds=ECHO_SECONDS)
            done, cpu_seconds = await call_for_a_while(server, wanted)
            spent[side].append(cpu_seconds)
            return done

        return once

    result = await compare_async(
        load(house.server, 0, _LATEST, request), load(bare, 1, "/bare.Bare/Echo", bytes(len(answer))), ROUNDS
    )
    return [_line(f"GetLatestRollingUpgrade ({len(answer)} bytes)", "calls", result, spent, "bare grpc.aio echo", 0.8)]


async def _fan_out_against_stream(house: House, bare: ServerProcess, events: int) -> list[Line]:
    messages = events - LEFT_UNREAD
    spent: tuple[list[float], list[float]] = ([], [])
    sizes: list[int] = []
    watch = service_pb2.WatchScaleSetUpgradesRequest(scale_set=house.scale_set).SerializeToString()

    async def ours() -> int:
        async with grpc.aio.insecure_channel(house.server.address) as channel:
            calls = [open_stream(channel, _WATCH, watch) for _ in range(WATCHERS)]
            for call in calls:
                await call.read()  # The snapshot: this watcher is there.
            before = house.server.cpu_seconds()
            await house.publish()
            sizes[:] = await asyncio.gather(*(read_messages(call, messages) for call in calls))
            spent[0].append((house.server.cpu_seconds() - before) / (messages * WATCHERS))
        return messages * WATCHERS

    async def theirs() -> int:
        size = sum(sizes) // (messages * WATCHERS)
        request = f"{WATCHERS} {messages} {size}".encode()
        async with grpc.aio.insecure_channel(bare.address) as channel:
            calls = [open_stream(channel, "/bare.Bare/Stream", request) for _ in range(WATCHERS)]
            before = bare.cpu_seconds()
            await asyncio.gather(*(read_messages(call, messages) for call in calls))
            spent[1].append((bare.cpu_seconds() - before) / (messages * WATCHERS))
        return messages * WATCHERS

    result = await compare_async(ours, theirs, ROUNDS)
    name = f"watch fan-out, {WATCHERS} watchers of one upgrade, {messages:,} events"
    return [_line(name, "events", result, spent, "bare grpc.aio stream", 0.7)]


def _line(
    name: str, things: str, result: Comparison, spent: tuple[list[float], list[float]], baseline: str, aim: float
) -> Line:
    ours, theirs = (statistics.median(side) * 1e6 for side in spent)
    return Line(
        name=name,
        reached=f"{result.subject_per_second:,.0f} {things}/s, server {ours:.0f} us each",
        baseline=f"{baseline} {result.baseline_per_second:,.0f}/s, server {theirs:.0f} us each",
        ratio=f"{result.ratio:.2f} (by server time {theirs / ours:.2f}; spread {result.spread_percent:.0f}%)",
        aim=f">= {aim}",
    )


async def _measure() -> list[Line]:
    with tempfile.TemporaryDirectory() as folder:
        async with (
            bare_server() as bare,
            tidegate_server(Path(folder), shipped_rules_path()) as server,
            AsyncClient(server.address) as client,
        ):
            house = House(server, client)
            events = await house.furnish()
            return [
                *await _latest_against_echo(house, bare),
                *await _fan_out_against_stream(house, bare, events),
            ]


def measure() -> list[Line]:
    """Both comparisons, with the same two servers."""
    return asyncio.run(_measure())
