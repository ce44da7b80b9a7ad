"""The five commands of a handler, how long each may take, and the codes that an agent reports.

Law: the handler's own exit code is never an agent's code; it only decides whether the command failed.

Source: WALinuxAgent 2.15, exthandlers.py and common/exception.py (ExtensionErrorCodes).
"""

from __future__ import annotations

import os
import shlex
from enum import Enum, IntEnum


class AgentCode(IntEnum):
    """What an agent reports as the code of a handler or an extension that it has to judge itself."""

    UNKNOWN_FAILURE = -1
    SUCCESS = 0
    PROCESSING_ERROR = 1000
    """Also a failed uninstall."""
    MANIFEST_DOWNLOAD_ERROR = 1001
    MANIFEST_NOT_FOUND = 1002
    MANIFEST_MALFORMED = 1003
    PACKAGE_DOWNLOAD_ERROR = 1004
    PACKAGE_EXTRACTION_ERROR = 1005
    INSTALL_FAILED = 1007
    UPDATE_FAILED = 1008
    ENABLE_FAILED = 1009
    DISABLE_FAILED = 1010
    COMMAND_TIMED_OUT = 1011
    STATUS_INVALID = 1012


class Command(Enum):
    """A command of the manifest, in the order in which a handler meets them; the value is its word in lower case."""

    INSTALL = "install"
    ENABLE = "enable"
    UPDATE = "update"
    DISABLE = "disable"
    UNINSTALL = "uninstall"

    @property
    def timeout_seconds(self) -> int:
        """How long it may run before its whole process group is killed."""
        return _TIMEOUT_SECONDS[self]

    @property
    def failure_code(self) -> AgentCode:
        """What is reported where it ends with another exit code than 0, or cannot be started."""
        return _FAILURE_CODE[self]

    @property
    def manifest_key(self) -> str:
        """Its field in the manifest, such as `installCommand`."""
        return f"{self.value}Command"


_TIMEOUT_SECONDS = {
    Command.INSTALL: 900,
    Command.ENABLE: 300,
    Command.UPDATE: 900,
    Command.DISABLE: 900,
    Command.UNINSTALL: 300,
}

_FAILURE_CODE = {
    Command.INSTALL: AgentCode.INSTALL_FAILED,
    Command.ENABLE: AgentCode.ENABLE_FAILED,
    Command.UPDATE: AgentCode.UPDATE_FAILED,
    Command.DISABLE: AgentCode.DISABLE_FAILED,
    Command.UNINSTALL: AgentCode.PROCESSING_ERROR,
}


OUTPUT_CHARACTERS = 3200
"""How much of a failed command's output is reported, stdout and stderr together."""

NOT_RUN = "NOT_RUN"
"""Handed on as the exit code of a command that there was no reason to run."""


def shell_line(base: str | os.PathLike[str], command: str) -> str:
    """What the shell is given: the command as a file of the handler's folder, with its arguments.

    A slash in front counts for nothing, because some publishers write one and mean their own folder.
    """
    return f"{shlex.quote(os.fspath(base))}/{command.lstrip('/')}"
