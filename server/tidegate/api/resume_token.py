"""Resume tokens: opaque texts that say which answer of a watch the caller had last.

Law: a token belongs to an event, not to a watcher, so that one rendered answer serves all watchers of an upgrade. It
names the upgrade and the sequence number of its event and is bound to the scale set; a token of another scale set, cut
short, or made up is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.api.sealed_token import BrokenSeal, seal, unseal
from tidegate.domain.refusal import ResumeTokenMismatch
from tidegate.domain.resource_id import ScaleSetId

_PURPOSE = "resume"
_SEQUENCE_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumePoint:
    """Right after the event `sequence` of the upgrade."""

    upgrade_id: str
    sequence: int


def give_resume_token(scale_set: ScaleSetId, upgrade_id: str, sequence: int) -> str:
    """The token that goes on right after event `sequence` of the upgrade `upgrade_id` of `scale_set`."""
    payload = sequence.to_bytes(_SEQUENCE_BYTES, "big") + upgrade_id.encode("utf-8")
    return seal(_PURPOSE, (scale_set.key,), payload)


def read_resume_token(scale_set: ScaleSetId, token: str) -> ResumePoint | None:
    """Where to go on; None where the token is empty and a snapshot is wanted.

    Raises:
        ResumeTokenMismatch: the token was not given by a watch of this scale set or of one of its upgrades.
    """
    if not token:
        return None
    try:
        payload = unseal(_PURPOSE, (scale_set.key,), token)
    except BrokenSeal:
        raise ResumeTokenMismatch(str(scale_set)) from None
    sequence, upgrade_id = payload[:_SEQUENCE_BYTES], payload[_SEQUENCE_BYTES:]
    return ResumePoint(upgrade_id=upgrade_id.decode("utf-8"), sequence=int.from_bytes(sequence, "big"))
