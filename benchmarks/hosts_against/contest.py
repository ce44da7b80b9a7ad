"""The contest: N hosts, each a root folder on this machine, on which a handler that does nothing goes up one version.

Law: everybody does the same. On each host the new package is unpacked beside the old one, then run old disable, new
update, old uninstall, new install and new enable, and the old folder is gone at the end; in batches of 20 percent. Each
script writes its name into a log on its host, and a contest whose logs are not what they must be measures nothing.
"""

from __future__ import annotations

import io
import json
import shutil
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PUBLISHER, TYPE = "Contoso.Bench", "Noop"
HANDLER = f"{PUBLISHER}.{TYPE}"
LOG = "commands.log"

_COMMANDS = ("install", "uninstall", "update", "enable", "disable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """One upgrade of hosts whose roots lie in one folder."""

    hosts: Path
    """The folder of the hosts' roots, each called by its host."""
    host_count: int = 50
    batch_percent: int = 20
    old: str = "1.0"
    new: str = "1.1"

    @property
    def batch_size(self) -> int:
        """How many hosts are upgraded together."""
        return max(1, self.host_count * self.batch_percent // 100)

    @property
    def names(self) -> list[str]:
        """How the hosts are called."""
        return [f"host-{number:02}" for number in range(self.host_count)]

    @property
    def archive(self) -> Path:
        """The new package for those who unpack it themselves, who all have tar; not all have unzip."""
        return self.hosts.parent / f"{self.hosts.name}-{self.new}.tar.gz"

    def prepare(self) -> None:
        """Fresh hosts that run the old version, and the new one's archive, for those who install nothing themselves."""
        shutil.rmtree(self.hosts, ignore_errors=True)
        for name in self.names:
            for path, data in package_files(self.old).items():
                target = self.hosts / name / f"{HANDLER}-{self.old}" / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
                target.chmod(0o755)
        with tarfile.open(self.archive, "w:gz") as archive:
            for path, data in package_files(self.new).items():
                member = tarfile.TarInfo(path)
                member.size, member.mode = len(data), 0o755
                archive.addfile(member, io.BytesIO(data))

    def check(self) -> None:
        """Every host took every step, once and in order, as the last it did, and has the new version alone."""
        old, new = self.old, self.new
        wanted = [f"disable {old}", f"update {new}", f"uninstall {old}", f"install {new}", f"enable {new}"]
        for name in self.names:
            (log,) = (self.hosts / name).rglob(LOG)
            steps = log.read_text().splitlines()
            assert steps[-len(wanted) :] == wanted, f"{name} took the steps {steps}"
            assert steps.count(f"disable {old}") == 1, f"{name} took some steps twice: {steps}"
            versions = [found.parent.name for found in log.parent.glob("*/HandlerManifest.json")]
            assert versions == [f"{HANDLER}-{new}"], f"{name} has {versions}"


def package_files(version: str) -> Mapping[str, bytes]:
    """The handler's files: a manifest, and one script for each command."""
    commands = {f"{command}Command": f"bin/{command}.sh" for command in _COMMANDS}
    manifest = [{"name": "Noop", "version": 1.0, "handlerManifest": {**commands, "reportHeartbeat": False}}]
    scripts = {f"bin/{command}.sh": _script(command, version) for command in _COMMANDS}
    return {"HandlerManifest.json": json.dumps(manifest).encode(), **scripts}


def write_package(path: Path, version: str) -> None:
    """The handler as the zip that a publisher would publish."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in package_files(version).items():
            package.writestr(name, data)


def _script(command: str, version: str) -> bytes:
    """Without a process besides the shell's own. The log lies beside the version's folder."""
    return f'#!/bin/sh\necho "{command} {version}" >> "${{0%/*}}/../../{LOG}"\n'.encode()
