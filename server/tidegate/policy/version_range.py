"""A range of versions as a policy writes it: `>=1.2 <2`, every bound of which must hold."""

from __future__ import annotations

import dataclasses
import operator
import re
from collections.abc import Callable, Mapping

from tidegate.domain.version import MalformedVersion, Version

_BOUND = re.compile(r"(?P<relation>>=|<=|>|<|=)(?P<version>[0-9.]+)", re.ASCII)
_RELATIONS: Mapping[str, Callable[[Version, Version], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}


class MalformedRange(ValueError):
    """The text is not a range of versions; the message says how to write one."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VersionRange:
    """Bounds that must all hold, each a relation and a version."""

    bounds: tuple[tuple[str, Version], ...]

    def holds(self, version: Version) -> bool:
        """Does the version lie within every bound?"""
        return all(_RELATIONS[relation](version, bound) for relation, bound in self.bounds)


def read_range(text: str) -> VersionRange:
    """The range that the text describes.

    Raises:
        MalformedRange: the text has a part that is not a relation followed by a version, has no part, or has parts
            that exclude each other.
    """
    bounds: list[tuple[str, Version]] = []
    for part in re.sub(r"([<>=])\s+", r"\1", text).split():
        match = _BOUND.fullmatch(part)
        if match is None:
            raise MalformedRange('Write bounds with a space between them, such as ">=1.2 <2".')
        try:
            bounds.append((match["relation"], Version(match["version"])))
        except MalformedVersion as malformed:
            raise MalformedRange(f"{malformed}.") from malformed
    if not bounds:
        raise MalformedRange('Write at least one bound, such as ">=1.2".')
    if any(_exclude(low, high) for low in bounds for high in bounds):
        raise MalformedRange("No version lies within all of these bounds.")
    return VersionRange(bounds=tuple(bounds))


def _exclude(low: tuple[str, Version], high: tuple[str, Version]) -> bool:
    """Does the one bound begin where the other one has ended?"""
    if low[0].startswith("<") or high[0].startswith(">"):
        return False
    is_strict = low[0] == ">" or high[0] == "<"
    return low[1] > high[1] or (is_strict and low[1] == high[1])
