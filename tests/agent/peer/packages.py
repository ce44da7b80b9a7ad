"""Handler packages made for a test, which tell of themselves what an agent did with them.

Law: what ran is told by the handlers, never by the agents, so that two agents can be compared without looking into
either. Each command appends to the file that the environment variable `RECORD` names, once as it begins and once as
it ends. The same recipe gives the same bytes.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

RECORD = "TIDEGATE_TESTS_RECORD"
"""Names the file; an agent hands its own environment on to the commands, so it is enough to set it for the agent."""
PUBLISHER = "Tidegate.Tests"

# The contract's variables; an agent's environment must be without them, since it would win over what the agent adds.
CONTRACT = ("VERSION", "ConfigSequenceNumber", "ConfigExtensionName")
PREFIX = "AZURE_GUEST_AGENT_"

_SCRIPT = """\
#!/bin/sh
# A handler of Tidegate's tests. An agent calls it with the name of a command, in the folder it was unpacked into.
command=$1
name=${ConfigExtensionName:+$ConfigExtensionName.}${ConfigSequenceNumber:-none}

tell() {
  told=$(
    echo "handler=@HANDLER@"; echo "version=@VERSION@"; echo "command=$command"; echo "folder=$(pwd)"; echo "$@"
    if [ -f mrseq ]; then echo "mrseq=$(cat mrseq)"; fi
    env | grep -E '^(AZURE_GUEST_AGENT_[A-Z_]+|ConfigSequenceNumber|ConfigExtensionName|VERSION)=' | sort
  )
  printf '%s\\n\\n' "$told" >> "$@RECORD@"
}

status() {
  printf '[{"version":1.0,"timestampUTC":"2024-01-01T00:00:00Z","status":{"name":"%s","operation":"%s","status":"%s",\
"code":%s,"formattedMessage":{"lang":"en-US","message":"%s"}}}]' \\
    "$name" "$command" "$1" "$2" "$command of @VERSION@" > "status/.$name.tmp"
  mv "status/.$name.tmp" "status/$name.status"
}

tell moment=begin
@DEEDS@
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a package is like, and what its commands do."""

    type: str
    version: str
    manifest: Mapping[str, object] = field(default_factory=dict)
    """What its manifest says beside the five commands."""
    fails: Mapping[str, int] = field(default_factory=dict)
    """The exit code of each command that fails; it leaves no status behind."""
    missing: frozenset[str] = frozenset()
    """The commands whose file is not in the package."""
    statuses: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(("install", "enable"), "success"))
    """What each command's status file says; a command that is not named writes none."""
    heartbeat: str = ""
    """What enable writes as its heartbeat; empty for none."""
    seconds: float = 0.0
    """How long each command takes, at the least."""

    @property
    def handler(self) -> str:
        """The name that an agent calls it by."""
        return f"{PUBLISHER}.{self.type}"


def package(recipe: Recipe) -> bytes:
    """The zip of a recipe."""
    commands = {
        f"{each}Command": f"{'missing' if each in recipe.missing else 'handler'}.sh {each}"
        for each in ("install", "uninstall", "update", "enable", "disable")
    }
    manifest = [{"version": 1.0, "handlerManifest": {**commands, "rebootAfterInstall": False, **recipe.manifest}}]
    script = _SCRIPT.replace("@HANDLER@", recipe.handler).replace("@VERSION@", recipe.version)
    script = script.replace("@RECORD@", RECORD).replace("@DEEDS@", "\n".join(_deeds(recipe)))
    members = {"HandlerManifest.json": json.dumps(manifest), "handler.sh": script, "lib/part.txt": "a part of it\n"}
    bundle = io.BytesIO()
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            member = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            # Nobody may execute it yet: that is for the agent to see to.
            member.external_attr = 0o100644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, text)
    return bundle.getvalue()


class Shelf:
    """The packages of some recipes as files in a folder."""

    def __init__(self, folder: Path, recipes: Iterable[Recipe]) -> None:
        self._files = dict[str, dict[str, Path]]()
        for recipe in recipes:
            file = folder / f"{recipe.handler}_{recipe.version}.package.zip"
            file.write_bytes(package(recipe))
            self._files.setdefault(recipe.handler, {})[recipe.version] = file

    def files(self) -> Mapping[str, Mapping[str, Path]]:
        """Every package, by handler and version."""
        return self._files

    def file(self, handler: str, version: str) -> Path | None:
        """One package, or None where there is none."""
        return self._files.get(handler, {}).get(version)


def _deeds(recipe: Recipe) -> Iterator[str]:
    if recipe.seconds:
        yield f"sleep {recipe.seconds}"
    yield 'case "$command" in'
    for command, code in recipe.fails.items():
        yield f"  {command}) tell moment=end; exit {code} ;;"
    yield "esac"
    yield 'case "$command" in'
    for command, status in recipe.statuses.items():
        yield f"  {command}) status {status} {0 if status == 'success' else 7} ;;"
    yield "esac"
    yield 'if [ "$command" = enable ]; then echo "$ConfigSequenceNumber" > mrseq; fi'
    if recipe.heartbeat:
        yield f"if [ \"$command\" = enable ]; then printf '%s' '{recipe.heartbeat}' > heartbeat.log; fi"
    yield "tell moment=end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a command told, as it began or as it ended."""

    moment: str
    handler: str
    version: str
    command: str
    folder: str
    mrseq: str
    environment: Mapping[str, str]

    @property
    def deed(self) -> str:
        """Which command of which package."""
        return f"{self.handler.removeprefix(PUBLISHER + '.')} {self.version} {self.command}"


def told(record: Path) -> list[Told]:
    """Everything that the commands told in this file, in their order; nothing where there is no file."""
    if not record.exists():
        return []
    return [_read(paragraph) for paragraph in record.read_text().split("\n\n") if paragraph.strip()]


def _read(paragraph: str) -> Told:
    values = dict(line.split("=", 1) for line in paragraph.strip().splitlines())
    own = {name: values.pop(name, "") for name in ("moment", "handler", "version", "command", "folder", "mrseq")}
    assert all(name in CONTRACT or name.startswith(PREFIX) for name in values), paragraph
    return Told(**own, environment=values)
