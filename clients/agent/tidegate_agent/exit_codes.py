"""Exit codes of `tidegate-agent`: what a script or a service manager learns without reading a word."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How the command ended; the numbers that `tidegate` uses too mean the same there."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    NOT_JOINED = 3
    UNAVAILABLE = 6
    NOT_AUTHENTICATED = 7
    ALREADY_RUNNING = 8
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.OK: "done, or ended as it was told to",
    ExitCode.REFUSED: "refused; the reason and what to do stand on stderr",
    ExitCode.USAGE: "the command line is wrong, a join token that cannot be read included",
    ExitCode.NOT_JOINED: "the host has not joined",
    ExitCode.UNAVAILABLE: "no server answered in time",
    ExitCode.NOT_AUTHENTICATED: "the server knows this host no longer; starting the agent again will not help",
    ExitCode.ALREADY_RUNNING: "another agent works in this root",
    ExitCode.INTERRUPTED: "interrupted by Ctrl-C",
}
