"""The upgrade by Tidegate: a server and an agent for each host, every one of them a process as its user would start it.

The hosts have joined and run the first version before anything is measured, as they have before Ansible and pyinfra
begin. An upgrade lasts from the publication of the next version until the server says that the rolling upgrade which
follows from it has ended well; what it costs is the processor time of the server, of all agents, and of the commands.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.hosts_against.contest import PUBLISHER, TYPE, Contest, write_package
from benchmarks.hosts_against.spent import Spent
from benchmarks.many_hosts import Farm
from tidegate_client import Client, Retry
from tidegate_client.messages import StatusCode

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
SCALE_SET = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/web/providers/Microsoft.Compute/virtualMachineScaleSets/web"
LONGEST_SECONDS = 300.0
LOOK_AGAIN_SECONDS = 0.02
ENDING_SECONDS = 30
_AGENT = "import sys; from tidegate_agent.main import main; sys.exit(main())"


class Hosts:
    """A server with hosts that have joined it and run the version before `contest.new`."""

    def __init__(
        self, contest: Contest, server: Farm, client: Client, agents: Sequence[subprocess.Popen[bytes]]
    ) -> None:
        self.contest = contest
        self._server = server
        self._client = client
        self._agents = agents

    def upgrade(self) -> Spent:
        """One whole upgrade to the next version."""
        package = self.contest.hosts.parent / "next.zip"
        write_package(package, self.contest.new)
        before, begin = self._cpu_seconds(), time.perf_counter()
        self._client.publish_extension_package(package, PUBLISHER, TYPE, self.contest.new)
        _until(self._is_over)
        wall_seconds = time.perf_counter() - begin
        return Spent(wall_seconds=wall_seconds, cpu_seconds=self._cpu_seconds() - before)

    def all_run(self, version: str) -> bool:
        """Every host runs it."""
        instances = list(self._client.list_instances(SCALE_SET))
        running = [state.version for each in instances for state in each.extensions if each.is_reachable]
        return running == [version] * self.contest.host_count

    def _is_over(self) -> bool:
        upgrades = self._client.list_rolling_upgrades(scale_set=SCALE_SET)
        mine = [each for each in upgrades if each.targets and each.targets[0].version == self.contest.new]
        if not mine or not mine[0].HasField("end_time"):
            return False
        assert mine[0].status == StatusCode.STATUS_CODE_COMPLETED, mine[0]
        assert mine[0].progress.successful_instance_count == self.contest.host_count, mine[0]
        return True

    def _cpu_seconds(self) -> float:
        """Of everything that runs, and of all commands that have ended."""
        assert self._server.server is not None
        ticks = os.sysconf("SC_CLK_TCK")
        ids = [self._server.server.process_id, *(agent.pid for agent in self._agents)]
        fields = [Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split() for each in ids]
        return sum(sum(map(int, each[11:15])) for each in fields) / ticks


@contextmanager
def hosts(contest: Contest) -> Iterator[Hosts]:
    """The hosts of the contest, joined and at its old version, while the block lasts."""
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder, ExitStack() as closing:
        server = Farm(Path(folder))
        closing.callback(server.close)
        server.serve()
        retry = Retry(attempts=100, first_seconds=0.05, most_seconds=0.5)
        client = closing.enter_context(Client(server.address, retry=retry, timeout_seconds=60.0))
        client.enroll_subscription(SUBSCRIPTION)
        client.put_scale_set(SCALE_SET, json.dumps(_resource(contest)))
        package = Path(folder) / "first.zip"
        write_package(package, contest.old)
        client.publish_extension_package(package, PUBLISHER, TYPE, contest.old)
        agents: list[subprocess.Popen[bytes]] = []
        closing.callback(_end, agents)
        for name in contest.names:
            token = client.create_join_token(SCALE_SET, instance_id=name).token
            agents.append(_started(contest.hosts / name, name, server.address, token))
        joined = Hosts(contest, server, client, agents)
        _until(lambda: joined.all_run(contest.old))
        yield joined


def _started(root: Path, name: str, server: str, token: str) -> subprocess.Popen[bytes]:
    """The agent as a user would start it; the token goes by the environment, where nobody else sees it."""
    words = ["run", "--root", str(root), "--server", server, "--name", name, "--log-level", "error"]
    return subprocess.Popen([sys.executable, "-c", _AGENT, *words], env={**os.environ, "TIDEGATE_JOIN_TOKEN": token})


def _end(agents: Sequence[subprocess.Popen[bytes]]) -> None:
    for agent in agents:
        agent.terminate()
    for agent in agents:
        try:
            agent.wait(ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            agent.kill()
            agent.wait()


def _resource(contest: Contest) -> dict[str, object]:
    extension = {
        "name": "noop",
        "properties": {
            "publisher": PUBLISHER,
            "type": TYPE,
            "typeHandlerVersion": contest.old,
            "autoUpgradeMinorVersion": True,
        },
    }
    properties = {
        "upgradePolicy": {"rollingUpgradePolicy": {"maxBatchInstancePercent": contest.batch_percent}},
        "virtualMachineProfile": {"extensionProfile": {"extensions": [extension]}},
    }
    return {"location": "westeurope", "sku": {"capacity": 0}, "properties": properties}


def _until(condition: Callable[[], bool]) -> None:
    """Look until it holds."""
    begin = time.perf_counter()
    while not condition():
        assert time.perf_counter() - begin < LONGEST_SECONDS, "it takes too long"
        time.sleep(LOOK_AGAIN_SECONDS)
