"""The story of the demo of real hosts: they join, a good version survives two kills, and a bad one is brought back.

Law: everything on the screen comes from the server through the client, or from the hosts' own web services.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from tidegate.cli.console import table
from tidegate.cli.demo_hosts.farm import READY_SECONDS, Farm
from tidegate.cli.demo_hosts.handler_package import PUBLISHER, TYPE, build_package
from tidegate.cli.demo_hosts.mishaps import Mishaps, kill_an_agent, kill_the_server
from tidegate.cli.plan_page import explanation_page
from tidegate.cli.stage import Stage, outcome_row
from tidegate.domain.resource_id import ScaleSetId
from tidegate_client import Client
from tidegate_client.messages import InstanceStatus, ProbeState, RollingUpgrade, UpgradeSnapshot

SUBSCRIPTION = "5f0c2b7e-9a41-4c1d-8a53-2f6d3b1e7c90"
SCALE_SET = str(ScaleSetId(subscription=SUBSCRIPTION, resource_group="storefront", name="web"))
_LOOK_SECONDS = 0.1
_WELL = frozenset({ProbeState.PROBE_STATE_HEALTHY})


class HostsNotReady(Exception):
    """The hosts of the demo did not become well in time; the message says how they stood."""


class Story:
    """Tells the story on one farm to one person."""

    def __init__(self, farm: Farm, client: Client, stage: Stage) -> None:
        self._farm = farm
        self._client = client
        self._stage = stage

    def tell(self) -> None:
        """The whole story.

        Raises:
            TidegateError: the server refused something that it should not have refused.
            HostsNotReady, DidNotBegin: a process of the demo did not do its part.
        """
        self._hosts_join()
        good = self._a_good_version()
        bad = self._a_bad_version()
        self._sum_up(good, bad)

    def _hosts_join(self) -> None:
        self._stage.say(
            "Tidegate on real hosts",
            "A server, and agents as processes of their own: each has its folder, and a web service behind a health "
            "probe. What they run is an extension handler, by the contract that Azure's agents keep.",
        )
        self._stage.run("tidegate scale-set put -g storefront -n web -f web.json")
        self._client.put_scale_set(SCALE_SET, _read("web.json"))
        self._stage.run(f"tidegate subscription enroll {SUBSCRIPTION}")
        self._client.enroll_subscription(SUBSCRIPTION)
        self._publish("1.0.0")
        self._stage.run("tidegate host token -g storefront -n web --out join.token")
        self._stage.run("tidegate-agent run --server HOST:PORT --token-file join.token --name web-1 ...")
        self._farm.add_hosts(self._client, SCALE_SET)
        self._wait_until_well("1.0.0")
        self._show_hosts()
        self._stage.pause()

    def _a_good_version(self) -> RollingUpgrade:
        self._stage.say(
            "1. A good version, and two kills",
            "Version 1.1.0 is published, and its upgrade begins by itself: a quarter of the hosts at a time, each "
            "batch well before the next. Meanwhile an agent is killed in the middle of its update, then the server.",
        )
        self._publish("1.1.0")
        mishaps = {
            2: kill_an_agent(self._farm, "1.1.0", self._stage.shout),
            3: kill_the_server(self._farm, "1.1.0", self._stage.shout),
        }
        name = self._begun(after="")
        with Mishaps(self._client, name, mishaps):
            self._follow(name)
        self._wait_until_well("1.1.0")
        self._show_hosts()
        self._stage.pause()
        return self._client.get_rolling_upgrade(name).rolling_upgrade

    def _a_bad_version(self) -> RollingUpgrade:
        self._stage.say(
            "2. A version that answers 500",
            "The handler of 1.2.0 installs without complaint, but its web service answers every question with 500. The "
            "probe notices; the upgrade stops after the first batch, and those hosts go back.",
        )
        earlier = self._client.get_latest_rolling_upgrade(SCALE_SET).name
        self._publish("1.2.0", answers=500)
        name = self._begun(after=earlier)
        self._follow(name)
        answer = self._client.get_rolling_upgrade(name, include_instances=True)
        restored = next(each for each in answer.instances if each.status == InstanceStatus.INSTANCE_STATUS_RESTORED)
        self._stage.run(f"tidegate explain -g storefront -n web {restored.instance_id}")
        self._stage.console.print(explanation_page(self._client.explain_instance(SCALE_SET, restored.instance_id)))
        self._wait_until_well("1.1.0")
        self._show_hosts()
        self._stage.pause()
        return answer.rolling_upgrade

    def _publish(self, version: str, answers: int = 200) -> None:
        package = build_package(version, self._farm.folder, answers=answers)
        self._stage.run(f"tidegate catalog publish {package.name}")
        self._client.publish_extension_package(package, PUBLISHER, TYPE, version)

    def _begun(self, after: str) -> str:
        """The name of the upgrade that the publication starts: not `after`, the one before."""
        with self._client.watch_scale_set_upgrades(SCALE_SET) as watch:
            for item in watch:
                name = item.rolling_upgrade.name if isinstance(item, UpgradeSnapshot) else item.upgrade
                if name != after:
                    return name
        raise AssertionError("a watch of a scale set goes on until it is closed")

    def _wait_until_well(self, version: str) -> None:
        """Wait until every host runs the version and its probe says that it is well.

        Raises:
            HostsNotReady: it does not come to that.
        """
        until = time.monotonic() + READY_SECONDS
        while True:
            instances = list(self._client.list_instances(SCALE_SET))
            standing = [
                (each.instance_id, [state.version for state in each.extensions], each.probe) for each in instances
            ]
            if len(standing) == len(self._farm.hosts) and all(
                versions == [version] and probe in _WELL for _, versions, probe in standing
            ):
                return
            if time.monotonic() > until:
                raise HostsNotReady(f"not all hosts run {version} and are well after {READY_SECONDS:g} s: {standing}")
            time.sleep(_LOOK_SECONDS)

    def _show_hosts(self) -> None:
        self._stage.run("tidegate host list -g storefront -n web; curl each one")
        rows = [
            [host.name, f"zone {host.zone}", str(host.agent.process_id), _versions(instance.extensions), host.answer()]
            for instance in self._client.list_instances(SCALE_SET)
            for host in [self._farm.hosts[instance.instance_id]]
        ]
        self._stage.console.print(table(["host", "zone", "agent", "runs", "its web service"], rows, empty=""))

    def _sum_up(self, good: RollingUpgrade, bad: RollingUpgrade) -> None:
        self._stage.say("What happened", "")
        rows = [outcome_row("1.1.0", good), outcome_row("1.2.0", bad)]
        self._stage.console.print(table(["version", "outcome", "took", "hosts"], rows, empty=""))
        self._stage.suggest(
            (
                ("tidegate serve --fleet agents", "a server for hosts of your own"),
                ("tidegate ca init", "the authority whose certificates they show each other"),
                ("tidegate-agent --help", "everything that an agent can do"),
            )
        )

    def _follow(self, upgrade: str) -> None:
        self._stage.run("tidegate watch -g storefront -n web")
        self._stage.follow(self._client, upgrade)


def policies_folder() -> Path:
    """Where the demo's own policy lies."""
    return Path(str(files(__package__).joinpath("policies")))


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _versions(extensions: Iterable[object]) -> str:
    return ", ".join(str(getattr(each, "version", "")) for each in extensions)
