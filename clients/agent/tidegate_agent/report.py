"""What a host says of its handlers, and how a goal state ended on it.

Law: the fields and their bounds are those of the contract (`tidegate/v1/host_service.proto`), so that a report is sent
as it stands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

MESSAGE_CHARACTERS = 4_096
"""Messages are cut after so many characters."""
SUBSTATUS_MOST = 64
"""An extension's report has at most so many parts; the first ones are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionSubstatus:
    """A part of an extension's status, such as the Application Health extension's AppHealthStatus."""

    name: str
    status: str
    """transitioning, error, success or warning."""
    code: int = 0
    """The handler's code."""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionReport:
    """What a handler's status file says of one extension."""

    extension_name: str
    """Its name in the profile."""
    sequence_number: int
    """The settings that the status is about."""
    status: str
    """transitioning, error, success or warning."""
    code: int = 0
    """The handler's code."""
    operation: str = ""
    """The handler's operation, such as `Enable`; empty where it gave none."""
    message: str = ""
    substatus: tuple[ExtensionSubstatus, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerReport:
    """How one handler stands."""

    publisher: str
    type: str
    version: str
    """The version that the report is about: the one wanted."""
    status: str
    """Ready, NotReady, Installing or Unresponsive, or what the handler's heartbeat says."""
    code: int = 0
    """0 where it is well, or the agent's code, such as 1009 for an enable command that failed."""
    message: str = ""
    """The handler's or the agent's words."""
    installed_version: str = ""
    """The version that is installed or enabled; empty where none is."""
    handler_state: str = ""
    """That version's state, Installed or Enabled; empty where none is."""
    extensions: tuple[ExtensionReport, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionFailure:
    """One extension that did not reach what the goal state wants of it."""

    extension_name: str
    """Its name in the profile; the handler's name where the goal state names no extension of it."""
    code: int
    """The agent's code, or the handler's own where its status says error; 0 where it gave none."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one goal state: no failure where everything in it was reached."""

    incarnation: int
    operation_id: str = ""
    failures: tuple[ExtensionFailure, ...] = ()
    handlers: tuple[HandlerReport, ...] = ()
    """All handlers as they stood then."""


def bounded(report: HandlerReport) -> HandlerReport:
    """The report with its messages and its parts cut to what the contract allows."""
    extensions = tuple(
        replace(
            extension,
            message=extension.message[:MESSAGE_CHARACTERS],
            substatus=tuple(
                replace(part, message=part.message[:MESSAGE_CHARACTERS])
                for part in extension.substatus[:SUBSTATUS_MOST]
            ),
        )
        for extension in report.extensions
    )
    return replace(report, message=report.message[:MESSAGE_CHARACTERS], extensions=extensions)
