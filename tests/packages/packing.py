"""Packages for tests: zips made on the spot, well formed unless a test spoils them."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator, Mapping
from typing import Any

from tidegate.domain.extension import ExtensionType
from tidegate.domain.version import Version
from tidegate.packages.promise import Offer

WEB = ExtensionType(publisher="Contoso.Web", type="Server")
COMMANDS = {f"{name}Command": f"bin/handler {name}" for name in ("install", "uninstall", "update", "enable", "disable")}


def manifest(**handler: Any) -> str:
    """The text of a manifest; `handler` is added to its handlerManifest."""
    return json.dumps([{"name": "Server", "version": 1.0, "handlerManifest": COMMANDS | handler}])


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """A zip with these members, every one executable."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in members.items():
            member = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
            member.create_system = 3
            member.external_attr = 0o100755 << 16
            archive.writestr(member, text)
    return content.getvalue()


def package(text: str = "", **handler: Any) -> bytes:
    """A package that a host can use; another `text` makes another package."""
    return zipped({"HandlerManifest.json": manifest(**handler), "bin/handler": f"#!/bin/sh\n# {text}\nexit 0\n"})


def offer(content: bytes, version: str = "1.0", extension_type: ExtensionType = WEB, *, sha256: str = "") -> Offer:
    """An offer of `content` as it is."""
    return Offer(extension_type=extension_type, version=Version(version), size_bytes=len(content), sha256=sha256)


def digest(content: bytes) -> str:
    """Its SHA-256."""
    return hashlib.sha256(content).hexdigest()


async def pieces(content: bytes, size: int = 100) -> AsyncIterator[bytes]:
    """The content, `size` bytes at a time."""
    for begin in range(0, len(content), size):
        yield content[begin : begin + size]
