"""A real server is killed in the middle of upgrades, at random moments, and started again on the same data.

Whatever the moment: every upgrade goes on and ends as it should, nothing is done twice, and who watches sees every
event once and in order, without noticing more than a pause.
"""

from __future__ import annotations

import itertools
import random
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cli.samples import SUBSCRIPTION, arm_resource, scale_set_id
from tests.cli.serving import Serving
from tidegate_client import ENDED, Client, Retry
from tidegate_client.messages import EventType, RollingUpgrade, StatusCode, UpgradeEvent

KILLS = 20
MOST_SECONDS = 150.0
"""Usually it takes about a third of that."""
SCALE_SETS = {"steady": 30, "stuttering": 20}
SCENARIO = """\
seed: 3
upgradeSeconds: 0.12
jitterPercent: 80
faults:
  - {scaleSet: stuttering, answersTwice: {}}
  - {scaleSet: stuttering, sharePercent: 20, answersLate: {seconds: 0.3}}
"""
PATIENT = Retry(attempts=400, first_seconds=0.02, most_seconds=0.2)


class Follower:
    """Watches all upgrades of one scale set in a thread, while servers come and go."""

    def __init__(self, address: str, scale_set: str) -> None:
        self.events: list[UpgradeEvent] = []
        self.failure: BaseException | None = None
        self.saw_something = threading.Event()
        self._client = Client(address, watch_retry=PATIENT)
        self._watch = self._client.watch_scale_set_upgrades(scale_set)
        self._thread = threading.Thread(target=self._follow, name=f"follower of {scale_set}")
        self._thread.start()

    def _follow(self) -> None:
        try:
            for item in self._watch:
                assert isinstance(item, UpgradeEvent), "it watched before there was an upgrade"
                self.events.append(item)
                self.saw_something.set()
        except BaseException as failure:  # noqa: BLE001 - told by the test, in its own thread
            self.failure = failure
            self.saw_something.set()

    @property
    def is_midway(self) -> bool:
        """An upgrade is under way, as far as it saw."""
        return bool(self.events) and self.events[-1].type != EventType.EVENT_TYPE_UPGRADE_COMPLETED

    def by_upgrade(self) -> Mapping[str, Sequence[UpgradeEvent]]:
        """What it saw, upgrade by upgrade, in the order in which it saw it."""
        return {name: list(events) for name, events in itertools.groupby(self.events, lambda event: event.upgrade)}

    def close(self) -> None:
        """Hangs up."""
        self._watch.close()
        self._thread.join()
        self._client.close()


