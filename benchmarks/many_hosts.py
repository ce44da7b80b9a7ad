"""A thousand hosts on one server: what each costs, how they come back after a kill, and a whole upgrade of them.

The server and the agents are real processes on loopback, the agents in a few processes together. The baseline of the
memory is the same server without hosts, and that of the upgrade are the same five commands of every host, run one after
another by a shell loop on the same machine, since starting processes is what an upgrade of this kind is made of.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.noop_handler import PUBLISHER, TYPE, build_package
from benchmarks.processes import ServerProcess
from benchmarks.report import Line
from tidegate_client import Client, Retry
from tidegate_client.messages import ProvisioningState, RollingUpgrade, StatusCode

HOSTS = int(os.environ.get("TIDEGATE_BENCH_HOSTS", "1000"))
PROCESSES = 2
LONGEST_SECONDS = 600.0
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
SCALE_SET = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/many/providers/Microsoft.Compute/virtualMachineScaleSets/web"
PATIENT = Retry(attempts=400, first_seconds=0.05, most_seconds=0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one run of everything showed."""

    join_seconds: float
    bytes_per_host: float
    return_seconds: float
    """From the start of the new server until every host was heard again."""
    return_cpu_seconds: float
    """Of the server, for taking all of them in again."""
    upgrade_seconds: float
    server_cpu_seconds: float
    agents_cpu_seconds: float
    shell_seconds: float


