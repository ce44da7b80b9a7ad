"""What can go wrong between an agent, its root and its server, as classes with advice and an exit code.

Law: a sentence here never repeats a secret, be it a token, a credential or a key.
"""

from __future__ import annotations

from tidegate_agent.exit_codes import ExitCode


class Problem(Exception):
    """Something that whoever runs the agent can mend; `str` is a whole sentence."""

    exit_code = ExitCode.REFUSED

    def __init__(self, message: str, *, advice: str) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


class JoinTokenUnreadable(Problem):
    """The text is no join token, or not the whole of one."""

    exit_code = ExitCode.USAGE

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The join token cannot be read: {why}.",
            advice="Copy the whole of it, from tgj1_ to its last character, or make a new one: tidegate host token.",
        )


class NotJoined(Problem):
    exit_code = ExitCode.NOT_JOINED

    def __init__(self, root: str) -> None:
        super().__init__(
            f"No host has joined from {root}.",
            advice="Make a token where the server is operated (tidegate host token), then join with it here: "
            "tidegate-agent join.",
        )


class AlreadyJoined(Problem):
    def __init__(self, host: str) -> None:
        super().__init__(
            f"This root is {host} already.",
            advice="Run it (tidegate-agent run), or leave first (tidegate-agent leave), or join from another --root.",
        )


class IdentityDamaged(Problem):
    def __init__(self, file: str, why: str) -> None:
        super().__init__(
            f"{file} cannot be used: {why}.",
            advice="Put the file back from a backup, or remove the host (tidegate host remove), delete the folder "
            "identity and join again.",
        )


class AlreadyRunning(Problem):
    exit_code = ExitCode.ALREADY_RUNNING

    def __init__(self, root: str) -> None:
        super().__init__(
            f"Another agent works in {root}.", advice="Run one agent for each root; a second host wants its own --root."
        )


class AddressMalformed(Problem):
    exit_code = ExitCode.USAGE

    def __init__(self, server: str) -> None:
        super().__init__(
            f"{server!r} is no address of a server.", advice="Write HOST:PORT, such as tidegate.example.com:50551."
        )


class PlaintextRefused(Problem):
    def __init__(self, server: str) -> None:
        super().__init__(
            f"{server} is not on this machine, and this host has no certificates to speak TLS with it.",
            advice="Without TLS anybody on the way could read the credential and choose what runs here. Make an "
            "authority (tidegate ca init), start the server with it (tidegate serve --tls DIR), and join with a token "
            "made there.",
        )


class Unreachable(Problem):
    """No server answered, or not to the end; a repeated attempt may succeed."""

    exit_code = ExitCode.UNAVAILABLE

    def __init__(self, server: str, why: str, *, advice: str) -> None:
        super().__init__(f"The call to {server} came to nothing: {why}.", advice=advice)


class Refused(Problem):
    """The server said no. `reason` is the name of a RefusalReason without its prefix, or empty."""

    def __init__(self, message: str, *, advice: str, reason: str = "") -> None:
        super().__init__(message, advice=advice)
        self.reason = reason


class NotAuthenticated(Refused):
    exit_code = ExitCode.NOT_AUTHENTICATED

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(
            f"The server does not know this host: {message}",
            advice="It was removed, or its certificate has expired. Forget it here (tidegate-agent leave), and join "
            "again with a new token.",
            reason=reason,
        )


class StreamReplaced(Refused):
    def __init__(self, message: str) -> None:
        super().__init__(
            message,
            advice="Another agent shows this host's credential. Find it and stop it; if this machine is a copy of "
            "another, leave here (tidegate-agent leave) and join under a name of its own.",
            reason="STREAM_REPLACED",
        )


class PackageRefused(Problem):
    """A package that must not be unpacked: too large, or not the one that was named."""

    def __init__(self, sha256: str, why: str) -> None:
        super().__init__(
            f"The package {sha256[:12]}... {why}.",
            advice="Publish it again under a new version: tidegate catalog publish PACKAGE.zip.",
        )


class PackageUnavailable(Problem):
    """A package that could not be fetched whole in time."""

    exit_code = ExitCode.UNAVAILABLE

    def __init__(self, sha256: str, why: str) -> None:
        super().__init__(
            f"The package {sha256[:12]}... could not be fetched: {why}.",
            advice="It is fetched again with the next goal state, from where it broke off.",
        )
