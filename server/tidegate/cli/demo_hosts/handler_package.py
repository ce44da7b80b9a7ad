"""The packages of the demo's handler: the same files for every version, and a note of which version it is.

Law: the same version gives the same bytes, wherever and whenever it is built.
"""

from __future__ import annotations

import json
import stat
import zipfile
from importlib.resources import files
from pathlib import Path

PUBLISHER, TYPE = "Tidegate.Demo", "WebService"
_EXECUTABLE = "bin/handler"
_PLAIN = ("HandlerManifest.json", "web.py")
# The first moment that a zip can tell of, so that no clock has a say.
_ALWAYS = (1980, 1, 1, 0, 0, 0)
_ON_UNIX = 3


def build_package(version: str, folder: Path, *, answers: int = 200) -> Path:
    """Build the package of `version` in `folder`; its path.

    `answers` is the HTTP status that this version's service gives to every question: 500 makes a version that a health
    probe finds unwell.
    """
    source = files(__package__).joinpath("handler")
    release = json.dumps({"version": version, "answers": answers}) + "\n"
    path = folder / f"{PUBLISHER}.{TYPE}__{version}.zip"
    # Nothing is compressed: another zlib would make other bytes of it.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as package:
        _add(package, _EXECUTABLE, source.joinpath(*_EXECUTABLE.split("/")).read_bytes(), 0o755)
        for name in _PLAIN:
            _add(package, name, source.joinpath(name).read_bytes(), 0o644)
        _add(package, "release.json", release.encode(), 0o644)
    return path


def _add(package: zipfile.ZipFile, name: str, content: bytes, mode: int) -> None:
    member = zipfile.ZipInfo(name, date_time=_ALWAYS)
    member.create_system = _ON_UNIX
    member.external_attr = (stat.S_IFREG | mode) << 16
    package.writestr(member, content)
