"""Handler packages of our own making, small shell scripts each, whose commands do what a test tells them to."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tidegate_agent.goal_state import PackageReference

COMMANDS = ("install", "uninstall", "update", "enable", "disable")

# A handler finds its settings by the highest number, as the older ones do; it says `NAME` of its public settings.
_HEAD = """\
#!/bin/sh
if [ -n "$ConfigExtensionName" ]; then
  file=$ConfigExtensionName.$ConfigSequenceNumber
else
  file=$(ls config | sed -n 's/^\\([0-9]*\\)\\.settings$/\\1/p' | sort -n | tail -n 1)
fi
name=$(sed -n 's/.*"name": "\\([^"]*\\)".*/\\1/p' "config/$file.settings")
say() {
  printf '[{"version":1.0,"timestampUTC":"2024-01-01T00:00:00Z","status":{"name":"test","operation":"%s","status":"%s",\
"code":%s,"formattedMessage":{"lang":"en-US","message":"%s"}}}]' "$1" "$2" "$3" "$4" > "status/.$file.new"
  mv "status/.$file.new" "status/$file.status"
}
"""

PLAIN: Mapping[str, str] = {
    "install": "say install success 0 'Installed successfully'",
    "uninstall": "exit 0",
    "update": "exit 0",
    "enable": 'say enable success 0 "Enabled successfully. Name: $name"',
    "disable": "say disable success 0 'Disabled successfully.'",
}
"""What the commands of a handler do that is well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a package is like."""

    type: str = "GuestAgentDcrTest"
    publisher: str = "Microsoft.Azure.TestExtensions.Edp"
    version: str = "1.0.0"
    manifest: Mapping[str, object] = field(default_factory=dict)
    """What its manifest says beside its commands."""
    scripts: Mapping[str, str] = field(default_factory=dict)
    """What a command does, where it is not what `PLAIN` says."""

    head: str = _HEAD
    """What each script begins with."""

    def write(self, path: Path) -> PackageReference:
        """The package as a file."""
        commands = {f"{name}Command": f"bin/{name}.sh" for name in COMMANDS}
        manifest = [{"version": 1.0, "handlerManifest": {**commands, **self.manifest}}]
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("HandlerManifest.json", json.dumps(manifest))
            for name in COMMANDS:
                archive.writestr(f"bin/{name}.sh", f"{self.head}\n{ {**PLAIN, **self.scripts}[name] }\n")
        content = path.read_bytes()
        return PackageReference(sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))
