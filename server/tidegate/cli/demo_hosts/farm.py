"""The farm of the demo: one server and a few hosts, every one a process of its own with a folder and a port of its own.

Law: nothing outside the farm's folder is touched, nothing but loopback is listened on, and nothing runs on when the
farm is closed, the web services of the handlers included.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tidegate.cli.demo_hosts.programs import Program
from tidegate_client import Client

READY_SECONDS = 30.0
_ASK_SECONDS = 1.0
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class FarmHost:
    """One host: its agent, its folder, and the port on which its web service answers."""

    name: str
    zone: str
    root: Path
    port: int
    agent: Program

    def answer(self) -> str:
        """What its web service says now, such as `200 web 1.1.0`; or why it says nothing."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=_ASK_SECONDS) as answer:
                return f"{answer.status} {answer.read(200).decode('utf-8', 'replace').strip()}"
        except urllib.error.HTTPError as refused:
            with refused:
                return f"{refused.code} {refused.read(200).decode('utf-8', 'replace').strip()}"
        except OSError as silent:
            return f"no answer: {silent}"


class Farm:
    """Begins with `with`, and ends everything that it began."""

    def __init__(self, folder: Path, *, policies: Path, host_count: int) -> None:
        """`folder` is empty and the farm's own."""
        self.folder = folder
        self._count = host_count
        # Of all ports that are free now, so many that no two are the same.
        server_port, *self._ports = _free_ports(1 + host_count)
        self.address = f"127.0.0.1:{server_port}"
        # Decisions name the policies as they are named here.
        shutil.copytree(policies, folder / "policies")
        options = ("--fleet", "agents", "--data", "data", "--policies", "policies")
        bounds = ("--heartbeat", "PT2S", "--silence", "PT20S", "--log-level", "warning")
        self.server = Program(
            "tidegate.cli.main", ["serve", "--listen", self.address, *options, *bounds], folder / "server.log", {}
        )
        self.hosts: dict[str, FarmHost] = {}
        self._parts = ExitStack()

    def __enter__(self) -> Farm:
        with ExitStack() as undoing:
            undoing.callback(self.server.end)
            self.begin_server()
            self._parts = undoing.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._parts.close()

    def begin_server(self) -> None:
        """Start the server, and return when it serves.

        Raises:
            DidNotBegin: it does not.
        """
        self.server.begin()
        self.server.wait_for("Tidegate serves", READY_SECONDS)

    def add_hosts(self, client: Client, scale_set: str) -> None:
        """Give every host a token of its own and start its agent, which joins with it."""
        for number, port in enumerate(self._ports, 1):
            name = f"web-{number}"
            root = self.folder / name
            root.mkdir()
            token = root / "join.token"
            token.write_text(client.create_join_token(scale_set, instance_id=name).token, encoding="utf-8")
            zone = str(1 + (number - 1) * 2 // self._count)
            where = ("--root", str(root), "--server", self.address, "--token-file", str(token))
            what = ("--name", name, "--zone", zone, "--probe-address", f"127.0.0.1:{port}")
            agent = Program(
                "tidegate_agent.main",
                ["run", *where, *what],
                self.folder / f"{name}.log",
                {"TIDEGATE_DEMO_PORT": str(port)},
            )
            self._parts.callback(_end_web_service, root)
            self._parts.callback(agent.end)
            agent.begin()
            self.hosts[name] = FarmHost(name=name, zone=zone, root=root, port=port, agent=agent)


def wait_until_updating(host: FarmHost, version: str) -> bool:
    """Return True once the host's agent has begun to bring this version there; False where it does not."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if any(host.root.glob(f"lib/*-{version}/config/HandlerState")):
            return True
        time.sleep(_LOOK_SECONDS)
    return False


def _end_web_service(root: Path) -> None:
    """End the web service that the handler left running; only one that is known by the handler's own note of it."""
    for note in root.rglob("web.pid"):
        try:
            os.kill(int(note.read_text(encoding="ascii").split()[0]), signal.SIGTERM)
        except (OSError, ValueError, IndexError):
            # It is gone already.
            continue


def _free_ports(count: int) -> list[int]:
    with ExitStack() as taken:
        sockets = [taken.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]
