"""Colours and signs: one for each status, the same wherever it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate_client.messages import InstanceStatus, StatusCode, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """How one status of an instance is shown: one column wide, with a plain letter for terminals without Unicode."""

    glyph: str
    letter: str
    style: str
    word: str


SIGNS: dict[InstanceStatus.ValueType, Sign] = {
    InstanceStatus.INSTANCE_STATUS_SUCCEEDED: Sign(glyph="●", letter="#", style="green", word="done"),
    InstanceStatus.INSTANCE_STATUS_SETTLING: Sign(glyph="◍", letter="~", style="cyan", word="settling"),
    InstanceStatus.INSTANCE_STATUS_IN_PROGRESS: Sign(glyph="◐", letter=">", style="yellow", word="under way"),
    InstanceStatus.INSTANCE_STATUS_FAILED: Sign(glyph="✗", letter="x", style="bold red", word="failed"),
    InstanceStatus.INSTANCE_STATUS_RESTORING: Sign(glyph="↺", letter="<", style="magenta", word="going back"),
    InstanceStatus.INSTANCE_STATUS_RESTORED: Sign(
        glyph="○", letter="o", style="magenta", word="back at the old version"
    ),
    InstanceStatus.INSTANCE_STATUS_RESTORE_FAILED: Sign(
        glyph="!", letter="!", style="bold red reverse", word="could not go back"
    ),
    InstanceStatus.INSTANCE_STATUS_WAITING: Sign(glyph="·", letter=".", style="dim", word="waiting"),
    InstanceStatus.INSTANCE_STATUS_ALREADY_NEWEST: Sign(
        glyph="=", letter="=", style="dim green", word="newest already"
    ),
    InstanceStatus.INSTANCE_STATUS_DENIED: Sign(glyph="-", letter="-", style="dim yellow", word="left alone by a rule"),
    InstanceStatus.INSTANCE_STATUS_NOT_APPLICABLE: Sign(glyph="_", letter="_", style="dim", word="not applicable"),
}
UNKNOWN_SIGN = Sign(glyph="?", letter="?", style="dim", word="unknown")

SPINNING = "◐◓◑◒"
"""The glyph of an instance under way turns, so that a person sees that something is going on."""

GRAVEST_FIRST = (
    InstanceStatus.INSTANCE_STATUS_RESTORE_FAILED,
    InstanceStatus.INSTANCE_STATUS_FAILED,
    InstanceStatus.INSTANCE_STATUS_RESTORING,
    InstanceStatus.INSTANCE_STATUS_IN_PROGRESS,
    InstanceStatus.INSTANCE_STATUS_SETTLING,
    InstanceStatus.INSTANCE_STATUS_RESTORED,
    InstanceStatus.INSTANCE_STATUS_WAITING,
    InstanceStatus.INSTANCE_STATUS_SUCCEEDED,
    InstanceStatus.INSTANCE_STATUS_DENIED,
    InstanceStatus.INSTANCE_STATUS_NOT_APPLICABLE,
    InstanceStatus.INSTANCE_STATUS_ALREADY_NEWEST,
)
"""Where one sign stands for several instances, it is that of the first of these among them."""

STATUS_STYLES: dict[StatusCode.ValueType, str] = {
    StatusCode.STATUS_CODE_ROLLING_FORWARD: "bold cyan",
    StatusCode.STATUS_CODE_ROLLING_BACK: "bold magenta",
    StatusCode.STATUS_CODE_CANCELLED: "bold yellow",
    StatusCode.STATUS_CODE_COMPLETED: "bold green",
    StatusCode.STATUS_CODE_FAULTED: "bold red",
}

VERDICT_STYLES: dict[Verdict.ValueType, str] = {
    Verdict.VERDICT_ALLOW: "green",
    Verdict.VERDICT_DENY: "bold red",
    Verdict.VERDICT_PACE: "cyan",
    Verdict.VERDICT_GO_ON: "green",
    Verdict.VERDICT_PAUSE: "bold yellow",
    Verdict.VERDICT_HALT: "bold red",
    Verdict.VERDICT_ROLL_BACK_FAILED: "bold magenta",
    Verdict.VERDICT_ROLL_BACK: "bold magenta",
}
LEFT_ALONE = frozenset(
    {
        InstanceStatus.INSTANCE_STATUS_ALREADY_NEWEST,
        InstanceStatus.INSTANCE_STATUS_DENIED,
        InstanceStatus.INSTANCE_STATUS_NOT_APPLICABLE,
    }
)
"""The statuses of instances that an upgrade never touches."""

STOPPING = frozenset(
    {
        Verdict.VERDICT_PAUSE,
        Verdict.VERDICT_HALT,
        Verdict.VERDICT_ROLL_BACK_FAILED,
        Verdict.VERDICT_ROLL_BACK,
        Verdict.VERDICT_DENY,
    }
)
"""The verdicts that a person wants to read in full."""


def sign_of(status: InstanceStatus.ValueType) -> Sign:
    """The sign of a status; a question mark for one that this version does not know."""
    return SIGNS.get(status, UNKNOWN_SIGN)
