"""What one agent did with one goal state, in words that say the same of every agent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

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


def differences(theirs: Seen, ours: Seen) -> Iterator[str]:
    """What differs, a line each: where, what the peer has, and what ours has."""
    one, other = _flat(theirs), _flat(ours)
    for place in [*one, *(place for place in other if place not in one)]:
        if one.get(place) != other.get(place):
            yield f"{place}: {one.get(place)!r}, ours {other.get(place)!r}"


def _flat(seen: Seen) -> Mapping[str, object]:
    """Everything that was seen, each with its place."""
    flat: dict[str, object] = {"deeds": list(seen.deeds)}
    for found in seen.environments:
        flat.update({f"{found['moment']} {found.get('ConfigExtensionName', '')} {name}": found[name] for name in found})
    flat.update({f"state of {name}": state for name, state in seen.states.items()})
    flat.update(seen.papers)
    for said in seen.said:
        flat.update({f"said of {said.type} {said.extension} {name}": value for name, value in asdict(said).items()})
    return flat


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
