"""What real services answer moves what a fleet of hosts observes: a prober, sockets and hosts, nothing in between."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from tests.domain.examples import WEB, changed
from tests.fleets.agents.world import World, put_packages, until, world
from tests.fleets.orders import Answers, order, to_version
from tidegate.domain.arm_resource import read_scale_set
from tidegate.domain.health import ProbeState
from tidegate.domain.scale_set import ScaleSet

HEALTH_PROBE = "properties.virtualMachineProfile.networkProfile.healthProbe"
AGENT = [{"name": "Agent", "properties": {"publisher": "Contoso", "type": "Agent", "typeHandlerVersion": "1.0"}}]


class Service:
    """A service that answers `status`, and how often it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.asked = 0
        self.port = 0

    async def answer(self, _request: web.Request) -> web.Response:
        """The answer of now."""
        self.asked += 1
        return web.Response(status=self.status)


@asynccontextmanager
async def service() -> AsyncIterator[Service]:
    """A service on loopback."""
    made = Service()
    application = web.Application()
    application.router.add_get("/health", made.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.port = runner.addresses[0][1]
    try:
        yield made
    finally:
        await runner.cleanup()


def probed(threshold: int = 1, interval_seconds: int = 1) -> ScaleSet:
    """A scale set whose hosts are probed over HTTP."""
    properties = {
        "protocol": "Http",
        "port": 1,
        "requestPath": "/health",
        "intervalInSeconds": interval_seconds,
        "probeThreshold": threshold,
    }
    resource = changed(HEALTH_PROBE, {"properties": properties})
    resource = changed("properties.virtualMachineProfile.extensionProfile.extensions", AGENT, resource)
    return read_scale_set(WEB, resource, etag="1")


async def probe_of(fleet: World, instance_id: str) -> ProbeState:
    """What the fleet shows of the host's probe."""
    return {each.instance_id: each.probe for each in await fleet.fleet.instances(WEB)}[instance_id]


@pytest.fixture
async def fleet() -> AsyncIterator[World]:
    async with world() as made:
        await put_packages(made.packages, ["1.0"])
        yield made


async def test_a_service_that_turns_moves_what_is_observed(fleet: World) -> None:
    async with service() as well, service() as turning:
        await fleet.fleet.place(probed())
        await fleet.add("well", probe_address=f"127.0.0.1:{well.port}")
        await fleet.add("turning", probe_address=f"127.0.0.1:{turning.port}")
        site = fleet.fleet.book.site(WEB)
        await until(lambda: not site.observe().initializing)
        assert site.observe().probe_unhealthy == frozenset()
        turning.status = 500
        await until(lambda: site.observe().probe_unhealthy == {"turning"})
        assert await probe_of(fleet, "turning") is ProbeState.UNHEALTHY
        assert await probe_of(fleet, "well") is ProbeState.HEALTHY
        turning.status = 200
        await until(lambda: site.observe().probe_unhealthy == frozenset())


async def test_after_an_upgrade_a_host_is_waited_for_until_it_has_answered_anew(fleet: World) -> None:
    """The service breaks by the upgrade; what was answered before must not let the host pass as healthy."""
    async with service() as broken:
        await fleet.fleet.place(probed(interval_seconds=60))
        peer = await fleet.add("host", probe_address=f"127.0.0.1:{broken.port}")
        site = fleet.fleet.book.site(WEB)
        await until(lambda: bool(peer.installed) and not site.observe().initializing)
        assert await probe_of(fleet, "host") is ProbeState.HEALTHY
        await put_packages(fleet.packages, ["1.1"])
        answers = Answers()
        broken.status = 500
        await fleet.fleet.begin([order("host", to_version("1.1"))], answers)
        await answers.come(1)
        assert [answer.probe for answer in answers.all] == [ProbeState.INITIALIZING]
        await until(lambda: site.observe().probe_unhealthy == {"host"})


async def test_a_host_without_an_address_cannot_be_probed_and_is_unknown(fleet: World) -> None:
    await fleet.fleet.place(probed())
    peer = await fleet.add("host")
    await until(lambda: bool(peer.installed))
    assert await probe_of(fleet, "host") is ProbeState.UNKNOWN
    assert (await fleet.fleet.observe(WEB)).probe_unhealthy == {"host"}


async def test_a_host_that_leaves_is_asked_no_more(fleet: World) -> None:
    async with service() as asked:
        await fleet.fleet.place(probed())
        await fleet.add("host", probe_address=f"127.0.0.1:{asked.port}")
        card = fleet.fleet.book.find(WEB, "host")
        assert card is not None
        await until(lambda: asked.asked > 0)
        assert fleet.prober.state(card.uid) is not ProbeState.NONE
        await fleet.fleet.forget(WEB)
        assert fleet.prober.state(card.uid) is ProbeState.NONE
