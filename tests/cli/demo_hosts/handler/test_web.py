"""The demo's handler, run by hand as an agent runs it: real processes, a real service, and every repetition."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tidegate.cli.demo_hosts.handler.web import Note
from tidegate.cli.demo_hosts.handler_package import PUBLISHER, TYPE, build_package
from tidegate_handler.commands import Command
from tidegate_handler.environment import handler_environment_text
from tidegate_handler.manifest import Manifest
from tidegate_handler.package import unpack
from tidegate_handler.settings import settings_text
from tidegate_handler.status import read_status

WITHIN_SECONDS = 10.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


class Installed:
    """One version of the handler, unpacked and set up as an agent sets it up."""

    def __init__(self, root: Path, version: str, *, answers: int = 200) -> None:
        self.base = root / f"{PUBLISHER}.{TYPE}-{version}"
        self.logs = root / "logs"
        self.logs.mkdir(exist_ok=True)
        info = unpack(build_package(version, root, answers=answers), self.base, sync=False)
        self.manifest: Manifest = info.manifest
        for folder in ("config", "status"):
            (self.base / folder).mkdir(mode=0o700)
        text = handler_environment_text(f"{PUBLISHER}.{TYPE}", self.base, self.logs)
        (self.base / "HandlerEnvironment.json").write_text(text)
        self.note = Note(self.base / "web.pid")

    def set(self, number: int, public: Mapping[str, object] | str) -> None:
        """Write the settings of this number: public ones, or the text of the whole file."""
        text = public if isinstance(public, str) else settings_text(json.dumps(public), None, None)
        (self.base / "config" / f"{number}.settings").write_text(text)

    def run(self, command: Command, **environment: str) -> int:
        """Run the command through a shell, as the contract says; its exit code."""
        inherited = {name: text for name, text in os.environ.items() if not name.startswith(("TIDEGATE", "Config"))}
        # The quickest python3 there is: what stands first on a developer's PATH may be a script that looks for one.
        inherited["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), inherited["PATH"]))
        done = subprocess.run(
            f"{self.base}/{self.manifest.command(command)}",
            shell=True,
            cwd=self.base,
            env={**inherited, **environment},
            capture_output=True,
            timeout=60,
            check=False,
        )
        return done.returncode

    @property
    def process_id(self) -> int:
        """Of the service that runs."""
        assert self.note.is_held()
        return int(self.note.read()[0])

    def status(self, number: int) -> tuple[str, int, str]:
        """What the status file says."""
        status = read_status((self.base / "status" / f"{number}.status").read_bytes())
        return status.status, int(status.code or 0), status.message


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Installed]:
    """Version 1.0.0, unpacked; whatever runs at the end of the test is ended with the folder's note."""
    installed = Installed(tmp_path, "1.0.0")
    yield installed
    for note in tmp_path.rglob("web.pid"):
        Note(note).stop()


def answer(port: int, path: str = "/health") -> tuple[int, str]:
    """What the service says."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as well:
            return well.status, well.read().decode()
    except urllib.error.HTTPError as unwell:
        with unwell:
            return unwell.code, unwell.read().decode()


def until_silent(port: int) -> None:
    """Return once nobody listens on the port."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return
        time.sleep(0.02)
    raise AssertionError(f"somebody still listens on {port}")


def test_from_installed_to_gone(one: Installed) -> None:
    port = free_port()
    one.set(0, {"port": port, "greeting": "good day"})
    assert one.run(Command.INSTALL) == 0
    assert one.run(Command.ENABLE, ConfigSequenceNumber="0") == 0
    assert answer(port) == (200, "web 1.0.0\n")
    assert answer(port, "/") == (200, "good day\nweb 1.0.0\n")
    assert one.status(0) == ("success", 0, "The web service 1.0.0 runs.")
    assert one.run(Command.DISABLE) == 0
    until_silent(port)
    assert not one.note.path.exists()
    assert one.run(Command.UNINSTALL) == 0


def test_everything_may_be_repeated(one: Installed) -> None:
    one.set(0, {"port": free_port()})
    assert [one.run(Command.ENABLE) for _ in range(2)] == [0, 0]
    first = one.process_id
    assert one.run(Command.ENABLE) == 0
    assert one.process_id == first
    for command in (Command.DISABLE, Command.DISABLE, Command.UNINSTALL, Command.UNINSTALL, Command.INSTALL):
        assert one.run(command) == 0


