"""Hosts that are down, under an upgrade: a fleet of hosts and a whole executor, in virtual time.

A host that is down does not fail the run by itself: it is waited for as long as the policy says, then counts as failed,
and the halt rules decide by the percentages.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.executor.world import AGENT, World, scale_set_id, virtual
from tests.fleets.agents.peers import Peer, joined
from tests.fleets.agents.world import World as HostWorld
from tests.fleets.agents.world import put_packages
from tidegate.domain.health import ProbeState
from tidegate.fleets.agents.promise import HostLine
from tidegate.upgrade.answered import TIMED_OUT_CODE
from tidegate.upgrade.circumstances import is_unhealthy
from tidegate.upgrade.events import BatchStarted, InstanceFailed
from tidegate.upgrade.plan import UpgradeKind
from tidegate.upgrade.state import InstanceStatus, StatusCode

WEB = scale_set_id("web")
HOSTS = 10
INSTANCE_SECONDS = 20 * 60
"""The instance timeout of the policy azure-default."""
SILENCE_SECONDS = 60
NAMES = [f"host-{number}" for number in range(HOSTS)]


class Beating(Peer):
    """A host that says it is alive every 15 seconds."""

    async def _converse(self, line: HostLine) -> None:
        async with asyncio.TaskGroup() as tasks:
            beating = tasks.create_task(self._beat(line))
            try:
                await super()._converse(line)
            finally:
                beating.cancel()

    async def _beat(self, line: HostLine) -> None:
        while True:
            await asyncio.sleep(15)
            line.heard(None)


class Hosts:
    """Ten hosts of one scale set that run 1.0, with 1.1 published."""

    def __init__(self, world: World, peers: dict[str, Peer]) -> None:
        self.world = world
        self.peers = peers

    async def go_down(self, *names: str) -> None:
        """These hosts are not heard of any more, and everybody knows."""
        for name in names:
            await self.peers[name].stop()
        await self.world.pass_seconds(SILENCE_SECONDS + 1)

    async def failed(self) -> dict[str, str]:
        """The hosts that the latest upgrade holds to have failed, and why."""
        upgrade = await self.world.conductor.latest(WEB)
        failed = [event for event in await self.world.events(upgrade) if isinstance(event, InstanceFailed)]
        return {event.instance_id: event.code for event in failed}


@asynccontextmanager
async def ten_hosts(**rolling: int) -> AsyncIterator[Hosts]:
    """With these numbers in the scale set's rolling upgrade policy."""
    fleet = HostWorld()
    await put_packages(fleet.packages, ["1.0", "1.1"], AGENT)
    async with World(fleet=fleet.fleet) as world:  # type: ignore[arg-type]  # any fleet will do
        await world.put(rolling=rolling, capacity=0)
        peers: dict[str, Peer] = {}
        for name in NAMES:
            host = await joined(fleet.desk, WEB, name)
            peers[name] = Beating(fleet.desk, host.credential)
            _start_at_1_0(fleet, name)
            peers[name].start()
        await world.pass_seconds(1)
        assert await world.versions() == ["1.0"] * HOSTS
        await world.publish("1.1", AGENT)
        try:
            yield Hosts(world, peers)
        finally:
            for peer in peers.values():
                await peer.stop()
    await fleet.close()


def _start_at_1_0(fleet: HostWorld, name: str) -> None:
    """A host that joins gets the highest package; these are to have joined before there was 1.1."""
    card = fleet.fleet.book.find(WEB, name)
    assert card is not None
    card.wanted[AGENT.key] = "1.0"


@virtual
async def test_a_silent_host_is_unreachable_and_unknown_which_counts_as_unhealthy() -> None:
    async with ten_hosts() as hosts:
        await hosts.go_down("host-3")
        instances = {each.instance_id: each for each in await hosts.world.fleet.instances(WEB)}
        assert not instances["host-3"].is_reachable
        assert instances["host-3"].probe is ProbeState.UNKNOWN
        assert [name for name, each in instances.items() if is_unhealthy(each, UpgradeKind.EXTENSION)] == ["host-3"]
        assert [name for name, each in instances.items() if is_unhealthy(each, UpgradeKind.OS_IMAGE)] == ["host-3"]
        assert (await hosts.world.fleet.observe(WEB)).probe_unhealthy == {"host-3"}


