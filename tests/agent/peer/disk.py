"""What agents leave on the disk, read the same way whoever left it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.agent.peer.packages import PUBLISHER

MODES = ("config", "status")


def handler_folders(root: Path) -> Iterator[Path]:
    """The folders of handlers anywhere under `root`, in the order of their names."""
    found = {each.parent.parent for each in root.rglob("config/HandlerState")}
    yield from sorted((each for each in found if each.name.startswith(f"{PUBLISHER}.")), key=lambda each: each.name)


def states(root: Path) -> Mapping[str, str]:
    """Each handler's state, by type and version; several extensions have one of their own each."""
    found = dict[str, str]()
    for folder in handler_folders(root):
        name = folder.name.removeprefix(f"{PUBLISHER}.").replace("-", " ")
        found[name] = (folder / "config/HandlerState").read_text()
        for own in sorted(folder.glob("config/*.HandlerState")):
            found[f"{name} {own.name.removesuffix('.HandlerState')}"] = own.read_text()
    return found


def papers(root: Path) -> Mapping[str, object]:
    """What the handlers find in their folders: settings and environment, and how the folders are guarded."""
    found = dict[str, object]()
    for folder in handler_folders(root):
        name = folder.name.removeprefix(f"{PUBLISHER}.").replace("-", " ")
        for file in sorted(folder.glob("config/*.settings")):
            text = file.read_text()
            found[f"{name} {file.name}"] = json.loads(text) if text else ""
        for inner in MODES:
            found[f"{name} {inner}"] = oct((folder / inner).stat().st_mode & 0o777)
        if (folder / "HandlerEnvironment.json").exists():
            found[f"{name} HandlerEnvironment.json"] = _environment(folder)
    return found


def _environment(folder: Path) -> object:
    """Its paths with their places in the handler's folder and in the logs' folder instead of absolute ones."""
    text = (folder / "HandlerEnvironment.json").read_text().replace(str(folder), "HANDLER")
    read = json.loads(text)
    logs = read[0]["handlerEnvironment"]["logFolder"]
    return json.loads(text.replace(logs, f"LOGS/{Path(logs).name}"))
