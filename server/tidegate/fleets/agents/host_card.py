"""What the server knows of one host: who it is, what it is to run, what it is at, and what it said last.

Law: a card is changed by the event loop alone, and whoever changes it notes which part, so that the store keeps it.
What follows from a change, an answer or a goal state, waits until that part is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, Flag, auto

from tidegate.domain.extension import ExtensionType
from tidegate.domain.host import ExtensionFailure, HandlerReport, HostName
from tidegate.domain.order import InstanceAnswer, InstanceOrder, MoveFailure
from tidegate.fleets.promise import Reply

REMEMBERED_OPERATIONS = 8
"""How many finished operations each host remembers, newest last. Only an order whose answer was not recorded yet is
ever given again, and a host is at one order at a time; a few more cover results that come late."""


class Part(Flag):
    """The parts of a card that are kept apart, since they change at different times."""

    NONE = 0
    IDENTITY = auto()
    WORK = auto()
    REPORT = auto()
    ALL = IDENTITY | WORK | REPORT


class Presence(Enum):
    """Whether the host can be reached."""

    AWAITED = "awaited"
    """It has joined, or the server has started, and it has not been heard of since."""
    HERE = "here"
    SILENT = "silent"
    """Not heard of for longer than the silence time-out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the host is. Its settings certificate is public, and long."""

    uid: str
    name: HostName
    zone: str
    fault_domain: int
    labels: Mapping[str, str]
    settings_certificate: str = field(repr=False)
    credential_digest: bytes = field(repr=False)
    token_id: str
    """The token that it joined with."""
    joined_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A handler whose extension left the profile: it is to be uninstalled."""

    extension_type: ExtensionType
    version: str
    incarnation: int
    """The goal state that first says so; with its result the handler is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """The order that the host is at."""

    order: InstanceOrder
    incarnation: int
    """Of the goal state that carries it out; a later one of the host carries it on."""
    refused: tuple[MoveFailure, ...]
    """Moves that a host cannot carry out, whatever comes of the others."""


@dataclass(slots=True, eq=False, kw_only=True)
class HostCard:
    """One host. Versions are texts as they are written; maps of handlers go by the key of the extension type."""

    identity: Identity
    probe_address: str = ""
    agent_version: str = ""
    platform: str = ""

    wanted: dict[str, str] = field(default_factory=dict)
    """The version that each handler of the profile is to have; empty where there was no package to choose from yet."""
    leaving: dict[str, Leaving] = field(default_factory=dict)
    goal_incarnation: int = 0
    reached_incarnation: int = 0
    profile_digest: str = ""
    """Of the profile that the goal state was made for."""
    under_way: UnderWay | None = None
    finished: tuple[InstanceAnswer, ...] = ()
    failures: dict[str, ExtensionFailure] = field(default_factory=dict)
    """What failed in the goal state that was worked through last, by the extension's name in lower case."""
    ran_well: dict[str, str] = field(default_factory=dict)
    """The version with which each handler last reached what was wanted of it."""
    is_announced: bool = False
    """Whoever wants to hear of newcomers has heard of it."""

    handlers: tuple[HandlerReport, ...] = ()
    last_heard_at_ms: int | None = None
    clock_skew_ms: int | None = None

    presence: Presence = Presence.AWAITED
    kept_incarnation: int = 0
    """The goal state up to which everything is in the store."""
    unkept: Part = Part.NONE
    is_gone: bool = False
    """The host is none any more; nothing of it is kept from now on."""
    reply: Reply | None = None
    """Whom the order under way is answered to; None after a restart, until it is given again."""
    answers: list[tuple[Reply, InstanceAnswer]] = field(default_factory=list)
    """To be given as soon as what they say is kept."""

    @property
    def uid(self) -> str:
        return self.identity.uid

    @property
    def name(self) -> HostName:
        return self.identity.name

    @property
    def instance_id(self) -> str:
        return self.identity.name.instance_id

    def answer_of(self, operation_id: str) -> InstanceAnswer | None:
        """The answer given to the operation, where it was finished and is remembered."""
        return next((answer for answer in self.finished if answer.operation_id == operation_id), None)

    def remember(self, answer: InstanceAnswer) -> None:
        """Keep the answer, and let go of the oldest."""
        self.finished = (*self.finished, answer)[-REMEMBERED_OPERATIONS:]
