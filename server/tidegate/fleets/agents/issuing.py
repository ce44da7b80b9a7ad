"""Issuing certificates to hosts: by the authority, whose troubles become refusals that say whose they are.

Law: a host that cannot be given a certificate is told so, and nothing about it is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from tidegate.domain.host_refusal import AuthorityNotUsable
from tidegate.trust.issued import Issued
from tidegate.trust.unusable import TrustUnusable


class Issuer(Protocol):
    """Whoever issues certificates: the authority."""

    @property
    def certificate_pem(self) -> str:
        """Whom to trust."""

    def issue_host(self, request_pem: str, host_uid: str) -> Issued:
        """For the key of the request; raises MalformedRequest."""

    def issue_joiner(self, token_id: str, seconds: float) -> Issued:
        """Good for joining and nothing else."""


class RefusingIssuer:
    """An issuer that refuses where the authority cannot issue: it has expired, or may not sign for so long."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer

    @property
    def certificate_pem(self) -> str:
        """Whom to trust."""
        return self._issuer.certificate_pem

    def issue_host(self, request_pem: str, host_uid: str) -> Issued:
        """As the authority's, or raises AuthorityNotUsable."""
        with _refusing():
            return self._issuer.issue_host(request_pem, host_uid)

    def issue_joiner(self, token_id: str, seconds: float) -> Issued:
        """As the authority's, or raises AuthorityNotUsable."""
        with _refusing():
            return self._issuer.issue_joiner(token_id, seconds)


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except TrustUnusable as unusable:
        raise AuthorityNotUsable(str(unusable)) from unusable
