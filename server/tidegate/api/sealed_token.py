"""Opaque tokens: a few bytes for a later call of ours, sealed with a digest over them and over what they belong to.

Law: whatever was not sealed for the very same purpose and belongings, to the last bit, does not open. The seal keeps
callers from mistakes, not from lies: it has no key, and a token grants nothing that its call would not.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence

_SEAL_BYTES = 12
_MAX_CHARACTERS = 4_096


class BrokenSeal(ValueError):
    """The token was not sealed by us, or for something else."""


def seal(purpose: str, belongings: Sequence[str], payload: bytes) -> str:
    """A token, fit for a URL, that opens with the same purpose and belongings only."""
    return _encoded(_digest(purpose, belongings, payload) + payload)


def unseal(purpose: str, belongings: Sequence[str], token: str) -> bytes:
    """The payload of the token.

    Raises:
        BrokenSeal: it was not sealed for this purpose and these belongings.
    """
    if len(token) > _MAX_CHARACTERS:
        raise BrokenSeal("it is longer than any token of ours")
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise BrokenSeal("it is no base64") from None
    payload = raw[_SEAL_BYTES:]
    # Encoding it again finds the spare bits at the end of a token, which decoding does not look at.
    if raw[:_SEAL_BYTES] != _digest(purpose, belongings, payload) or _encoded(raw) != token:
        raise BrokenSeal("it was sealed for something else")
    return payload


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _digest(purpose: str, belongings: Sequence[str], payload: bytes) -> bytes:
    """Over a list written as JSON, so that no two lists read alike."""
    head = json.dumps([purpose, *belongings], separators=(",", ":")).encode("ascii")
    return hashlib.sha256(head + b"\n" + payload).digest()[:_SEAL_BYTES]