def free_address() -> str:
    """An address of loopback that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def versions() -> Iterator[str]:
    """A new version whenever the upgrades to the last one have ended."""
    return (f"1.{minor}" for minor in itertools.count(1))


def are_over(upgrades: Sequence[RollingUpgrade], published: Sequence[str]) -> bool:
    """Every scale set has been brought to every version that was published."""
    return len(upgrades) == len(SCALE_SETS) * len(published) and all(each.status in ENDED for each in upgrades)


def publish_if_idle(client: Client, newer: Iterator[str], published: list[str]) -> None:
    """Publishes the next version, unless an upgrade to the last one is under way or still to begin."""
    if are_over(list(client.list_rolling_upgrades()), published):
        published.append(next(newer))
        client.publish_extension_version("Tests", "Agent", published[-1])


def live_and_die(server: Serving, client: Client, chance: random.Random, newer: Iterator[str], told: list[str]) -> bool:
    """One life of a server, ended at a random moment: while it opens its journal, or while it works.

    True where it was killed; now and then it is asked to stop instead.
    """
    is_killed = chance.random() >= 0.15
    server.begin()
    try:
        if chance.random() < 0.25:
            time.sleep(chance.uniform(0.3, 1.2))
        else:
            server.wait_until_it_serves()
            publish_if_idle(client, newer, told)
            time.sleep(chance.uniform(0.0, 0.6))
    finally:
        server.end(signal.SIGKILL if is_killed else signal.SIGTERM)
    return is_killed


def wait_for_the_ends(client: Client, published: Sequence[str]) -> Sequence[RollingUpgrade]:
    """All upgrades, once every one has ended."""
    while not are_over(upgrades := list(client.list_rolling_upgrades()), published):
        assert len(upgrades) <= len(SCALE_SETS) * len(published), "a version started two upgrades of a scale set"
        time.sleep(0.1)
    return upgrades


def check_what_was_seen(events: Sequence[UpgradeEvent], upgrade: RollingUpgrade) -> None:
    """Every event once and in order, from the first to the last, and nothing happened to a machine twice."""
    assert [event.sequence for event in events] == list(range(1, upgrade.last_sequence + 1))
    assert events[0].type == EventType.EVENT_TYPE_UPGRADE_STARTED
    assert events[-1].type == EventType.EVENT_TYPE_UPGRADE_COMPLETED
    for kind in (EventType.EVENT_TYPE_WAVE_BEGAN, EventType.EVENT_TYPE_BATCH_STARTED):
        happened = Counter(each for event in events if event.type == kind for each in event.instance_ids)
        assert set(happened.values()) <= {1}
    ends = {EventType.EVENT_TYPE_INSTANCE_UPGRADED, EventType.EVENT_TYPE_INSTANCE_FAILED}
    ended = Counter(each for event in events if event.type in ends for each in event.instance_ids)
    assert set(ended.values()) == {1}
    assert len(ended) == SCALE_SETS[upgrade.scale_set.rpartition("/")[2]] == upgrade.progress.successful_instance_count


def check_the_machines(client: Client, newest: str) -> None:
    """Every machine runs the newest version."""
    for name, capacity in SCALE_SETS.items():
        running = Counter(each.extensions[0].version for each in client.list_instances(scale_set_id(name)))
        assert running == {newest: capacity}


@pytest.mark.xdist_group("kill")
def test_a_server_killed_again_and_again_loses_nothing_and_does_nothing_twice(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    chance, newer, published = random.Random(seed), versions(), list[str]()
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    address, data, scenario = free_address(), str(tmp_path / "data"), str(tmp_path / "scenario.yaml")
    options = ["--listen", address, "--data", data, "--scenario", scenario, "--log-level", "warning"]
    until = time.monotonic() + MOST_SECONDS
    kills = midway_kills = 0
    with ExitStack() as closing:
        client = closing.enter_context(Client(address, retry=PATIENT, timeout_seconds=30.0))
        with Serving(*options) as server:
            put_everything(client)
            followers = {scale_set_id(name): Follower(address, scale_set_id(name)) for name in SCALE_SETS}
            for follower in followers.values():
                closing.callback(follower.close)
            publish_if_idle(client, newer, published)
            assert all(follower.saw_something.wait(20) for follower in followers.values())
            server.end(signal.SIGKILL)
        while kills < KILLS and time.monotonic() < until:
            if live_and_die(Serving(*options), client, chance, newer, published):
                kills += 1
                midway_kills += any(follower.is_midway for follower in followers.values())
        with Serving(*options) as server:
            upgrades = wait_for_the_ends(client, published)
            check_the_machines(client, published[-1])
            wait_for_followers(followers, upgrades)
            server.end(signal.SIGTERM)
    assert kills == KILLS
    assert midway_kills >= KILLS // 2
    assert {(each.scale_set, each.targets[0].version) for each in upgrades} == {
        (scale_set_id(name), version) for name in SCALE_SETS for version in published
    }
    for upgrade in upgrades:
        assert upgrade.status == StatusCode.STATUS_CODE_COMPLETED
        follower = followers[upgrade.scale_set]
        assert follower.failure is None
        check_what_was_seen(follower.by_upgrade()[upgrade.name], upgrade)


def put_everything(client: Client) -> None:
    """Both scale sets, whose subscription takes part."""
    client.enroll_subscription(SUBSCRIPTION)
    for name, capacity in SCALE_SETS.items():
        client.put_scale_set(scale_set_id(name), arm_resource(name, capacity=capacity, batch_percent=10))


def wait_for_followers(followers: Mapping[str, Follower], upgrades: Sequence[RollingUpgrade]) -> None:
    """Gives them the time to see the last event of the last upgrade."""
    expected = Counter[str]()
    for upgrade in upgrades:
        expected[upgrade.scale_set] += upgrade.last_sequence
    latest = time.monotonic() + 20.0
    for scale_set, follower in followers.items():
        while len(follower.events) < expected[scale_set] and time.monotonic() < latest:
            time.sleep(0.05)
