"""The packages in a folder: `{sha256}.zip` with the bytes, `{sha256}.json` with the versions they are of.

Law: a package is flushed to the disk before its record, and the record before anybody hears of it; so a crash at any
moment leaves whole packages, and at the most one without a record, which goes at the next start with all that was on
its way. One server has the folder. (A record for each package rather than a database: the bytes are files already, and
a person can see, copy and mend such a folder with nothing but a shell.)
"""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import BinaryIO

from tidegate.domain.extension import ExtensionType
from tidegate.domain.host_refusal import PackageNotFound
from tidegate.domain.package import Package
from tidegate.domain.version import Version
from tidegate.packages.checking import check_offered_name, check_package
from tidegate.packages.index import PackageIndex
from tidegate.packages.promise import PIECE_BYTES, Added, Offer
from tidegate.packages.receiving import MOST_BYTES, Receipt, check_offer, is_digest
from tidegate.packages.records import PackageFolderUnusable, read_record, sync_folder, write_record
from tidegate.packages.undisturbed import undisturbed

UPLOADS_AT_ONCE = 4
"""Packages on their way at once; who comes later waits, and his bytes with him."""
_INCOMING = "incoming"


class FolderPackageStore:
    """Keeps packages over every restart; made by `open`."""

    def __init__(self, folder: Path, most_bytes: int, uploads_at_once: int) -> None:
        self._folder = folder
        self._incoming = folder / _INCOMING
        self._most_bytes = most_bytes
        self._turns = asyncio.Semaphore(uploads_at_once)
        self._index = PackageIndex()
        self._keeping = threading.Lock()
        self._lost: list[Package] = []

    @classmethod
    async def open(
        cls, folder: Path, *, most_bytes: int = MOST_BYTES, uploads_at_once: int = UPLOADS_AT_ONCE
    ) -> FolderPackageStore:
        """The store of `folder`, which is made where there is none; what an earlier server left half done is removed.

        Raises:
            PackageFolderUnusable: the folder cannot be had, or a record in it cannot be read.
        """
        store = cls(folder, most_bytes, uploads_at_once)
        try:
            await undisturbed(store._take_up)
        except OSError as unusable:
            raise PackageFolderUnusable(f"The folder {folder} cannot be used: {unusable.strerror}.") from unusable
        return store

    @property
    def lost(self) -> Sequence[Package]:
        """Packages that have a record, but whose bytes somebody took away: publishing them again brings them back."""
        return tuple(self._lost)

    async def add(self, offer: Offer, pieces: AsyncIterator[bytes]) -> Added:
        """Take the bytes, check them and their manifest, and keep them durably; as the promise says."""
        check_offer(offer, self._most_bytes)
        check_offered_name(offer)
        if offer.sha256:
            # Known before a byte of it has come.
            self._index.kept(offer.extension_type, offer.version, offer.sha256)
        async with self._turns:
            temporary = self._incoming / f"{secrets.token_hex(8)}.part"
            try:
                sha256 = await _receive(offer, pieces, temporary)
                checked = await undisturbed(check_package, temporary, offer)
                package = Package(
                    extension_type=offer.extension_type,
                    version=offer.version,
                    sha256=sha256,
                    size_bytes=offer.size_bytes,
                    supports_multiple_extensions=checked.supports_multiple_extensions,
                )
                kept = await undisturbed(self._keep, temporary, package)
            finally:
                await undisturbed(temporary.unlink, missing_ok=True)
        return Added(package=kept, created=kept is package, remarks=checked.remarks)

    async def package(self, extension_type: ExtensionType, version: Version) -> Package | None:
        """The package of exactly this version, or None."""
        return self._index.of(extension_type, version)

    async def packages(self, extension_type: ExtensionType) -> Sequence[Package]:
        """Every package of the type, the oldest version first."""
        return self._index.of_type(extension_type)

    async def read(self, sha256: str, offset_bytes: int = 0) -> AsyncIterator[bytes]:
        """The bytes from the offset on. No file is held open between two pieces, however many hosts read slowly.

        Raises:
            PackageNotFound: there is none of this digest.
        """
        assert offset_bytes >= 0, "nothing lies before the beginning"
        known = self._index.of_digest(sha256)
        if not known:
            raise PackageNotFound(sha256)
        path = self._bytes_of(sha256)
        # Systems refuse to look at a place that lies too far beyond the end.
        while offset_bytes < known[0].size_bytes:
            try:
                piece = await undisturbed(_read_piece, path, offset_bytes)
            except FileNotFoundError:
                raise PackageNotFound(sha256) from None
            if not piece:
                return
            yield piece
            offset_bytes += len(piece)

    async def close(self) -> None:
        """Nothing is held: every file is closed where it was used."""

    def _keep(self, temporary: Path, package: Package) -> Package:
        """Give the flushed bytes their name, and then their record; the package, or the same one kept before."""
        with self._keeping:
            kept = self._index.kept(package.extension_type, package.version, package.sha256)
            if kept is not None:
                return kept
            others = self._index.of_digest(package.sha256)
            if not others:
                temporary.replace(self._bytes_of(package.sha256))
                sync_folder(self._folder)
            by_way_of = temporary.with_suffix(".json")
            try:
                write_record(self._record_of(package.sha256), [*others, package], by_way_of)
            finally:
                by_way_of.unlink(missing_ok=True)
            self._index.put(package)
            return package

    def _take_up(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._incoming.mkdir(mode=0o700, exist_ok=True)
        for left in self._incoming.iterdir():
            left.unlink()
        for record in sorted(self._folder.glob("*.json")):
            self._take_up_record(record)
        for path in self._folder.glob("*.zip"):
            if is_digest(path.stem) and not self._index.of_digest(path.stem):
                path.unlink()
        sync_folder(self._folder)

    def _take_up_record(self, record: Path) -> None:
        packages = read_record(record)
        if any(package.sha256 != record.stem for package in packages):
            raise PackageFolderUnusable(f"{record} is the record of another package. Move it away.")
        path = self._bytes_of(record.stem)
        if path.is_file() and path.stat().st_size == packages[0].size_bytes:
            for package in packages:
                self._index.put(package)
        else:
            self._lost.extend(packages)

    def _bytes_of(self, sha256: str) -> Path:
        return self._folder / f"{sha256}.zip"

    def _record_of(self, sha256: str) -> Path:
        return self._folder / f"{sha256}.json"


async def _receive(offer: Offer, pieces: AsyncIterator[bytes], path: Path) -> str:
    """Write what comes to `path` and flush it to the disk; its digest.

    Raises:
        PackageInvalid: it is not what was offered.
    """
    receipt = Receipt(offer)
    with await undisturbed(_create, path) as file:
        async for piece in pieces:
            await undisturbed(_take, receipt, file, piece)
        sha256 = receipt.digest()
        await undisturbed(os.fsync, file.fileno())
    return sha256


def _create(path: Path) -> BinaryIO:
    # Unbuffered: what was written is in the system's hands, and a full disk is told where it is met.
    return path.open("xb", buffering=0)


def _take(receipt: Receipt, file: BinaryIO, piece: bytes) -> None:
    receipt.take(piece)
    rest = memoryview(piece)
    while rest:
        # An unbuffered file may take a part only, on a disk that is nearly full for one.
        rest = rest[file.write(rest) :]


def _read_piece(path: Path, offset_bytes: int) -> bytes:
    with path.open("rb", buffering=0) as file:
        file.seek(offset_bytes)
        return file.read(PIECE_BYTES)
