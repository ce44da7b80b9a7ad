"""What one agent did with one goal state, in words that say the same of every agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.agent.peer.packages import PUBLISHER, Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the agent says of one extension of a handler, or of a handler that has none."""

    type: str
    version: str
    status: str
    code: int
    message: str
    """Only where the handler is well: what went wrong is told by every agent in its own words."""
    extension: str
    sequence: int | None
    """None where nothing is said of an extension."""
    extension_status: str
    extension_code: int | None
    operation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A goal state, worked through."""

    deeds: Sequence[str]
    """The commands in their order, as they began and as they ended."""
    environments: Sequence[Mapping[str, str]]
    """What each command found in the contract's variables."""
    states: Mapping[str, str]
    papers: Mapping[str, object]
    said: Sequence[Said]


ELSEWHERE = {
    "AZURE_GUEST_AGENT_WIRE_PROTOCOL_ADDRESS": "where an agent's server is, not what it does",
}
"""Variables whose values are each agent's own, and why; that they are there is compared."""


def environment_of(told: Told) -> Mapping[str, str]:
    """The contract's variables, with the handler's folder called by its name."""
    place = told.folder.rpartition("/")[2]
    found = {"moment": f"{told.moment} {told.deed}", "mrseq": told.mrseq, "folder": place}
    for name, value in told.environment.items():
        found[name] = "elsewhere" if name in ELSEWHERE and value else value.replace(told.folder, place)
    return found


def type_of(handler: str) -> str:
    """The type in a handler's name."""
    return handler.removeprefix(f"{PUBLISHER}.")
