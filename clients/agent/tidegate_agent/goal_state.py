"""What a host shall run: a goal state, its handlers, and their extensions with their settings.

Law: a goal state is the whole of what is wanted; nothing is wanted that it does not name. Settings may hold secrets, so
no `repr` shows them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from tidegate_handler.version import HandlerVersion


class Wanted(Enum):
    """What a handler shall be."""

    ENABLED = "enabled"
    """Installed, enabled and configured."""
    UNINSTALL = "uninstall"
    """Disabled, uninstalled and gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageReference:
    """Which package: the very bytes, whoever keeps them."""

    sha256: str
    """64 hexadecimal digits in lower case."""
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionGoal:
    """One extension of a handler, with its settings."""

    extension_name: str
    """Its name in the profile."""
    has_settings: bool = False
    """Otherwise an empty settings file is written, and no status is waited for or reported."""
    sequence_number: int = 0
    """Counts the settings of this extension, from 0."""
    public_settings_json: str = field(default="", repr=False)
    """A JSON object; empty for null."""
    protected_settings: bytes = field(default=b"", repr=False)
    """CMS EnvelopedData as DER, encrypted for the host's settings certificate; empty for null."""
    dependency_level: int = 0
    """Lower levels come first, and the next level waits for their success."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerGoal:
    """One handler of a goal state."""

    publisher: str
    type: str
    version: HandlerVersion
    """The exact version."""
    wanted: Wanted = Wanted.ENABLED
    package: PackageReference | None = None
    """None where there is no package of this version; a version that runs already goes on running then."""
    extensions: tuple[ExtensionGoal, ...] = ()
    """One, or several where the handler's manifest says supportsMultipleExtensions; none needed for UNINSTALL."""
    is_multi_config: bool = False
    """Settings, status and state files carry the extension's name."""

    @property
    def name(self) -> str:
        """`{publisher}.{type}`, as folders, logs and messages call it."""
        return f"{self.publisher}.{self.type}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalState:
    """The whole of what a host shall run."""

    incarnation: int
    """Which one it is: 1 for the first, and more for every later one."""
    operation_id: str = ""
    """The order that it carries out; empty where it only tells how the profile stands."""
    handlers: tuple[HandlerGoal, ...] = ()
