"""The packages in memory: for servers that forget all at their end, and for tests.

Law: it keeps no more than it was given room for; a package that does not fit is refused as a full disk would refuse it.
"""

from __future__ import annotations

import errno
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from tidegate.domain.extension import ExtensionType
from tidegate.domain.host_refusal import PackageNotFound
from tidegate.domain.package import Package
from tidegate.domain.version import Version
from tidegate.packages.checking import Checked, check_offered_name, check_package
from tidegate.packages.index import PackageIndex
from tidegate.packages.promise import PIECE_BYTES, Added, Offer
from tidegate.packages.receiving import MOST_BYTES, Receipt, check_offer
from tidegate.packages.undisturbed import undisturbed


class MemoryPackageStore:
    """Keeps packages as long as the process lives."""

    def __init__(self, *, most_bytes: int = MOST_BYTES, room_bytes: int = MOST_BYTES) -> None:
        """`most_bytes` of one package, `room_bytes` of all of them together, those on their way included."""
        self._most_bytes = most_bytes
        self._free_bytes = room_bytes
        self._index = PackageIndex()
        self._content: dict[str, bytes] = {}

    async def add(self, offer: Offer, pieces: AsyncIterator[bytes]) -> Added:
        """Take the bytes, check them and their manifest, and keep them; as the promise says."""
        check_offer(offer, self._most_bytes)
        check_offered_name(offer)
        if offer.sha256:
            self._index.kept(offer.extension_type, offer.version, offer.sha256)
        if offer.size_bytes > self._free_bytes:
            raise OSError(errno.ENOSPC, "the memory that was set aside for packages is used up")
        self._free_bytes -= offer.size_bytes
        is_kept = False
        try:
            receipt, content = Receipt(offer), bytearray()
            async for piece in pieces:
                receipt.take(piece)
                content += piece
            sha256 = receipt.digest()
            checked = await undisturbed(_check, content, offer)
            package = Package(
                extension_type=offer.extension_type,
                version=offer.version,
                sha256=sha256,
                size_bytes=offer.size_bytes,
                supports_multiple_extensions=checked.supports_multiple_extensions,
            )
            kept = self._index.kept(package.extension_type, package.version, sha256)
            if kept is None:
                self._index.put(package)
                is_kept = sha256 not in self._content
                self._content.setdefault(sha256, bytes(content))
        finally:
            if not is_kept:
                self._free_bytes += offer.size_bytes
        return Added(package=kept or package, created=kept is None, remarks=checked.remarks)

    async def package(self, extension_type: ExtensionType, version: Version) -> Package | None:
        """The package of exactly this version, or None."""
        return self._index.of(extension_type, version)

    async def packages(self, extension_type: ExtensionType) -> Sequence[Package]:
        """Every package of the type, the oldest version first."""
        return self._index.of_type(extension_type)

    async def read(self, sha256: str, offset_bytes: int = 0) -> AsyncIterator[bytes]:
        """The bytes from the offset on; raises PackageNotFound where there are none of this digest."""
        assert offset_bytes >= 0, "nothing lies before the beginning"
        content = self._content.get(sha256)
        if content is None:
            raise PackageNotFound(sha256)
        for begin in range(offset_bytes, len(content), PIECE_BYTES):
            yield content[begin : begin + PIECE_BYTES]

    async def close(self) -> None:
        """Let go of everything."""
        self._content.clear()


def _check(content: bytearray, offer: Offer) -> Checked:
    # A zip is looked into where it lies as a file, for every store alike.
    with tempfile.TemporaryDirectory(prefix="tidegate-package-") as folder:
        path = Path(folder) / "package.zip"
        path.write_bytes(content)
        return check_package(path, offer)
