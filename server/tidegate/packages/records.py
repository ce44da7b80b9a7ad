"""The record of a kept package: one small JSON file beside its bytes, which says whose package it is.

Law: a record is there whole or not at all, and its bytes are there before it. A record of another format is refused,
never guessed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tidegate.domain.extension import ExtensionType
from tidegate.domain.package import Package
from tidegate.domain.version import MalformedVersion, Version

FORMAT = 1


class PackageFolderUnusable(Exception):
    """The folder of the packages cannot be used, or a record in it cannot be read; the message says which and why."""


def write_record(path: Path, packages: Sequence[Package], by_way_of: Path) -> None:
    """Put the record at `path` in one stroke: written at `by_way_of`, flushed to the disk, renamed.

    All of `packages` are versions that have the same bytes. Raises OSError where the disk takes no more.
    """
    first = packages[0]
    document = {
        "format": FORMAT,
        "sha256": first.sha256,
        "sizeBytes": first.size_bytes,
        "supportsMultipleExtensions": first.supports_multiple_extensions,
        "versions": [
            {
                "publisher": each.extension_type.publisher,
                "type": each.extension_type.type,
                "version": str(each.version),
            }
            for each in packages
        ],
    }
    with by_way_of.open("w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    by_way_of.replace(path)
    sync_folder(path.parent)


def read_record(path: Path) -> tuple[Package, ...]:
    """The versions that the record names, in the order in which they came.

    Raises:
        PackageFolderUnusable: it cannot be read, or is of another format.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise PackageFolderUnusable(
                f"{path} is of format {document['format']!r}; this server knows {FORMAT}. Start the one that wrote it."
            )
        return tuple(_package(document, each) for each in document["versions"])
    except (OSError, ValueError, KeyError, TypeError, MalformedVersion) as unreadable:
        raise PackageFolderUnusable(
            f"{path} cannot be read: {unreadable}. Move it away and publish its package again."
        ) from unreadable


def sync_folder(folder: Path) -> None:
    """Flush the folder's names to the disk, so that what was renamed into it stays there."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _package(document: Any, named: Any) -> Package:  # JSON, whatever it is; a wrong shape raises
    return Package(
        extension_type=ExtensionType(publisher=str(named["publisher"]), type=str(named["type"])),
        version=Version(str(named["version"])),
        sha256=str(document["sha256"]),
        size_bytes=int(document["sizeBytes"]),
        supports_multiple_extensions=bool(document["supportsMultipleExtensions"]),
    )
