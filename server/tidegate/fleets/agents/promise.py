"""What the desk of a fleet of hosts promises to the door that hosts and their operators come to.

Law: a secret is told once, in the answer that made it, and kept as a digest only. A result is durable before it is
acknowledged. Of two lines of one host the later one stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tidegate.domain.extension import ExtensionType
from tidegate.domain.host import GoalState, GoalStateResult, HandlerReport, Host, HostHello, HostName
from tidegate.domain.resource_id import ScaleSetId


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedToken:
    """A join token."""

    text: str = field(repr=False)
    """`tgj1_` and what host_service.proto says of it."""
    expires_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """A machine that wants to be a host; its fields have been checked for their shape."""

    token: str = field(repr=False)
    """Id and secret of the join token, joined by a dot."""
    shown_token_id: str = ""
    """The token that the certificate stands for which the caller showed; empty where he showed none."""
    instance_id: str
    zone: str = ""
    fault_domain: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    probe_address: str = ""
    agent_version: str = ""
    platform: str = ""
    settings_certificate: str
    """PEM."""
    certificate_request: str = ""
    """PEM; empty where the caller asks for no certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A machine that is a host now."""

    name: HostName
    credential: str = field(repr=False)
    certificate: str = ""
    """PEM; empty without TLS."""
    certificate_expires_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewedCertificate:
    """A host's new certificate."""

    certificate: str
    expires_at_ms: int
    authority_certificate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostIdentity:
    """A host whose credential was right."""

    uid: str
    """Its own for ever, and no other host's, whatever that is called."""
    name: HostName


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """What a host is told when its line begins."""

    heartbeat_seconds: float
    silence_seconds: float
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """A result has been kept."""

    incarnation: int


Down = GoalState | Acknowledged


class HostLine(Protocol):
    """One open stream of one host, seen from the server's side. Nothing is told through it after it has closed."""

    @property
    def welcome(self) -> Welcome:
        """What the host is told first."""

    def heard(self, at_ms: int | None) -> None:
        """The host is alive; `at_ms` is what its own clock says, where it said."""

    def reported(self, handlers: Sequence[HandlerReport]) -> None:
        """This is how its handlers stand now."""

    async def finished(self, result: GoalStateResult) -> None:
        """A goal state was worked through. Returns once that is durable; waits while the host takes no answers.

        Raises:
            FleetUnavailable: it cannot be kept just now; the host is to repeat it.
        """

    async def next(self) -> Sequence[Down]:
        """What goes down to the host, as soon as there is any; of several goal states the newest alone.

        Raises:
            StreamReplaced: a later line of the host took the place of this one.
            NotAuthenticated: the host was removed, or its scale set is gone.
        """

    def close(self) -> None:
        """The stream has ended. Closing twice is harmless."""


class HostDesk(Protocol):
    """Where hosts join, speak and leave, and where operators ask for them.

    Whatever changes something raises FleetUnavailable where it cannot be kept just now.
    """

    async def create_token(self, scale_set: ScaleSetId, instance_id: str, live_seconds: float) -> CreatedToken:
        """A token with which one host may join, once; under any name where `instance_id` is empty.

        Raises:
            ScaleSetNotFound: there is no such scale set.
        """

    async def join(self, joining: Joining) -> Joined:
        """Make the machine a host; the same machine may repeat it until the token expires, for a new credential.

        Raises:
            JoinTokenInvalid: the token is wrong, spent, expired or for another name.
            InstanceIdTaken: another instance of the scale set is called so.
            ScaleSetNotFound: the scale set is gone.
            MalformedRequest: a certificate or a request for one cannot be used.
        """

    def authenticate(self, credential: str) -> HostIdentity:
        """The host whose credential this is; NotAuthenticated where it is nobody's."""

    async def renew(self, host: HostIdentity, certificate_request: str) -> RenewedCertificate:
        """A new certificate for the host.

        Raises:
            MalformedRequest: the request is none, or the server speaks no TLS.
        """

    async def leave(self, host: HostIdentity) -> None:
        """The host leaves for good: its line ends and its credential is worth nothing."""

    async def connect(self, host: HostIdentity, hello: HostHello) -> HostLine:
        """Begin a line; an earlier one of the host ends.

        Raises:
            NotAuthenticated: the host was removed meanwhile.
        """

    async def hosts(self, scale_set: ScaleSetId | None, after_key: str, limit: int) -> Sequence[Host]:
        """Up to `limit` hosts with a name's key above `after_key`, by key, without their handlers; None for all.

        Raises:
            ScaleSetNotFound: there is no such scale set.
        """

    async def host(self, name: HostName) -> Host:
        """The host, or raises HostNotFound."""

    async def remove(self, name: HostName) -> None:
        """Let the host go, whether it can be reached or not; raises HostNotFound."""

    async def packages_changed(self, extension_type: ExtensionType) -> None:
        """Versions of the type were published: hosts that wait for one that has a package get it."""
