"""Why a key, an authority or a safe cannot be used: a sentence that says what to run or to mend.

Law: the sentence names files and dates, never what a secret file holds.
"""

from __future__ import annotations


class TrustUnusable(Exception):
    """The base; `str` is the whole sentence."""


class KeyFileUnsafe(TrustUnusable):
    """A secret file is open to others, is no plain file, or cannot be read or written."""


class AuthorityUnusable(TrustUnusable):
    """There is no authority here, or it cannot issue certificates."""


class SafeUnusable(TrustUnusable):
    """The safe of protected settings cannot be opened, or its key is another."""