@virtual
async def test_a_host_that_is_down_is_waited_for_then_failed_and_the_run_goes_on_where_the_policy_bears_it() -> None:
    async with ten_hosts(maxUnhealthyUpgradedInstancePercent=50) as hosts:
        await hosts.go_down("host-3")
        started_at_ms = hosts.world.clock.now_ms()
        await hosts.world.start()
        await hosts.world.pass_seconds(INSTANCE_SECONDS - 1)
        upgrade = await hosts.world.conductor.latest(WEB)
        assert upgrade.status is StatusCode.ROLLING_FORWARD
        assert await hosts.failed() == {}
        batch_of_it = upgrade.batch_number

        ended = await hosts.world.ended()
        assert ended.status is StatusCode.COMPLETED
        assert (ended.progress.successful_count, ended.progress.failed_count) == (HOSTS - 1, 1)
        assert await hosts.failed() == {"host-3": TIMED_OUT_CODE}
        assert hosts.world.clock.now_ms() - started_at_ms >= INSTANCE_SECONDS * 1000
        begun = [event for event in await hosts.world.events(ended) if isinstance(event, BatchStarted)]
        assert begun[batch_of_it].at_ms - begun[batch_of_it - 1].at_ms >= INSTANCE_SECONDS * 1000, "its batch waited"


@virtual
async def test_a_host_that_is_down_stops_the_run_where_the_policy_does_not_bear_it() -> None:
    async with ten_hosts(maxUnhealthyUpgradedInstancePercent=0) as hosts:
        await hosts.go_down("host-0")
        await hosts.world.start()
        ended = await hosts.world.ended()
        assert ended.status is StatusCode.FAULTED
        assert ended.halt is not None
        assert ended.halt.code == "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
        assert await hosts.failed() == {"host-0": TIMED_OUT_CODE}
        assert ended.progress.failed_count == 1
        assert ended.progress.successful_count < HOSTS - 1


@pytest.mark.parametrize(("down", "status"), [(2, StatusCode.COMPLETED), (3, StatusCode.FAULTED)])
@virtual
async def test_hosts_that_are_down_before_the_first_batch_count_by_their_share(down: int, status: StatusCode) -> None:
    """Exactly 20 percent goes on; more does not begin."""
    async with ten_hosts(maxUnhealthyUpgradedInstancePercent=100) as hosts:
        await hosts.go_down(*NAMES[HOSTS - down :])
        await hosts.world.start()
        ended = await hosts.world.ended()
        assert ended.status is status
        if status is StatusCode.FAULTED:
            assert ended.halt is not None
            assert ended.halt.code == "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade"
            assert ended.progress.failed_count == ended.progress.successful_count == 0
        else:
            assert await hosts.failed() == dict.fromkeys(NAMES[HOSTS - down :], TIMED_OUT_CODE)


@virtual
async def test_a_host_that_comes_back_in_time_is_upgraded_like_any_other() -> None:
    async with ten_hosts() as hosts:
        await hosts.go_down("host-3")
        await hosts.world.start()
        await hosts.world.pass_seconds(INSTANCE_SECONDS - 60)
        assert (await hosts.world.conductor.latest(WEB)).status is StatusCode.ROLLING_FORWARD
        hosts.peers["host-3"].start()
        ended = await hosts.world.ended()
        assert (ended.status, ended.progress.successful_count) == (StatusCode.COMPLETED, HOSTS)
        assert await hosts.world.versions() == ["1.1"] * HOSTS


@virtual
async def test_a_host_that_hangs_in_its_work_but_is_heard_fails_in_time_too() -> None:
    async with ten_hosts(maxUnhealthyUpgradedInstancePercent=50) as hosts:
        hosts.peers["host-3"].may_work.clear()
        await hosts.world.start()
        ended = await hosts.world.ended()
        record = ended.records["host-3"]
        assert (ended.status, record.status) == (StatusCode.COMPLETED, InstanceStatus.FAILED)
        assert await hosts.failed() == {"host-3": TIMED_OUT_CODE}
        instances = {each.instance_id: each for each in await hosts.world.fleet.instances(WEB)}
        assert instances["host-3"].is_reachable


@virtual
async def test_a_host_that_goes_down_in_the_middle_of_its_upgrade_counts_once() -> None:
    async with ten_hosts(maxUnhealthyUpgradedInstancePercent=50) as hosts:
        hosts.peers["host-0"].may_work.clear()
        await hosts.world.start()
        await hosts.world.pass_seconds(10)
        await hosts.peers["host-0"].stop()
        ended = await hosts.world.ended()
        assert (ended.status, ended.progress.failed_count) == (StatusCode.COMPLETED, 1)
        observation = await hosts.world.fleet.observe(WEB)
        assert observation.probe_unhealthy | observation.extension_failed == {"host-0"}
