"""Making handler packages for tests, sound and unsound ones."""

import json
import struct
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from tidegate_handler.commands import Command

SCRIPT = b"#!/bin/sh\nexit 0\n"


def manifest_json(changes: Mapping[str, object] | None = None, **beside: object) -> bytes:
    """A manifest whose commands run `bin/handler.sh`; `changes` are of its section, None takes a field away."""
    section: dict[str, object] = {command.manifest_key: f"bin/handler.sh {command.value}" for command in Command}
    section |= changes or {}
    kept = {key: value for key, value in section.items() if value is not None}
    return json.dumps([{"version": 1.0, "handlerManifest": kept, **beside}]).encode()


def sound(**more: bytes) -> dict[str, bytes]:
    """The files of a package that can be run, with a double underscore for each slash in the names of more."""
    files = {"HandlerManifest.json": manifest_json(), "bin/handler.sh": SCRIPT}
    return files | {name.replace("__", "/"): content for name, content in more.items()}


def pack(path: Path, files: Mapping[str, bytes] | Iterable[tuple[zipfile.ZipInfo | str, bytes]]) -> Path:
    """Writes a package of these members, which may carry a header of their own."""
    members = files.items() if isinstance(files, Mapping) else files
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members:
            archive.writestr(member, content)
    return path


def unix_member(name: str, mode: int) -> zipfile.ZipInfo:
    """A member with this mode of a Unix system, kind included."""
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def lying(path: Path, name: str, size_bytes: int) -> Path:
    """The package, in which both headers of a member claim that it unpacks to this size."""
    with zipfile.ZipFile(path) as archive:
        offset = archive.getinfo(name).header_offset
    data = bytearray(path.read_bytes())
    record = data.index(b"PK\x01\x02" + data[data.rindex(name.encode()) - 42 : data.rindex(name.encode())])
    struct.pack_into("<I", data, offset + 22, size_bytes)
    struct.pack_into("<I", data, record + 24, size_bytes)
    path.write_bytes(data)
    return path
