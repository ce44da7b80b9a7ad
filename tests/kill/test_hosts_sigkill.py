"""Real hosts whose agents and whose server are killed without warning, again and again, in the middle of upgrades.

Whatever the moment: every upgrade completes, no host ever has two versions enabled, which is looked up on its disk and
in what its handlers told of themselves, and no command runs in an order that the contract forbids, or twice where
nobody was killed.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.agent.peer.disk import states
from tests.agent.peer.packages import CONTRACT, PREFIX, PUBLISHER, RECORD, Recipe, Told, package, told
from tests.cli.samples import SUBSCRIPTION, scale_set_id
from tests.cli.serving import Serving
from tests.kill.deeds import complaints, enabled_at_the_end, repeated
from tests.kill.test_sigkill import free_address
from tidegate.cli.demo_hosts.programs import Program
from tidegate_client import ENDED, Client, Retry
from tidegate_client.messages import ProvisioningState, RollingUpgrade, StatusCode

HOSTS = 4
KILLS = 40
FEWEST_KILLS = 6
MOST_SECONDS = 40.0
"""Where the machine is busy with other things too, the time is up before all the kills are."""
READY_SECONDS = 60.0
"""An agent waits for its server for half of the silence at the most, and then has work to do."""
LOOK_SECONDS = 0.05
BIDE_SECONDS = 4.0
SCALE_SET = scale_set_id("hosts")
RESOURCE = {
    "location": "westeurope",
    "sku": {"name": "Standard_D2s_v5", "capacity": 0},
    "properties": {
        "upgradePolicy": {"mode": "Rolling", "rollingUpgradePolicy": {"maxBatchInstancePercent": 50}},
        "virtualMachineProfile": {
            "extensionProfile": {
                "extensions": [
                    {
                        "name": "agent",
                        "properties": {
                            "publisher": PUBLISHER,
                            "type": "Alpha",
                            "typeHandlerVersion": "1.0",
                            "autoUpgradeMinorVersion": True,
                            "enableAutomaticUpgrade": True,
                            "settings": {"greeting": "hello"},
                        },
                    }
                ]
            }
        },
    },
}
PATIENT = Retry(attempts=400, first_seconds=0.02, most_seconds=0.2)


@dataclass(slots=True)
class Host:
    """One host, and how often its agent was killed."""

    name: str
    root: Path
    record: Path
    agent: Program
    kills: int = 0
    complaints: list[str] = field(default_factory=list)

    @property
    def told(self) -> Sequence[Told]:
        return told(self.record)

    def look_at_its_disk(self) -> None:
        """Notes it where two versions are enabled; at a moment when its agent is dead and cannot change anything."""
        enabled = [name for name, state in states(self.root).items() if state == "Enabled"]
        if len(enabled) > 1:
            self.complaints.append(f"{self.name}: {enabled} are enabled at once after kill {self.kills}")

    @property
    def is_midway(self) -> bool:
        """A move is under way: the last thing that was heard of its handlers is not the end of an enable."""
        told = self.told
        return bool(told) and (told[-1].moment, told[-1].command) != ("end", "enable")

    def kill(self) -> bool:
        """Kills its agent, looks, and starts it again; whether a move was under way."""
        self.agent.kill()
        self.kills += 1
        self.look_at_its_disk()
        is_midway = self.is_midway
        self.agent.begin()
        return is_midway


class Publisher:
    """Publishes the next version whenever the upgrades to the last one have ended."""

    def __init__(self, client: Client, folder: Path) -> None:
        self._client = client
        self._folder = folder
        self._minors = itertools.count()
        self.published: list[str] = []

    def publish(self) -> None:
        """The next version; each command of it takes a while, so that there is something to interrupt."""
        recipe = Recipe(type="Alpha", version=f"1.{next(self._minors)}", seconds=0.04)
        file = self._folder / f"{recipe.version}.zip"
        file.write_bytes(package(recipe))
        self._client.publish_extension_package(file, PUBLISHER, recipe.type, recipe.version)
        self.published.append(recipe.version)

    def publish_if_idle(self) -> None:
        if self.are_over():
            self.publish()

    def are_over(self) -> bool:
        """Whether the upgrade to every version but the first, which hosts join with, has ended."""
        upgrades = self.upgrades()
        return len(upgrades) == len(self.published) - 1 and all(each.status in ENDED for each in upgrades)

    def upgrades(self) -> Sequence[RollingUpgrade]:
        return list(self._client.list_rolling_upgrades())


def join(client: Client, address: str, folder: Path) -> Iterator[Host]:
    """Hosts whose agents have begun to join."""
    for number in range(HOSTS):
        name = f"host-{number}"
        root = folder / name
        root.mkdir()
        token = root / "join.token"
        token.write_text(client.create_join_token(SCALE_SET, instance_id=name).token)
        where = ("--root", str(root), "--server", address, "--token-file", str(token), "--name", name)
        record = folder / f"{name}.record"
        agent = Program("tidegate_agent.main", ["run", *where], folder / f"{name}.log", {RECORD: str(record)})
        agent.begin()
        yield Host(name=name, root=root, record=record, agent=agent)


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    """Returns once it is so."""
    latest = time.monotonic() + READY_SECONDS
    while not is_so():
        assert time.monotonic() < latest, f"{what} takes too long"
        time.sleep(LOOK_SECONDS)


def choose(chance: random.Random, hosts: Sequence[Host]) -> Host | None:
    """Waits for a moment to kill, and chooses a host's agent, or None for the server.

    Mostly it is a moment in which a host is in the middle of a move, and then mostly that host's agent. The first
    host's agent is never chosen: it shows what nobody's death excuses. The server is chosen seldom, since agents wait
    ever longer for one that goes again and again.
    """
    if chance.random() < 0.2:
        return chance.choice([None, *hosts[1:]])
    latest = time.monotonic() + BIDE_SECONDS
    while not any(host.is_midway for host in hosts) and time.monotonic() < latest:
        time.sleep(0.01)
    time.sleep(chance.uniform(0.0, 0.3))
    midway = [host for host in hosts[1:] if host.is_midway]
    return None if not midway or chance.random() < 0.25 else chance.choice(midway)


def all_run(client: Client, version: str) -> bool:
    """Whether the server says of every host that it runs this version, and well."""
    running = {
        each.instance_id: [(extension.version, extension.provisioning_state) for extension in each.extensions]
        for each in client.list_instances(SCALE_SET)
    }
    well = [(version, ProvisioningState.PROVISIONING_STATE_SUCCEEDED)]
    return running == {f"host-{number}": well for number in range(HOSTS)}


def check_what_was_told(host: Host, published: Sequence[str]) -> None:
    """The handlers' own record: nothing forbidden, nothing done twice, and at the end one version."""
    assert list(complaints(host.told)) == []
    assert enabled_at_the_end(host.told) == {published[-1]}
    enabled = list(dict.fromkeys(each.version for each in host.told if each.command == "enable"))
    assert enabled == list(published)
    again = repeated(host.told)
    assert again.total() <= host.kills, again
    assert set(again.values()) <= {1, 2}, again


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name in CONTRACT or name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


