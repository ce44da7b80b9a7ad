"""What an authority issues: a certificate with those that lead to the authority's, and its key where we made it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """One certificate. Its key is shown by no repr."""

    certificate_pem: str
    """The certificate first, then those that lead to the authority's own, which is left out where it is a root."""
    key_pem: str = field(repr=False)
    """PKCS #8; empty where somebody else has the key and sent a request only."""
    begins_at_ms: int
    expires_at_ms: int
