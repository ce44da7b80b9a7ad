"""A handler that does nothing as quickly as can be: what is left of an upgrade's time is Tidegate's own.

Law: it keeps the contract all the same. Every command exits 0, and enable puts a status file in place in one stroke.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

PUBLISHER, TYPE = "Tidegate.Benchmarks", "Nothing"
_COMMANDS = ("install", "update", "disable", "uninstall")
_ALWAYS = (1980, 1, 1, 0, 0, 0)
# Nothing is started but the shell that the agent starts anyway: reading, writing and renaming are all there is.
_ENABLE = """\
#!/bin/sh
cd "$(dirname "$0")/status" || exit 1
number=${ConfigSequenceNumber:-0}
printf '%s' '[{"version":1.0,"timestampUTC":"2026-01-01T00:00:00Z","status":{"name":"nothing","operation":"Enable",\
"status":"success","code":0,"formattedMessage":{"lang":"en-US","message":"Nothing was done."}}}]' > ".$number" &&
mv ".$number" "$number.status"
"""
_NOTHING = "#!/bin/sh\nexit 0\n"


def build_package(version: str, folder: Path) -> Path:
    """Build the package of `version` in `folder`; its path. The same version gives the same bytes."""
    commands = {f"{name}Command": "nothing" for name in _COMMANDS} | {"enableCommand": "enable"}
    # Of other handlers most have no install after an update; it would be one more process for nothing.
    handler = commands | {"rebootAfterInstall": False, "reportHeartbeat": False, "updateMode": "UpdateWithoutInstall"}
    manifest = json.dumps([{"name": TYPE, "version": 1.0, "handlerManifest": handler}])
    path = folder / f"{PUBLISHER}.{TYPE}__{version}.zip"
    members = {"HandlerManifest.json": manifest, "enable": _ENABLE, "nothing": _NOTHING, "version": version}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as package:
        for name, text in members.items():
            member = zipfile.ZipInfo(name, date_time=_ALWAYS)
            member.create_system = 3
            member.external_attr = 0o100755 << 16
            package.writestr(member, text)
    return path
