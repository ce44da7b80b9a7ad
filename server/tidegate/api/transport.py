"""TLS: what the server shows, whom it lets in, and how both change without a restart.

Law: whoever connects shows a certificate of an authority that is trusted, or the connection ends before a word is said.
The certificate that the server shows is asked for anew at every handshake, so that one that was renewed is shown to the
next caller, and connections under way go on with the old one.
"""

from __future__ import annotations

from typing import Protocol

import grpc
import structlog

from tidegate.trust.server_certificates import Shown
from tidegate.trust.unusable import TrustUnusable

log = structlog.stdlib.get_logger(__name__)

_HELD: list[grpc.ServerCredentials] = []
"""Credentials, for as long as the process lives: one for each port that was ever listened on. grpc core keeps a bare
pointer to them, and follows it for every handshake that begins, also while the server that holds them is going.
Source: credentials.pyx.pxi of grpcio, server_credentials_ssl_dynamic_cert_config."""


class ServerCertificates(Protocol):
    """Knows what the server shows; asked from threads of grpc core."""

    def shown(self) -> Shown:
        """What is to be shown now; the same value for as long as nothing changed.

        Raises:
            TrustUnusable: there is nothing that could be shown.
        """


def server_credentials(certificates: ServerCertificates) -> grpc.ServerCredentials:
    """The credentials of a port on which both sides show a certificate.

    Raises:
        TrustUnusable: there is nothing to show yet.
    """
    known = certificates.shown()
    first = _configuration(known)

    def look() -> grpc.ServerCertificateConfiguration | None:
        """What changed since the last look; None for nothing, and then what was shown before is shown on."""
        nonlocal known
        try:
            now = certificates.shown()
        except TrustUnusable as unusable:
            log.error("server_certificate_not_renewed", why=str(unusable))
            return None
        if now == known:
            return None
        known = now
        log.info("server_certificate_renewed", expires_at_ms=now.expires_at_ms)
        return _configuration(now)

    credentials = grpc.dynamic_ssl_server_credentials(
        first,
        look,  # type: ignore[arg-type]  # the stubs do not know that it may say None
        require_client_authentication=True,
    )
    _HELD.append(credentials)
    return credentials


def _configuration(shown: Shown) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration(
        [(shown.key_pem.encode("ascii"), shown.certificate_pem.encode("ascii"))],
        root_certificates=shown.clients_ca_pem.encode("ascii"),
    )
