"""The promise every package store keeps: a package that was added is there whole, for ever, under its digest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from tidegate.domain.extension import ExtensionType
from tidegate.domain.package import Package
from tidegate.domain.version import Version

PIECE_BYTES = 262_144
"""How much of a package is read, sent and written at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a publisher says of a package before its bytes come."""

    extension_type: ExtensionType
    version: Version
    size_bytes: int
    sha256: str = ""
    """Empty where the publisher does not know it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A package that is kept."""

    package: Package
    created: bool
    """False where the same package was kept before."""
    remarks: tuple[str, ...] = ()
    """What is odd about it but no reason to refuse it, a sentence each."""


class PackageStore(Protocol):
    """Keeps handler packages; may be asked by several tasks at once."""

    async def add(self, offer: Offer, pieces: AsyncIterator[bytes]) -> Added:
        """Take the bytes, check them and their manifest, and keep them durably; nothing is kept of what is refused.

        Raises:
            PackageInvalid: it cannot be used, or is not what was offered; every problem is named.
            PackageConflict: the version has another package.
            OSError: the disk takes no more.
        """

    async def package(self, extension_type: ExtensionType, version: Version) -> Package | None:
        """The package of exactly this version, or None."""

    async def packages(self, extension_type: ExtensionType) -> Sequence[Package]:
        """Every package of the type, the oldest version first."""

    def read(self, sha256: str, offset_bytes: int = 0) -> AsyncIterator[bytes]:
        """The bytes from the offset on, in pieces of at most `PIECE_BYTES`.

        Raises:
            PackageNotFound: there is none of this digest.
        """

    async def close(self) -> None:
        """Let go of everything held."""
