"""A handler package: is it fit to be run, and its unpacking into a handler's folder.

Law: unpacking goes into a folder beside the wanted one, which takes the wanted name when all of it is there and on the
disk. So the wanted folder is whole or not there, wherever a process or a machine is stopped; a failure leaves nothing
behind, and what a killed process left is removed by the next unpacking into the same folder.

The modes in the zip count for nothing: every file can be run by its owner, and none is more than a plain file.
Source: WALinuxAgent 2.15, exthandlers.py (download, initialize); the manifest is copied to the root there too.
"""

from __future__ import annotations

import os
import shutil
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO

from tidegate_handler.archive import Limits, PackageUnusable, open_archive
from tidegate_handler.contents import PackageInfo, judge_contents
from tidegate_handler.manifest import MANIFEST_NAME
from tidegate_handler.members import Member
from tidegate_handler.problem import Problem

__all__ = ["Limits", "PackageInfo", "PackageUnusable", "Problem", "inspect", "unpack"]

FILE_MODE = 0o744
FOLDER_MODE = 0o755
"""As far as the process' own mask allows."""


def inspect(path: Path, limits: Limits | None = None) -> PackageInfo:
    """Read the package at `path` from end to end and judge it; nothing is written.

    Raises:
        PackageUnusable: no agent could run it; every problem is named.
        OSError: the disk cannot be read.
    """
    with open_archive(path, limits or Limits()) as archive:
        return judge_contents(archive, lambda _: nullcontext(None))


def unpack(path: Path, folder: Path, limits: Limits | None = None, *, sync: bool = True) -> PackageInfo:
    """Unpack the package at `path` into the new folder `folder`, whose parent is there.

    Only one at a time may unpack into a folder. Without `sync` the disk may still be behind when this returns, which
    a killed process does not mind, but a machine without power does.

    Raises:
        PackageUnusable: no agent could run it; every problem is named.
        FileExistsError: there is something at `folder` already.
        OSError: the disk cannot be read, or takes no more.
    """
    if folder.is_symlink() or folder.exists():
        raise FileExistsError(f"There is something at {folder} already.")
    beside = unpacking_folder(folder)
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(mode=FOLDER_MODE)
    try:
        with open_archive(path, limits or Limits()) as archive:
            info = judge_contents(archive, lambda member: _written(beside, member))
        if info.manifest_member != MANIFEST_NAME:
            shutil.copy(beside / info.manifest_member, beside / MANIFEST_NAME)
        if sync:
            _sync(beside)
        beside.rename(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    if sync:
        _sync_one(folder.parent)
    return info


def unpacking_folder(folder: Path) -> Path:
    """Where a package is unpacked before it becomes `folder`."""
    return folder.with_name(f".{folder.name}.unpacking")


def _written(beside: Path, member: Member) -> AbstractContextManager[BinaryIO | None]:
    """The new file or folder of a member, with the folders above it."""
    path = beside / member.name
    if member.is_folder:
        path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        return nullcontext(None)
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_MODE)
    return os.fdopen(descriptor, "wb")


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        _sync_one(path)
    _sync_one(folder)


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
