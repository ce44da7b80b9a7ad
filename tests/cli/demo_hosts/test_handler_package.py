"""The packages of the demo's handler."""

from __future__ import annotations

import json
import os
import time
import zipfile
from pathlib import Path

from tidegate.cli.demo_hosts.handler_package import PUBLISHER, TYPE, build_package
from tidegate.cli.publishing import WithPackage, read_words
from tidegate_handler.package import inspect


def test_hosts_can_use_it_and_nothing_about_it_is_odd(tmp_path: Path) -> None:
    found = inspect(build_package("1.0.0", tmp_path))
    assert found.manifest_member == "HandlerManifest.json"
    assert found.remarks == ()
    assert found.manifest.update_with_install


def test_its_name_tells_what_it_is(tmp_path: Path) -> None:
    wanted = read_words([str(build_package("1.0.0", tmp_path))], publisher="", type_name="", version="")
    assert isinstance(wanted, WithPackage)
    names = wanted.names
    assert (names.publisher, names.type_name, names.version) == (PUBLISHER, TYPE, "1.0.0")


def test_the_same_version_gives_the_same_bytes(tmp_path: Path) -> None:
    built = []
    for number, zone in enumerate(("UTC", "Asia/Tokyo")):
        folder = tmp_path / str(number)
        folder.mkdir()
        before, os.environ["TZ"] = os.environ.get("TZ"), zone
        time.tzset()
        try:
            built.append(build_package("1.0.0", folder).read_bytes())
        finally:
            os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
            time.tzset()
    assert built[0] == built[1]
    assert build_package("1.0.1", tmp_path).read_bytes() != built[0]


def test_a_release_says_its_version_and_what_it_answers(tmp_path: Path) -> None:
    with zipfile.ZipFile(build_package("1.2.0", tmp_path, answers=500)) as package:
        assert json.loads(package.read("release.json")) == {"version": "1.2.0", "answers": 500}
        modes = {member.filename: member.external_attr >> 16 & 0o777 for member in package.infolist()}
    assert modes["bin/handler"] == 0o755
