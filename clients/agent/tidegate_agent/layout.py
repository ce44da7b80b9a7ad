"""Where everything of an agent lies under its one root.

    lib/           as Azure's agent keeps its own: `{name}-{version}` for each handler, {THUMBPRINT}.crt and .prv
    log/{name}/    what commands said, and the handler's own logs; versions share it
    state/         what the agent has to remember
    run/           packages and outputs on their way; nothing there is needed after a start

Law: a folder of a handler appears whole and disappears whole, by one rename each; one whose name begins with a dot is
on its way.

Source: WALinuxAgent 2.15, exthandlers.py and common/conf.py (Lib.Dir, Extension.LogDir).
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tidegate_agent.durable_file import private_folder, sync_folder
from tidegate_handler.environment import CONFIG_FOLDER, ENVIRONMENT_NAME, HEARTBEAT_NAME, STATUS_FOLDER
from tidegate_handler.handler_name import full_name, read_full_name, same_name
from tidegate_handler.manifest import MANIFEST_NAME
from tidegate_handler.version import HandlerVersion

_COMING, _GOING = ".coming-", ".going-"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerFolder:
    """The folder of one version of a handler, whether it is there or not."""

    name: str
    """The handler's, as this folder spells it."""
    version: HandlerVersion
    path: Path

    @property
    def exists(self) -> bool:
        """Whether it is there."""
        return self.path.is_dir()

    @property
    def manifest(self) -> Path:
        return self.path / MANIFEST_NAME

    @property
    def environment(self) -> Path:
        return self.path / ENVIRONMENT_NAME

    @property
    def heartbeat(self) -> Path:
        return self.path / HEARTBEAT_NAME

    @property
    def config(self) -> Path:
        return self.path / CONFIG_FOLDER

    @property
    def status(self) -> Path:
        return self.path / STATUS_FOLDER

    @property
    def recent_sequence(self) -> Path:
        """The handler's own note of the settings that it has seen; agents hand it on from version to version."""
        return self.path / "mrseq"


class Layout:
    """The folders of one root, made where they are missing.

    Raises:
        OSError: they cannot be made.
    """

    def __init__(self, root: Path) -> None:
        # Handlers run with their own folder as working folder, so a path of ours must not depend on where we began.
        self.root = root.absolute()
        self.library = self.root / "lib"
        self.logs = self.root / "log"
        self.state = self.root / "state"
        self.run = self.root / "run"
        for folder in (self.root, self.library, self.logs, self.state, self.run):
            private_folder(folder)

    def log_folder(self, name: str) -> Path:
        """The log folder of a handler, made where it is missing."""
        return private_folder(self.logs / name)

    def folder(self, name: str, version: HandlerVersion) -> HandlerFolder:
        """The folder of that version, as it is spelt where it is there already."""
        for folder in self.versions(name):
            if folder.version == version:
                return folder
        return HandlerFolder(name=name, version=version, path=self.library / full_name(name, version))

    def versions(self, name: str) -> tuple[HandlerFolder, ...]:
        """The folders of a handler that are there, the lowest version first."""
        mine = (folder for folder in self.handlers() if same_name(folder.name, name))
        return tuple(sorted(mine, key=lambda folder: folder.version))

    def handlers(self) -> Iterator[HandlerFolder]:
        """Every folder of a handler that is there."""
        with os.scandir(self.library) as entries:
            for entry in entries:
                known = read_full_name(entry.name)
                if known is not None and entry.is_dir(follow_symlinks=False):
                    yield HandlerFolder(name=known[0], version=known[1], path=Path(entry.path))

    def coming(self) -> Path:
        """A new path beside the handlers, for a folder that is to become one."""
        return self.library / f"{_COMING}{uuid.uuid4().hex}"

    def place(self, coming: Path, folder: HandlerFolder) -> Path | None:
        """Puts the folder `coming` in its place; what was there is set aside, and its path given to be cleared."""
        aside = self.set_aside(folder) if folder.exists else None
        coming.rename(folder.path)
        sync_folder(self.library)
        return aside

    def set_aside(self, folder: HandlerFolder) -> Path:
        """Takes the folder from among the handlers, durably; its path afterwards, to be cleared."""
        aside = self.library / f"{_GOING}{uuid.uuid4().hex}"
        folder.path.rename(aside)
        sync_folder(self.library)
        return aside

    def unfinished(self) -> tuple[Path, ...]:
        """Folders that a crash left on their way, be it ours or that of the unpacking."""
        with os.scandir(self.library) as entries:
            return tuple(Path(entry.path) for entry in entries if entry.name.startswith(".") and entry.is_dir())


def clear(path: Path) -> None:
    """Deletes a folder that is no handler's any more; what cannot be deleted now is tried again after a start.

    Some handlers go on deleting files after their uninstall has ended, so that files vanish under our hands.
    """
    shutil.rmtree(path, ignore_errors=True)