@pytest.mark.xdist_group("kill")
def test_hosts_and_their_server_killed_again_and_again_never_run_two_versions(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    chance, address = random.Random(seed), free_address()
    bounds = ("--heartbeat", "PT1S", "--silence", "PT20S", "--log-level", "warning")
    options = ("--listen", address, "--data", str(tmp_path / "data"), "--fleet", "agents", *bounds)
    kills = Counter[str]()
    with ExitStack() as closing:
        client = closing.enter_context(Client(address, retry=PATIENT, timeout_seconds=30.0))
        publisher = Publisher(client, tmp_path)
        server = Serving(*options)
        closing.callback(lambda: server.end(signal.SIGKILL))
        server.begin()
        server.wait_until_it_serves()
        client.enroll_subscription(SUBSCRIPTION)
        client.put_scale_set(SCALE_SET, RESOURCE)
        publisher.publish()
        hosts = list[Host]()
        for host in join(client, address, tmp_path):
            closing.callback(host.agent.end)
            hosts.append(host)
        wait_until(lambda: all_run(client, publisher.published[0]), "joining")
        until = time.monotonic() + MOST_SECONDS
        while kills["agent"] + kills["server"] < KILLS and time.monotonic() < until:
            publisher.publish_if_idle()
            victim = choose(chance, hosts)
            if victim is None:
                kills["midway"] += any(host.is_midway for host in hosts)
                server.end(signal.SIGKILL)
                kills["server"] += 1
                time.sleep(chance.uniform(0.0, 0.3))
                server = Serving(*options)
                server.begin()
                server.wait_until_it_serves()
            else:
                kills["midway"] += victim.kill()
                kills["agent"] += 1
        wait_until(publisher.are_over, "the last upgrade")
        wait_until(lambda: all_run(client, publisher.published[-1]), "the last host")
        upgrades = publisher.upgrades()
    print(f"{dict(kills)}, versions {publisher.published}")  # noqa: T201 - as the seed
    assert kills["agent"] + kills["server"] >= FEWEST_KILLS
    assert min(kills["agent"], kills["server"]) >= 1
    assert kills["midway"] >= FEWEST_KILLS // 2, "hardly anything was interrupted"
    assert {each.status for each in upgrades} == {StatusCode.STATUS_CODE_COMPLETED}
    assert {each.progress.successful_instance_count for each in upgrades} == {HOSTS}
    for host in hosts:
        host.look_at_its_disk()
        assert host.complaints == []
        assert states(host.root) == {f"Alpha {publisher.published[-1]}": "Enabled"}
        check_what_was_told(host, publisher.published)
    assert repeated(hosts[0].told) == Counter()
