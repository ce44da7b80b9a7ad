"""Hosts are probed where there is a probe and an address; a host that cannot be is not said to be well."""

import pytest

from tests.fleets.agents.cards import card
from tests.fleets.agents.world import until
from tests.fleets.probing.scripted import ScriptedAsker
from tidegate.domain.health import ProbeState
from tidegate.domain.probe import ProbeDefinition, ProbeProtocol
from tidegate.executor.clock import LoopClock
from tidegate.fleets.agents.host_card import HostCard
from tidegate.fleets.agents.probe_feed import ProbeFeed
from tidegate.fleets.probing.asking import Answer
from tidegate.fleets.probing.prober import Prober

DEFINITION = ProbeDefinition(protocol=ProbeProtocol.TCP, port=80, threshold=1)


class Bench:
    """A feed from the real prober, whose hosts answer as `answer` says."""

    def __init__(self) -> None:
        self.answer = Answer.WELL
        self.prober = Prober(asker=ScriptedAsker(lambda *_: self.answer), now_ms=LoopClock().now_ms)
        self.changed: list[HostCard] = []
        self.feed = ProbeFeed(self.prober, self.changed.append)


async def known(bench: Bench, host: HostCard, state: ProbeState) -> None:
    """Wait until the feed says so."""
    await until(lambda: bench.feed.state(host) is state)


async def test_what_the_probe_says_is_remembered_and_told() -> None:
    bench, host = Bench(), card(probe_address="127.0.0.1")
    bench.feed.watch(host, DEFINITION)
    assert bench.feed.state(host) is ProbeState.INITIALIZING
    bench.feed.renew(host)
    await known(bench, host, ProbeState.HEALTHY)
    assert bench.changed == [host]
    bench.answer = Answer.UNWELL
    bench.feed.renew(host)
    await known(bench, host, ProbeState.UNHEALTHY)
    await bench.prober.close()


@pytest.mark.parametrize("address", ["", "http://web/", "a:b:c"])
async def test_a_host_that_cannot_be_probed_is_unknown(address: str) -> None:
    bench, host = Bench(), card(probe_address=address)
    bench.feed.watch(host, DEFINITION)
    assert bench.feed.state(host) is ProbeState.UNKNOWN
    host.probe_address = "127.0.0.1"
    bench.feed.watch(host, DEFINITION)
    assert bench.feed.state(host) is ProbeState.INITIALIZING
    host.probe_address = address
    bench.feed.watch(host, DEFINITION)
    assert bench.feed.state(host) is ProbeState.UNKNOWN
    assert bench.prober.state(host.uid) is ProbeState.NONE, "nobody asks at the old address any more"
    await bench.prober.close()


async def test_without_a_probe_nothing_is_said() -> None:
    bench, host = Bench(), card(probe_address="127.0.0.1")
    bench.feed.watch(host, DEFINITION)
    bench.feed.watch(host, None)
    assert bench.feed.state(host) is ProbeState.NONE
    bench.feed.renew(host)
    bench.feed.unwatch(host)
    assert bench.changed == []
    await bench.prober.close()
