"""Values that know where they stand: what a YAML text becomes before anybody asks what it means."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from tidegate.policy.place import Place

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"
"""The same value without places, as JSON would have it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LocatedScalar:
    """A single value. `text` is what was written, so that the version 1.10 does not become the number 1.1."""

    value: bool | int | float | str | None
    text: str
    place: Place


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LocatedList:
    """A list; its place is that of its first dash or of its bracket."""

    items: tuple[LocatedValue, ...]
    place: Place


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One key of a map and its value."""

    key: str
    key_place: Place
    value: LocatedValue


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LocatedMap:
    """A map with text keys, each once; its place is that of its first key or of its brace."""

    entries: tuple[Entry, ...]
    place: Place

    def get(self, key: str) -> LocatedValue | None:
        """The value of the key, or None where the map lacks it."""
        return next((entry.value for entry in self.entries if entry.key == key), None)

    def key_place(self, key: str) -> Place:
        """Where the key is written; the place of the map itself where it lacks the key."""
        return next((entry.key_place for entry in self.entries if entry.key == key), self.place)


LocatedValue: TypeAlias = LocatedScalar | LocatedList | LocatedMap


def plain(located: LocatedValue) -> Plain:
    """The value without its places."""
    match located:
        case LocatedScalar():
            return located.value
        case LocatedList():
            return [plain(item) for item in located.items]
        case LocatedMap():
            return {entry.key: plain(entry.value) for entry in located.entries}


def follow(located: LocatedValue, path: Sequence[str | int]) -> LocatedValue:
    """The value at the end of a path of keys and indexes, such as a JSON Schema error carries."""
    for step in path:
        if isinstance(located, LocatedMap) and isinstance(step, str):
            found = located.get(step)
            assert found is not None, f"no key {step!r} at {located.place}"
            located = found
        else:
            assert isinstance(located, LocatedList), f"no step {step!r} at {located.place}"
            assert isinstance(step, int), f"no step {step!r} at {located.place}"
            located = located.items[step]
    return located


def walk(located: LocatedValue) -> Iterator[LocatedValue]:
    """The value itself and everything in it, in the order of the text."""
    yield located
    match located:
        case LocatedList():
            for item in located.items:
                yield from walk(item)
        case LocatedMap():
            for entry in located.entries:
                yield from walk(entry.value)
        case _:
            pass
