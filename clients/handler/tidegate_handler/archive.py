"""The zip that a handler package is, opened and read without trusting what it says of itself.

Law: the bytes that really come out are counted and bounded, whatever the headers claim; so are the members before they
are listed, and a broken zip is a `PackageUnusable`, never another exception. What the disk refuses stays an OSError.
"""

from __future__ import annotations

import contextlib
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tidegate_handler.problem import Problem, told

PIECE_BYTES = 262_144
"""How much is unpacked at once."""

RATIO_FLOOR_BYTES = 1_048_576
"""Up to here the ratio does not matter: a few files of blanks are no bomb."""

MOST_PROBLEMS = 100
"""So many problems are told, and then how many more there are."""

PACKAGE = "package"
"""The place of a problem of the package as a whole."""

COMPRESSIONS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""What every agent can unpack; the others also need more memory than a package may ask for."""

_ENCRYPTED_FLAGS = 0x0001 | 0x0040 | 0x2000
_CENTRAL_RECORD = b"PK\x01\x02"
_CENTRAL_RECORD_BYTES = 1_024
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, ValueError, OverflowError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large a package may be, and what it may become."""

    max_bytes: int = 268_435_456
    max_unpacked_bytes: int = 2_147_483_648
    max_members: int = 20_000
    max_ratio: float = 200.0
    """Unpacked bytes for each byte of the package, where it unpacks to more than `RATIO_FLOOR_BYTES`."""

    def most_unpacked_bytes(self, package_bytes: int) -> int:
        """What a package of this size may unpack to."""
        return min(self.max_unpacked_bytes, max(RATIO_FLOOR_BYTES, int(self.max_ratio * package_bytes)))


class PackageUnusable(ValueError):
    """A package that no agent can run; every problem is named with its place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        kept = list(problems[:MOST_PROBLEMS])
        if len(problems) > MOST_PROBLEMS:
            kept.append(Problem(place=PACKAGE, message=f"has {len(problems) - MOST_PROBLEMS} more problems."))
        super().__init__(told(kept))
        self.problems = tuple(kept)


class MemberBroken(Exception):
    """One member cannot be read, or is not what its header says."""


class TooMuchUnpacked(Exception):
    """More came out than may."""


@dataclass(slots=True, kw_only=True)
class Archive:
    """An open package."""

    zip: zipfile.ZipFile
    package_bytes: int
    most_unpacked_bytes: int
    unpacked_bytes: int = field(default=0, init=False)
    """What has come out so far, of all members."""

    def pieces(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """The content of a member, piece by piece.

        Raises:
            MemberBroken: it cannot be read, or its size or checksum is not what the header says.
            TooMuchUnpacked: with it, more came out of the package than may.
        """
        if is_encrypted(info) or info.compress_type not in COMPRESSIONS:
            raise MemberBroken
        size_bytes = 0
        try:
            with self.zip.open(info) as stream:
                while piece := stream.read(PIECE_BYTES):
                    size_bytes += len(piece)
                    self._spend(len(piece))
                    yield piece
        except _BROKEN:
            raise MemberBroken from None
        if size_bytes != info.file_size:
            raise MemberBroken

    def _spend(self, size_bytes: int) -> None:
        self.unpacked_bytes += size_bytes
        if self.unpacked_bytes > self.most_unpacked_bytes:
            raise TooMuchUnpacked


def is_encrypted(info: zipfile.ZipInfo) -> bool:
    """Whether the content of a member, or its header, is encrypted in any way."""
    return bool(info.flag_bits & _ENCRYPTED_FLAGS)


@contextlib.contextmanager
def open_archive(path: Path, limits: Limits) -> Iterator[Archive]:
    """The package at `path`, open to be read.

    Raises:
        PackageUnusable: it is too large, has too many members, or is no whole zip.
        OSError: the disk cannot be read.
    """
    with path.open("rb", buffering=0) as raw:
        package_bytes = os.fstat(raw.fileno()).st_size
        if package_bytes > limits.max_bytes:
            raise unusable(f"has {package_bytes} bytes, and may have {limits.max_bytes}.")
        guarded = _Guarded(raw, limits.max_members, package_bytes)
        with _opened(guarded, limits) as archive:
            guarded.opened()
            yield Archive(
                zip=archive,
                package_bytes=package_bytes,
                most_unpacked_bytes=limits.most_unpacked_bytes(package_bytes),
            )


def unusable(message: str, place: str = PACKAGE) -> PackageUnusable:
    """The refusal of a package for one reason."""
    return PackageUnusable([Problem(place=place, message=message)])


def _opened(guarded: _Guarded, limits: Limits) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(guarded)
    except _TooManyMembers:
        raise unusable(f"has more than {limits.max_members} members.") from None
    except _BROKEN:
        raise unusable("is no zip, or not the whole of one.") from None


class _TooManyMembers(Exception):
    """Its directory lists more members than may be."""


class _Guarded(io.BufferedReader):
    """The file of a package: bounds what opening it takes, and keeps a false offset from being a failure of the disk.

    `zipfile` reads the whole list of members at once and makes an object of each, before anybody can look. So they are
    counted in the bytes of that one read: no record is there without its signature.
    """

    def __init__(self, raw: io.RawIOBase, max_members: int, package_bytes: int) -> None:
        super().__init__(raw)
        self.max_members = max_members
        self.package_bytes = package_bytes
        self.opening = True

    def opened(self) -> None:
        """From now on members are read, which are counted elsewhere."""
        self.opening = False

    def read(self, size: int | None = -1, /) -> bytes:
        if not self.opening:
            return super().read(size)
        if size is not None and size > max(RATIO_FLOOR_BYTES, self.max_members * _CENTRAL_RECORD_BYTES):
            raise _TooManyMembers
        content = super().read(size)
        if content.startswith(_CENTRAL_RECORD) and content.count(_CENTRAL_RECORD) > self.max_members:
            raise _TooManyMembers
        return content

    def seek(self, target: int, whence: int = os.SEEK_SET, /) -> int:
        if whence == os.SEEK_SET and not 0 <= target <= self.package_bytes:
            raise zipfile.BadZipFile("an offset lies outside of the file")
        return super().seek(target, whence)
