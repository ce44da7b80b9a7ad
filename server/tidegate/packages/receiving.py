"""Receiving a package: what was offered against what comes.

Law: not a byte more than was offered is taken, and not one less is kept.
"""

from __future__ import annotations

import hashlib
import re

from tidegate.domain.host_refusal import PackageInvalid
from tidegate.domain.refusal import FieldViolation
from tidegate.packages.promise import Offer

MOST_BYTES = 268_435_456
"""The largest package that a store takes unless it is told otherwise: 256 MiB."""
SIZE, DIGEST = "size_bytes", "sha256"
"""How an offer's parts are called where they are wrong."""

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


def is_digest(text: str) -> bool:
    """`text` is 64 hexadecimal digits in lower case."""
    return _DIGEST.fullmatch(text) is not None


def check_offer(offer: Offer, most_bytes: int) -> None:
    """Refuse an offer whose package would not be taken whatever came.

    Raises:
        PackageInvalid: its size is not 1 to `most_bytes`, or its digest is none.
    """
    wrong = []
    if not 1 <= offer.size_bytes <= most_bytes:
        wrong.append(
            FieldViolation(field=SIZE, description=f"is {offer.size_bytes}; a package has 1 to {most_bytes} bytes")
        )
    if offer.sha256 and not is_digest(offer.sha256):
        wrong.append(
            FieldViolation(field=DIGEST, description="write the 64 hexadecimal digits in lower case, or nothing")
        )
    if wrong:
        raise PackageInvalid(wrong)


class Receipt:
    """Counts and digests the bytes of one offer as they come."""

    def __init__(self, offer: Offer) -> None:
        self._offer = offer
        self._hash = hashlib.sha256()
        self._count = 0

    def take(self, piece: bytes) -> None:
        """Count the piece in.

        Raises:
            PackageInvalid: more comes than was offered.
        """
        self._count += len(piece)
        if self._count > self._offer.size_bytes:
            raise _wrong(SIZE, f"{self._offer.size_bytes} bytes were offered, but more came")
        self._hash.update(piece)

    def digest(self) -> str:
        """The SHA-256 of the whole, which has all come.

        Raises:
            PackageInvalid: less came than was offered, or other bytes.
        """
        if self._count < self._offer.size_bytes:
            raise _wrong(SIZE, f"{self._offer.size_bytes} bytes were offered, but only {self._count} came")
        sha256 = self._hash.hexdigest()
        if self._offer.sha256 not in {"", sha256}:
            raise _wrong(DIGEST, f"{self._offer.sha256} was offered, but what came has {sha256}")
        return sha256


def _wrong(field: str, description: str) -> PackageInvalid:
    return PackageInvalid([FieldViolation(field=field, description=description)])
