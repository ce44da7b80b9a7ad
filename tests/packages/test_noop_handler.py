"""The handler of the benchmarks keeps the contract, however little it does."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from benchmarks.noop_handler import build_package
from tidegate_handler.commands import Command
from tidegate_handler.package import unpack
from tidegate_handler.status import read_status


def test_every_command_exits_well_and_enable_writes_the_status(tmp_path: Path) -> None:
    base = tmp_path / "handler"
    info = unpack(build_package("1.0", tmp_path), base, sync=False)
    assert info.remarks == ()
    assert not info.manifest.update_with_install
    (base / "status").mkdir()
    for command in Command:
        done = subprocess.run(
            f"{base}/{info.manifest.command(command)}",
            shell=True,
            cwd=base,
            env={**os.environ, "ConfigSequenceNumber": "3"},
            capture_output=True,
            timeout=30,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), command
    assert [path.name for path in (base / "status").iterdir()] == ["3.status"]
    assert read_status((base / "status" / "3.status").read_bytes()).status == "success"


def test_versions_differ_and_each_is_always_the_same(tmp_path: Path) -> None:
    first = build_package("1.0", tmp_path).read_bytes()
    assert build_package("1.0", tmp_path).read_bytes() == first
    assert build_package("1.1", tmp_path).read_bytes() != first
