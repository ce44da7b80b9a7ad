"""Runs Debian's `waagent` 2.7.3 as a peer: its own handling of extensions, in a process of its own, under a folder.

    python driver.py PACKAGE_FOLDER ROOT SECOND_LENGTH

Reads goal states from stdin, a line of JSON each: `{"incarnation": 1, "packages": {HANDLER: {VERSION: FILE}},
"extensions": [vmSettings' extensionGoalStates]}`, and answers each with a line: the aggregate status that the agent
would upload.

Law: the agent's code decides, unchanged. Only what would reach the world is ours: goal states and packages come from
files instead of the wire server, nothing is uploaded, no cgroup is made (its configurator is never initialized), no
telemetry is kept, and its seconds are SECOND_LENGTH long. This file stands alone and needs only the standard library,
for it is run by Debian's own Python where there is one. A module of the standard library that 2.7.3 still imports and a
newer Python has no more is replaced by the little that is needed of it.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import time
import types
from pathlib import Path
from typing import Any, TextIO

ENDPOINT = "127.0.0.1"
CONFIGURATION = """\
Extensions.Enabled=y
Lib.Dir={root}/lib
Extension.LogDir={root}/log
Logs.Console=n
"""
MANIFEST = "<PluginVersionManifest><Plugins>{plugins}</Plugins><InternalPlugins /></PluginVersionManifest>"
PLUGIN = "<Plugin><Version>{version}</Version><Uris><Uri>{uri}</Uri></Uris></Plugin>"


class Version:
    """What `distutils.version.Version` is to those derived from it; Python dropped distutils in 3.12."""

    def __init__(self, vstring: str | None = None) -> None:
        if vstring:
            self.parse(vstring)

    def parse(self, vstring: str) -> None:
        self.parts = [int(part) if part.isdigit() else part for part in vstring.split(".")]

    def __lt__(self, other: Version | str) -> bool:
        return self._cmp(other) < 0

    def __le__(self, other: Version | str) -> bool:
        return self._cmp(other) <= 0

    def __gt__(self, other: Version | str) -> bool:
        return self._cmp(other) > 0

    def __ge__(self, other: Version | str) -> bool:
        return self._cmp(other) >= 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version | str) and self._cmp(other) == 0

    def __hash__(self) -> int:
        return id(self)

    def _cmp(self, other: Version | str) -> int:
        theirs = other if isinstance(other, Version) else Version(other)
        return (self.parts > theirs.parts) - (self.parts < theirs.parts)


def supply_what_python_dropped() -> None:
    """Puts the modules that are missing where an import finds them."""
    try:
        importlib.import_module("distutils.version")
    except ModuleNotFoundError:
        package, module = types.ModuleType("distutils"), types.ModuleType("distutils.version")
        module.__dict__.update(Version=Version, LooseVersion=Version)
        package.__dict__["version"] = module
        sys.modules.update({"distutils": package, "distutils.version": module})
    try:
        importlib.import_module("crypt")
    except ModuleNotFoundError:  # passwords are hashed with it, and nobody gives one here
        sys.modules["crypt"] = types.ModuleType("crypt")


# The agent's own objects have no types: it is a program of Python 2.6 and later.
class Desk:
    """Stands where the wire server's client stands: what the agent asks of its world, from files."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._packages: dict[str, dict[str, str]] = {}
        self._wire: Any = importlib.import_module("azurelinuxagent.common.protocol.wire")
        self._factory: Any = importlib.import_module("azurelinuxagent.common.protocol.extensions_goal_state_factory")
        self._extensions: Any = None
        self.incarnation = 0
        self.aggregate: dict[str, Any] = {}

    def take(self, order: dict[str, Any]) -> None:
        """What the next run will find."""
        self.incarnation = order["incarnation"]
        self._packages = order["packages"]
        text = json.dumps({"extensionGoalStates": order["extensions"]})
        self._extensions = self._factory.ExtensionsGoalStateFactory.create_from_vm_settings(self.incarnation, text)

    # What follows is called by the agent, under the names it uses.
    @property
    def client(self) -> Desk:
        return self

    def get_goal_state(self) -> Desk:
        return self

    def get_extensions_goal_state(self) -> Any:
        return self._extensions

    def get_endpoint(self) -> str:
        return ENDPOINT

    def get_incarnation(self) -> int:
        return self.incarnation

    def get_ext_handler_pkgs(self, handler: Any) -> Any:
        offered = self._packages.get(handler.name, {}).items()
        plugins = "".join(PLUGIN.format(version=version, uri=file) for version, file in offered)
        return self._wire.ExtensionManifest(MANIFEST.format(plugins=plugins)).pkg_list

    def download_ext_handler_pkg(self, uri: str, destination: str, **_: Any) -> bool:
        shutil.copyfile(uri, destination)
        return True

    def report_vm_status(self, status: Any) -> None:
        self.aggregate = self._wire.vm_status_to_v1(status)["aggregateStatus"]

    def get_status_blob_data(self) -> None:
        return None


def shorten_seconds(length: float) -> None:
    """The agent waits by sleeping and counts its timeouts by it, so that a shorter second shortens both."""
    sleep = time.sleep
    time.sleep = lambda seconds: sleep(float(seconds) * length)


def serve(root: Path, answers: TextIO) -> None:
    """Carries out the goal states, one after the other."""
    configuration: Any = importlib.import_module("azurelinuxagent.common.conf")
    handlers: Any = importlib.import_module("azurelinuxagent.ga.exthandlers")
    file = root / "waagent.conf"
    file.write_text(CONFIGURATION.format(root=root))
    configuration.load_conf_from_file(str(file))
    (root / "lib").mkdir(exist_ok=True)
    (root / "log").mkdir(exist_ok=True)
    desk = Desk(root)
    handler = handlers.ExtHandlersHandler(desk)
    for line in sys.stdin:
        desk.take(json.loads(line))
        handler.run()
        # It reports every few seconds; what one report finds out about a heartbeat is told by the next.
        for _ in range(2):
            handler.report_ext_handlers_status(incarnation_changed=True)
        answers.write(json.dumps(desk.aggregate) + "\n")
        answers.flush()


def main() -> None:
    """Whatever the agent prints goes to stderr, so that stdout holds the answers alone."""
    packages, root, length = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.path.insert(0, str(Path(packages) / "usr/lib/python3/dist-packages"))
    supply_what_python_dropped()
    shorten_seconds(float(length))
    serve(Path(root), answers)


if __name__ == "__main__":
    main()