class Farm:
    """A server, and agents in a few processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = ""
        self.server: ServerProcess | None = None
        self.agents: list[subprocess.Popen[str]] = []
        self._serving: subprocess.Popen[str] | None = None

    def serve(self) -> None:
        """Start the server, the second time on the same port."""
        arguments = ["serve", "--listen", self.address or "127.0.0.1:0", "--fleet", "agents", "--log-level", "error"]
        run = "import sys; from tidegate.cli.main import main; sys.exit(main())"
        self._serving = subprocess.Popen(
            [sys.executable, "-c", run, *arguments, "--data", str(self.folder / "data")],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._serving.stdout is not None
        line = self._serving.stdout.readline()
        self.address = line.split()[2]
        self.server = ServerProcess(process_id=self._serving.pid, address=self.address)

    def kill_server(self) -> None:
        """Without warning."""
        assert self._serving is not None
        self._serving.send_signal(signal.SIGKILL)
        self._serving.wait()
        assert self._serving.stdout is not None
        self._serving.stdout.close()

    def add_agents(self, tokens: list[str]) -> None:
        """Start the agents and return once all have joined."""
        share = -(-len(tokens) // PROCESSES)
        for first in range(0, len(tokens), share):
            words = ["-m", "benchmarks.agents_process", str(self.folder), self.address, str(first)]
            process = subprocess.Popen(
                [sys.executable, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            self.agents.append(process)
            assert process.stdin is not None
            process.stdin.write("\n".join(tokens[first : first + share]) + "\n")
            process.stdin.close()
        for process in self.agents:
            assert process.stdout is not None
            assert process.stdout.readline() == "joined\n", "the agents did not all join"

    def agents_cpu_seconds(self) -> float:
        """Of the agents and of all commands that they ran and waited for."""
        ticks = os.sysconf("SC_CLK_TCK")
        fields = [Path(f"/proc/{each.pid}/stat").read_text().rpartition(")")[2].split() for each in self.agents]
        return sum(sum(map(int, each[11:15])) for each in fields) / ticks

    def close(self) -> None:
        """End everything that was begun here."""
        for process in self.agents:
            process.terminate()
        for process in self.agents:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            assert process.stdout is not None
            process.stdout.close()
        if self._serving is not None and self._serving.poll() is None:
            self.kill_server()


@contextmanager
def farm() -> Iterator[Farm]:
    """A farm whose server serves."""
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder, ExitStack() as closing:
        made = Farm(Path(folder))
        closing.callback(made.close)
        made.serve()
        yield made


def _until(condition: Callable[[], bool]) -> float:
    """Seconds until it holds; looks often enough to be right by a tenth of a second."""
    begin = time.perf_counter()
    while not condition():
        assert time.perf_counter() - begin < LONGEST_SECONDS, "it takes too long"
        time.sleep(0.1)
    return time.perf_counter() - begin


def _resource() -> Mapping[str, object]:
    extension = {
        "name": "nothing",
        "properties": {
            "publisher": PUBLISHER,
            "type": TYPE,
            "typeHandlerVersion": "1.0",
            "autoUpgradeMinorVersion": True,
            "settings": {"any": "thing"},
        },
    }
    rolling = {"maxBatchInstancePercent": 20}
    profile = {"extensionProfile": {"extensions": [extension]}}
    properties = {"upgradePolicy": {"rollingUpgradePolicy": rolling}, "virtualMachineProfile": profile}
    return {"location": "westeurope", "sku": {"capacity": 0}, "properties": properties}


def _all_run(client: Client, version: str) -> bool:
    """Every host runs the version and can be reached."""
    well = (version, ProvisioningState.PROVISIONING_STATE_SUCCEEDED)
    instances = list(client.list_instances(SCALE_SET))
    return len(instances) == HOSTS and all(
        each.is_reachable and [(state.version, state.provisioning_state) for state in each.extensions] == [well]
        for each in instances
    )


def _all_connected(client: Client) -> bool:
    hosts = list(client.list_hosts(scale_set=SCALE_SET, page_size=1_000))
    return len(hosts) == HOSTS and all(host.is_connected for host in hosts)


def _upgraded(client: Client, version: str) -> RollingUpgrade:
    """The upgrade to the version, once it has ended."""

    def is_over() -> bool:
        return any(
            upgrade.HasField("end_time") and upgrade.targets[0].version == version
            for upgrade in client.list_rolling_upgrades(scale_set=SCALE_SET)
        )

    _until(is_over)
    return client.get_latest_rolling_upgrade(SCALE_SET)


def _shell_seconds(folder: Path) -> float:
    """The same commands for every host, one after another, each a process of its own as the agent starts it."""
    script = folder / "nothing"
    script.write_text("#!/bin/sh\nexit 0\n")
    script.chmod(0o755)
    begin = time.perf_counter()
    # Disable, update, uninstall and enable: the handler has no install after an update.
    for _ in range(HOSTS * 4):
        subprocess.run(["/bin/sh", "-c", str(script)], check=True, start_new_session=True)
    return time.perf_counter() - begin


def run() -> Measured:
    """Everything, once."""
    with farm() as made, Client(made.address, retry=PATIENT, timeout_seconds=60.0) as client:
        assert made.server is not None
        client.enroll_subscription(SUBSCRIPTION)
        client.put_scale_set(SCALE_SET, json.dumps(_resource()))
        client.publish_extension_package(build_package("1.0", made.folder), PUBLISHER, TYPE, "1.0")
        tokens = [client.create_join_token(SCALE_SET).token for _ in range(HOSTS)]
        before = made.server.resident_bytes()
        begin = time.perf_counter()
        made.add_agents(tokens)
        _until(lambda: _all_run(client, "1.0"))
        join_seconds = time.perf_counter() - begin
        bytes_per_host = (made.server.resident_bytes() - before) / HOSTS
        made.kill_server()
        made.serve()
        return_seconds = _until(lambda: _all_connected(client))
        return_cpu_seconds = made.server.cpu_seconds()
        server_cpu_before, agents_cpu_before = made.server.cpu_seconds(), made.agents_cpu_seconds()
        client.publish_extension_package(build_package("1.1", made.folder), PUBLISHER, TYPE, "1.1")
        upgrade = _upgraded(client, "1.1")
        assert upgrade.status == StatusCode.STATUS_CODE_COMPLETED, upgrade
        assert upgrade.progress.successful_instance_count == HOSTS
        assert _all_run(client, "1.1")
        took = upgrade.end_time.ToMilliseconds() - upgrade.start_time.ToMilliseconds()
        return Measured(
            join_seconds=join_seconds,
            bytes_per_host=bytes_per_host,
            return_seconds=return_seconds,
            return_cpu_seconds=return_cpu_seconds,
            upgrade_seconds=took / 1_000,
            server_cpu_seconds=made.server.cpu_seconds() - server_cpu_before,
            agents_cpu_seconds=made.agents_cpu_seconds() - agents_cpu_before,
            shell_seconds=_shell_seconds(made.folder),
        )


def measure() -> list[Line]:
    """One run, told in four lines."""
    found = run()
    return [
        Line(
            name=f"{HOSTS:,} hosts join and install their first version",
            reached=f"{found.join_seconds:.1f} s",
            baseline="",
            ratio="",
            aim="all of them",
        ),
        Line(
            name="memory of the server for each connected host",
            reached=f"{found.bytes_per_host / 1_024:,.1f} KiB",
            baseline="the same server without hosts",
            ratio="",
            aim="bounded",
        ),
        Line(
            name=f"{HOSTS:,} hosts come back after SIGKILL of the server",
            reached=f"{found.return_seconds:.1f} s, {found.return_cpu_seconds:.1f} s of the server's processor",
            baseline="waits are drawn from 0 to 2 s, then doubling to 60 s",
            ratio="",
            aim="no storm",
        ),
        Line(
            name=f"a whole upgrade of {HOSTS:,} hosts, 5 batches",
            reached=f"{found.upgrade_seconds:.1f} s; processor for each host: server "
            f"{found.server_cpu_seconds / HOSTS * 1_000:.1f} ms, agent and commands "
            f"{found.agents_cpu_seconds / HOSTS * 1_000:.1f} ms",
            baseline=f"its commands alone, one after another: {found.shell_seconds:.1f} s",
            ratio=f"{found.upgrade_seconds / found.shell_seconds:.2f}",
            aim="it completes",
        ),
    ]
