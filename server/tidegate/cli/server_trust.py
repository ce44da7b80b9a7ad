"""What a server trusts and shows, opened from its settings: its authority where it has one, and its certificates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tidegate.api.transport import ServerCertificates
from tidegate.cli.settings import GivenTls, IssuedTls, Tls
from tidegate.trust.authority import Authority
from tidegate.trust.server_certificates import GivenCertificates, IssuedCertificates
from tidegate.trust.unusable import TrustUnusable


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTrust:
    """Both are None without TLS; with given files there are certificates and no authority, so that no host can join."""

    certificates: ServerCertificates | None = None
    authority: Authority | None = None


def open_trust(tls: Tls | None, now_ms: Callable[[], int]) -> ServerTrust:
    """The parts that the settings ask for.

    Raises:
        TrustUnusable: a file is missing, open to others or of another kind, or a name is none; it says what to do.
    """
    match tls:
        case None:
            return ServerTrust()
        case GivenTls():
            return ServerTrust(certificates=GivenCertificates(tls.certificate, tls.key, tls.clients_ca, now_ms))
        case IssuedTls():
            authority = Authority.load(tls.folder, now_ms=now_ms)
            try:
                certificates = IssuedCertificates(authority, tls.names, now_ms)
            except ValueError as malformed:
                raise TrustUnusable(f"The server's certificate cannot be issued: {malformed}") from malformed
            return ServerTrust(certificates=certificates, authority=authority)
