"""A host: a real machine that joined a scale set, what it is to run, and what its agent says of what it runs.

The words of a report are those of the extension handler contract. Source: shared/reference, "The VM extension handler
contract", 1.7 (order), 1.8 (goal state) and 1.9 (status).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tidegate.domain.extension import ExtensionType
from tidegate.domain.package import Package
from tidegate.domain.resource_id import SCALE_SET_SHAPE, MalformedId, ScaleSetId
from tidegate.domain.version import Version

MAX_SUBSTATUS = 64
"""So many parts of one extension's status are kept."""
MAX_MESSAGE_CHARACTERS = 4_096
"""Longer messages are cut after so many."""

INSTANCE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
"""How a host may be called."""
_SUFFIX = "/virtualMachines/"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostName:
    """`{scale set id}/virtualMachines/{instance id}`; two spellings that differ in case only are the same name."""

    scale_set: ScaleSetId
    instance_id: str = field(compare=False)
    key: str = field(init=False)
    """The whole name in lower case."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", str(self).lower())

    def __str__(self) -> str:
        return f"{self.scale_set}{_SUFFIX}{self.instance_id}"

    @classmethod
    def parse(cls, text: str) -> HostName:
        """Read a host's name.

        Raises:
            MalformedId: the text has another shape.
        """
        at = text.lower().rfind(_SUFFIX.lower())
        instance_id = text[at + len(_SUFFIX) :]
        shape = SCALE_SET_SHAPE + _SUFFIX + "{instance}"
        if at < 0 or INSTANCE_ID.fullmatch(instance_id) is None:
            raise MalformedId(text, shape)
        try:
            return cls(scale_set=ScaleSetId.parse(text[:at]), instance_id=instance_id)
        except MalformedId:
            raise MalformedId(text, shape) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Substatus:
    """A part of an extension's status, such as the Application Health extension's AppHealthStatus."""

    name: str
    status: str
    code: int = 0
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionReport:
    """What a handler's status file says of one extension."""

    extension_name: str
    sequence_number: int
    status: str
    """transitioning, error, success or warning; as the host wrote it."""
    code: int = 0
    operation: str = ""
    message: str = ""
    substatus: tuple[Substatus, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerReport:
    """One handler on one host, as the host's agent reports it. Versions are texts: what a host says may be anything."""

    extension_type: ExtensionType
    version: str
    """The version that the report is about: the one wanted."""
    status: str
    """Ready, NotReady, Installing or Unresponsive, or what the handler's heartbeat says."""
    code: int = 0
    message: str = ""
    installed_version: str = ""
    """The version that is installed or enabled; empty where none is."""
    handler_state: str = ""
    """That version's state, Installed or Enabled; empty where none is."""
    extensions: tuple[ExtensionReport, ...] = ()


class Wanted(StrEnum):
    """What a handler shall be."""

    ENABLED = "enabled"
    UNINSTALL = "uninstall"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionGoal:
    """One extension of a handler. Its settings are shown by no repr."""

    extension_name: str
    has_settings: bool
    sequence_number: int
    public_settings_json: str = field(default="", repr=False)
    """A JSON object; empty for null."""
    protected_settings: bytes = field(default=b"", repr=False)
    """Encrypted for the host, CMS EnvelopedData as DER; empty for null."""
    dependency_level: int = 0
    """Lower levels come first, and the next one waits for their success."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerGoal:
    """One handler of a goal state."""

    extension_type: ExtensionType
    version: Version
    wanted: Wanted
    package: Package | None
    """None where the server has none of this version."""
    extensions: tuple[ExtensionGoal, ...] = ()
    is_multi_config: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalState:
    """The whole of what a host shall run."""

    incarnation: int
    operation_id: str
    """The order that it carries out; empty where it only tells how the profile stands."""
    handlers: tuple[HandlerGoal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionFailure:
    """One extension that did not reach what a goal state wants of it."""

    extension_name: str
    code: int
    """The agent's code, or the handler's own where its status says error; 0 where it gave none."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalStateResult:
    """A goal state was worked through: nothing in `failures` where everything in it was reached."""

    incarnation: int
    operation_id: str
    failures: tuple[ExtensionFailure, ...]
    handlers: tuple[HandlerReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostHello:
    """Who speaks, and where it stands."""

    agent_version: str
    platform: str
    at_ms: int | None
    """What its own clock says, in milliseconds since the Unix epoch; None where it did not say."""
    probe_address: str
    reached_incarnation: int
    """Of the last goal state that it has worked through; 0 for none."""
    handlers: tuple[HandlerReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host as those who operate it see it."""

    name: HostName
    zone: str
    fault_domain: int
    labels: Mapping[str, str]
    probe_address: str
    """A host or `host:port`; empty where it gave none."""
    agent_version: str
    platform: str
    joined_at_ms: int
    last_heard_at_ms: int | None
    """None where it never was."""
    is_connected: bool
    is_silent: bool
    """It has said nothing for the silence time, whether or not a stream of it is open."""
    clock_skew_ms: int | None
    """By how much its clock is ahead of the server's, as it last said; None where it never did."""
    goal_incarnation: int
    reached_incarnation: int
    handlers: tuple[HandlerReport, ...]
