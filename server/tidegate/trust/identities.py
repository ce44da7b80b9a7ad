"""Who a certificate stands for: a URI among its subject alternative names, such as `tidegate://host/4f2a`.

Law: a certificate stands for exactly one of us or for nobody. One without such a URI, with two, or with one that has
another shape stands for nobody, whoever issued it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_SCHEME = "tidegate"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,127}", re.ASCII)


class IdentityKind(StrEnum):
    """What somebody is to the server."""

    JOIN = "join"
    """A machine that may become a host; its name is the id of its join token."""
    HOST = "host"
    OPERATOR = "operator"


class MalformedName(ValueError):
    """The text cannot be a name in a certificate."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name!r} cannot be a name in a certificate; write 1 to 128 letters, digits, dots, dashes, underscores "
            "and @, the first a letter or a digit."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One of us."""

    kind: IdentityKind
    name: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise MalformedName(self.name)

    @property
    def uri(self) -> str:
        """As it stands in a certificate."""
        return f"{_SCHEME}://{self.kind.value}/{self.name}"

    def __str__(self) -> str:
        return f"{self.kind.value} {self.name}"


def identity_of(uris: Iterable[str]) -> Identity | None:
    """The one identity among the URIs of a certificate; None where there is none, or more than one."""
    ours = [uri for uri in uris if uri.lower().startswith(f"{_SCHEME}:")]
    if len(ours) != 1:
        return None
    kind, _, name = ours[0].removeprefix(f"{_SCHEME}://").partition("/")
    try:
        return Identity(kind=IdentityKind(kind), name=name)
    except ValueError:
        return None
