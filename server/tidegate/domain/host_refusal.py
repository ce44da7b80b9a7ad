"""Refusals about hosts and handler packages: who may not join or speak, and what cannot be run.

Law: a sentence here never repeats a secret, be it a token, a credential or a setting.
"""

from __future__ import annotations

from tidegate.domain.reason import Reason
from tidegate.domain.refusal import MalformedRequest, Refusal


class NotAuthenticated(Refusal):
    reason = Reason.NOT_AUTHENTICATED

    def __init__(self, why: str, advice: str) -> None:
        super().__init__(why, advice=advice)


class NotPermitted(Refusal):
    reason = Reason.NOT_PERMITTED

    def __init__(self, who: str, method: str) -> None:
        super().__init__(
            f"{who} may not call {method}.",
            advice="Hosts call AgentService with their credential; everything else wants an operator's certificate.",
        )


class JoinTokenInvalid(Refusal):
    """The same for a wrong, a spent and an expired token where the difference would help somebody who guesses."""

    reason = Reason.JOIN_TOKEN_INVALID

    def __init__(self, why: str) -> None:
        super().__init__(f"The join token {why}.", advice="Make a new one: tidegate host token.")


class HostNotFound(Refusal):
    reason = Reason.HOST_NOT_FOUND

    def __init__(self, name: str) -> None:
        super().__init__(f"No host {name} has joined.", advice="List the hosts.", resource=name)


class InstanceIdTaken(Refusal):
    reason = Reason.INSTANCE_ID_TAKEN

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Another host is {name} already.",
            advice="Join under another instance id, or remove that host first: tidegate host remove.",
            resource=name,
        )


class HostsNotTaken(Refusal):
    reason = Reason.HOSTS_NOT_TAKEN

    def __init__(self) -> None:
        super().__init__(
            "This server's machines are all simulated; it takes no hosts.",
            advice="Start it with --fleet agents, or with --fleet mixed for both.",
        )


class PackageInvalid(MalformedRequest):
    """A handler package cannot be used; each field is a place in it, such as HandlerManifest.json or a member."""

    reason = Reason.PACKAGE_INVALID


class PackageConflict(Refusal):
    reason = Reason.PACKAGE_CONFLICT

    def __init__(self, name: str, version: str, sha256: str) -> None:
        super().__init__(
            f"{name} {version} has another package already, with the SHA-256 {sha256}.",
            advice="Publish a changed package under a new version.",
            resource=f"{name}/{version}",
        )


class PackageNotFound(Refusal):
    reason = Reason.PACKAGE_NOT_FOUND

    def __init__(self, sha256: str) -> None:
        super().__init__(
            f"No handler package has the SHA-256 {sha256}.", advice="Publish it: tidegate catalog publish PACKAGE.zip."
        )


class PackagesUnavailable(Refusal):
    reason = Reason.PACKAGES_UNAVAILABLE

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The package store takes nothing now: {why}.",
            advice="Free disk space or mend the disk, and publish it again; nothing was kept of it.",
        )


class AuthorityNotUsable(Refusal):
    """Where no certificate can be issued no host is let in, and none is made an operator."""

    reason = Reason.AUTHORITY_UNUSABLE

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The server cannot issue certificates: {why.rstrip('.')}.",
            advice="Give the server an authority that is good: tidegate ca show tells, tidegate ca init makes one.",
        )


class StreamReplaced(Refusal):
    reason = Reason.STREAM_REPLACED

    def __init__(self, name: str) -> None:
        super().__init__(
            f"A later stream of {name} took the place of this one.",
            advice="Run one agent for each host; two with the same credential take turns for ever.",
            resource=name,
        )
