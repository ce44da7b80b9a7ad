"""Simulated machines and hosts in one scale set: each id is one machine's, and each order finds its own."""

from collections.abc import AsyncIterator

import pytest

from tests.domain.examples import WEB, scale_set
from tests.fleets.agents.peers import joined
from tests.fleets.agents.world import World, put_packages, until
from tests.fleets.orders import Answers, orders, to_version
from tidegate.domain.host import HostName
from tidegate.domain.host_refusal import InstanceIdTaken
from tidegate.domain.refusal import ScaleSetNotFound
from tidegate.fleets.agents.desk import Desk
from tidegate.fleets.faults import ProbeTurns, Where
from tidegate.fleets.mixed import MixedFleet
from tidegate.fleets.simulated import SimulatedFleet


class Bench:
    """A mixed fleet with its world of hosts."""

    def __init__(self) -> None:
        self.world = World()
        self.simulated = SimulatedFleet()
        self.fleet = MixedFleet(self.simulated, self.world.fleet)
        self.world.desk = Desk(self.world.fleet, check_name=self.fleet.check_name)

    async def ids(self) -> list[str]:
        return [instance.instance_id for instance in await self.fleet.instances(WEB)]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    await put_packages(bench.world.packages, ["2.0.0.0", "2.5"])
    await bench.fleet.place(scale_set(capacity=3, has_probe=False))
    yield bench
    await bench.fleet.close()
    await bench.world.close()


async def settle(bench: Bench, *names: str) -> None:
    peers = [await bench.world.add(name) for name in names]
    await until(lambda: all(peer.reached == 1 and not peer.results for peer in peers))


async def test_simulated_machines_come_first_and_hosts_after_them_in_natural_order(bench: Bench) -> None:
    await settle(bench, "web-10", "web-9", "9")
    assert await bench.ids() == ["0", "1", "2", "9", "web-9", "web-10"]
    assert (await bench.fleet.observe(WEB)).total_count == 6


async def test_orders_find_their_machines(bench: Bench) -> None:
    await settle(bench, "web-9")
    answers = Answers()
    await bench.fleet.begin(orders([0, "web-9", 7], to_version("2.5")), answers)
    await answers.come(3)
    assert sorted(answers.codes) == [("0", []), ("7", ["InstanceNotFound"]), ("web-9", [])]
    versions = [str(each.extensions["Agent"].version) for each in await bench.fleet.instances(WEB)]
    assert versions == ["2.5", "2.0.0.0", "2.0.0.0", "2.5"]


@pytest.mark.parametrize("name", ["0", "2"])
async def test_a_host_may_not_be_called_as_a_simulated_machine(bench: Bench, name: str) -> None:
    with pytest.raises(InstanceIdTaken):
        await joined(bench.world.desk, WEB, name)


@pytest.mark.parametrize("name", ["3", "00", "1a", "a1"])
async def test_any_other_name_may_be_had(bench: Bench, name: str) -> None:
    await settle(bench, name)
    assert name in await bench.ids()


async def test_a_host_keeps_its_name_when_the_scale_set_grows_over_it(bench: Bench) -> None:
    await settle(bench, "4")
    bench.simulated.order_fault(ProbeTurns(where=Where(instance_ids=frozenset({"4"})), after_seconds=0.0))
    await bench.fleet.place(scale_set(capacity=6))
    assert await bench.ids() == ["0", "1", "2", "3", "5", "4"]
    observation = await bench.fleet.observe(WEB)
    assert observation.total_count == 6
    answers = Answers()
    await bench.fleet.begin(orders([4], to_version("2.5")), answers)
    await answers.come(1)
    (host,) = await bench.world.fleet.instances(WEB)
    assert str(host.extensions["Agent"].version) == "2.5"
    await bench.world.desk.remove(HostName(scale_set=WEB, instance_id="4"))
    assert await bench.ids() == ["0", "1", "2", "3", "4", "5"]


async def test_forgetting_forgets_both(bench: Bench) -> None:
    await settle(bench, "web-9")
    await bench.fleet.forget(WEB)
    with pytest.raises(ScaleSetNotFound):
        await bench.fleet.instances(WEB)
    assert bench.world.fleet.book.cards == ()
    bench.fleet.check_name(HostName(scale_set=WEB, instance_id="0"))