def test_other_settings_begin_the_service_anew(one: Installed) -> None:
    first, second = free_port(), free_port()
    one.set(0, {"port": first})
    assert one.run(Command.ENABLE, ConfigSequenceNumber="0") == 0
    one.set(1, {"port": second})
    assert one.run(Command.ENABLE, ConfigSequenceNumber="1") == 0
    assert answer(second)[0] == 200
    until_silent(first)
    assert one.status(1)[0] == "success"


def test_without_a_number_from_the_agent_the_newest_settings_count(one: Installed) -> None:
    port = free_port()
    for number, wanted in ((10, free_port()), (3, port)):
        one.set(number, {"port": wanted})
        os.utime(one.base / "config" / f"{number}.settings", (1_000 - number, 1_000 - number))
    assert one.run(Command.ENABLE) == 0
    assert answer(port)[0] == 200
    assert one.status(3)[0] == "success"


def test_a_service_that_died_is_begun_again(one: Installed) -> None:
    port = free_port()
    one.set(0, {"port": port})
    assert one.run(Command.ENABLE) == 0
    os.kill(one.process_id, signal.SIGKILL)
    until_silent(port)
    assert one.run(Command.ENABLE) == 0
    assert answer(port) == (200, "web 1.0.0\n")


def test_a_process_that_is_not_ours_is_left_alone(one: Installed) -> None:
    """After a restart of the machine the number in the note may be anybody's."""
    other = subprocess.Popen(["sleep", "60"])
    try:
        one.note.path.write_text(f"{other.pid}\n{{}}\n")
        one.set(0, {"port": free_port()})
        assert one.run(Command.ENABLE) == 0
        one.note.stop()
        one.note.path.write_text(f"{other.pid}\n{{}}\n")
        assert one.run(Command.DISABLE) == 0
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_an_update_hands_the_port_over_as_the_contract_has_it(one: Installed, tmp_path: Path) -> None:
    port = free_port()
    one.set(0, {"port": port})
    assert one.run(Command.ENABLE) == 0
    two = Installed(tmp_path, "1.1.0")
    two.set(0, {"port": port})
    assert one.run(Command.DISABLE) == 0
    assert two.run(Command.UPDATE, VERSION="1.1.0") == 0
    assert one.run(Command.UNINSTALL) == 0
    assert two.run(Command.INSTALL) == 0
    assert two.run(Command.ENABLE) == 0
    assert answer(port) == (200, "web 1.1.0\n")


def test_a_version_may_answer_500_and_still_be_enabled(tmp_path: Path, one: Installed) -> None:
    port = free_port()
    bad = Installed(tmp_path, "1.2.0", answers=500)
    bad.set(0, {"port": port})
    assert bad.run(Command.ENABLE) == 0
    assert answer(port) == (500, "web 1.2.0\n")
    assert bad.status(0)[0] == "success"


def test_the_machine_s_own_port_comes_before_the_settings(one: Installed) -> None:
    port = free_port()
    one.set(0, {"port": 1})
    assert one.run(Command.ENABLE, TIDEGATE_DEMO_PORT=str(port)) == 0
    assert answer(port)[0] == 200
    assert one.run(Command.DISABLE) == 0
    one.set(0, "")
    assert one.run(Command.ENABLE, TIDEGATE_DEMO_PORT=str(port)) == 0


@pytest.mark.parametrize(
    "settings", ["", "no JSON", '{"runtimeSettings": []}', {}, {"port": "http"}, {"port": 0}, {"port": True}]
)
def test_settings_that_are_wrong_are_said_to_be(one: Installed, settings: str | dict[str, object]) -> None:
    one.set(4, settings)
    assert one.run(Command.ENABLE, ConfigSequenceNumber="4") == 53
    status, code, message = one.status(4)
    assert (status, code) == ("error", 53)
    assert "settings" in message or "setting" in message
    assert not one.note.is_held()


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_running(one: Installed) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        one.set(0, {"port": taken.getsockname()[1]})
        assert one.run(Command.ENABLE) == 1
    assert one.status(0)[:2] == ("error", 1)
    assert not one.note.path.exists()


def test_a_service_whose_folder_is_taken_away_ends_by_itself(one: Installed) -> None:
    port = free_port()
    one.set(0, {"port": port})
    assert one.run(Command.ENABLE) == 0
    # So does an agent with a handler that its goal state no longer names: no command is run.
    one.base.rename(one.base.with_name("gone"))
    until_silent(port)


def test_a_command_that_does_not_exist_says_which_do(one: Installed) -> None:
    done = subprocess.run([one.base / "bin/handler", "fly"], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "install|update|enable|disable|uninstall" in done.stderr
