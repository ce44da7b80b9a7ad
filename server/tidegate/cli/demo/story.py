"""The story of the demo, in three acts: an upgrade that goes well, one that is stopped, and one that may not begin.

Law: everything on the screen comes from the server through the client. The same seed gives the same outcome.
"""

from __future__ import annotations

from rich.text import Text

from tidegate.cli.console import table
from tidegate.cli.demo.definitions import SUBSCRIPTION, Definition, definition
from tidegate.cli.plan_page import explanation_page
from tidegate.cli.refusal_lines import refusal_lines
from tidegate.cli.short_names import group_and_name
from tidegate.cli.stage import Stage, outcome_row
from tidegate_client import Client, NotEligible
from tidegate_client.messages import InstanceProgress, InstanceStatus, RollingUpgrade, UpgradeSnapshot

MONITOR = ("Microsoft.Azure.Monitor", "AzureMonitorLinuxAgent", "1.37.1")
DEPENDENCY = ("Microsoft.Azure.Monitoring.DependencyAgent", "DependencyAgentLinux", "9.10.20")

_FAILED = frozenset(
    {
        InstanceStatus.INSTANCE_STATUS_FAILED,
        InstanceStatus.INSTANCE_STATUS_RESTORED,
        InstanceStatus.INSTANCE_STATUS_RESTORE_FAILED,
    }
)


class Story:
    """Tells the three acts to one person, one after the other."""

    def __init__(self, client: Client, stage: Stage, speed: float) -> None:
        """`speed` divides the pauses of the scale sets."""
        self._client = client
        self._stage = stage
        self._web, self._api, self._fabric = (
            definition(name, speed) for name in ("web-frontend", "api-workers", "sf-nt1")
        )

    def tell(self) -> None:
        """The whole story.

        Raises:
            TidegateError: the server refused something that it should not have refused.
        """
        self._set_up()
        healthy = self._act_one()
        stopped = self._act_two()
        self._act_three()
        self._sum_up(healthy, stopped)

    def _set_up(self) -> None:
        self._stage.say("Tidegate demo", "A real server on a free port, a real client, and machines that do not exist.")
        for each in (self._web, self._api, self._fabric):
            self._stage.run(f"tidegate scale-set put {_short(each)} -f {each.scale_set.rpartition('/')[2]}.json")
            self._client.put_scale_set(each.scale_set, each.resource_json)
        self._stage.run(f"tidegate subscription enroll {SUBSCRIPTION}")
        self._client.enroll_subscription(SUBSCRIPTION)
        self._stage.pause()

    def _act_one(self) -> RollingUpgrade:
        self._stage.say(
            "1. A new version is published",
            f"{MONITOR[1]} {MONITOR[2]} is out. {group_and_name(self._web.scale_set)} takes part, so its upgrade "
            "begins by itself: batch by batch, zone by zone, each batch healthy before the next.",
        )
        return self._publish_and_follow(MONITOR, self._web)

    def _act_two(self) -> RollingUpgrade:
        self._stage.say(
            "2. A version that breaks machines",
            f"{DEPENDENCY[1]} {DEPENDENCY[2]} does not start on some machines of "
            f"{group_and_name(self._api.scale_set)}. Watch how far it gets.",
        )
        upgrade = self._publish_and_follow(DEPENDENCY, self._api)
        answer = self._client.get_rolling_upgrade(upgrade.name, include_instances=True)
        failed = next(each for each in answer.instances if each.status in _FAILED)
        waiting = next(each for each in answer.instances if each.status == InstanceStatus.INSTANCE_STATUS_WAITING)
        self._stage.say("Why?", "Ask about any machine: one that failed, and one that was never touched.")
        self._explain(failed)
        self._stage.console.print()
        self._explain(waiting)
        return upgrade

    def _act_three(self) -> None:
        self._stage.say(
            "3. One that may not begin",
            f"{group_and_name(self._fabric.scale_set)} is a Service Fabric cluster. "
            "What may begin is not in the code, but in a policy file:",
        )
        self._stage.run(f"tidegate start {_short(self._fabric)}")
        try:
            self._client.start_extension_rolling_upgrade(self._fabric.scale_set)
        except NotEligible as refusal:
            for line in refusal_lines(refusal):
                self._stage.console.print(line)
        self._stage.pause()

    def _publish_and_follow(self, version: tuple[str, str, str], target: Definition) -> RollingUpgrade:
        self._stage.run(f"tidegate catalog publish {' '.join(version)}")
        self._client.publish_extension_version(*version)
        name = self._begun(target)
        self._stage.run(f"tidegate watch {_short(target)}")
        self._stage.follow(self._client, name)
        self._stage.pause()
        return self._client.get_rolling_upgrade(name).rolling_upgrade

    def _begun(self, target: Definition) -> str:
        """The name of the upgrade that the publication starts; it may take a moment to begin."""
        with self._client.watch_scale_set_upgrades(target.scale_set) as watch:
            item = next(watch)
        return item.rolling_upgrade.name if isinstance(item, UpgradeSnapshot) else item.upgrade

    def _explain(self, instance: InstanceProgress) -> None:
        self._stage.run(f"tidegate explain {_short(self._api)} {instance.instance_id}")
        answer = self._client.explain_instance(self._api.scale_set, instance.instance_id)
        self._stage.console.print(explanation_page(answer))
        self._stage.pause()

    def _sum_up(self, healthy: RollingUpgrade, stopped: RollingUpgrade) -> None:
        self._stage.say("What happened", "")
        rows = [
            outcome_row(group_and_name(each.scale_set), upgrade)
            for each, upgrade in ((self._web, healthy), (self._api, stopped))
        ]
        refused = Text("refused", style="bold red")
        rows.append([group_and_name(self._fabric.scale_set), refused, "", f"{self._fabric.capacity} never touched"])
        self._stage.console.print(table(["scale set", "outcome", "took", "instances"], rows, empty=""))
        self._stage.suggest(
            (
                ("tidegate demo-hosts", "the same on real hosts: processes, handlers, probes"),
                ("tidegate serve", "a server of your own, that remembers"),
                ("tidegate --help", "every verb, and the exit codes"),
                ("tidegate policy check", "the shipped policies, and their rehearsals"),
            )
        )


def _short(target: Definition) -> str:
    group, _, name = group_and_name(target.scale_set).partition("/")
    return f"-g {group} -n {name}"
