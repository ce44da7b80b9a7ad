"""The certificate that a server shows: issued by its own authority and renewed in time, or given in files.

Law: what is shown changes as a whole, key and certificate together, and only to what belongs together. Where nothing
newer can be shown, whoever asks is told why, and keeps what was shown before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from tidegate.trust.authority import SERVER_SECONDS, Authority
from tidegate.trust.certificates import milliseconds
from tidegate.trust.key_files import read_secret
from tidegate.trust.unusable import TrustUnusable

_RENEWED_BEFORE = 1 / 3
"""This part of a certificate's life is left when the next one is issued."""
_LOOK_SECONDS = 2.0
"""How long what files say is taken for what they still say."""
_MOST_BYTES = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a server shows, and by whom its callers must have been let in."""

    certificate_pem: str
    key_pem: str = field(repr=False)
    clients_ca_pem: str
    expires_at_ms: int


class IssuedCertificates:
    """Shows certificates that the server's own authority issues, the next one long before the last expires."""

    def __init__(
        self,
        authority: Authority,
        names: Sequence[str],
        now_ms: Callable[[], int],
        seconds: float = SERVER_SECONDS,
    ) -> None:
        """`names` are the DNS names and addresses by which it is reached; each certificate lives for `seconds`.

        Raises:
            ValueError: a name is none.
            AuthorityUnusable: the authority cannot issue now.
        """
        self._authority = authority
        self._names = tuple(names)
        self._now_ms = now_ms
        self._seconds = seconds
        self._turn = threading.Lock()
        self._shown = self._issue()

    def shown(self) -> Shown:
        """What to show now; raises AuthorityUnusable where the next one is due and cannot be issued."""
        with self._turn:
            left_ms = self._shown.expires_at_ms - self._now_ms()
            # One that was cut short by the authority's own end would be cut there again.
            is_cut = self._shown.expires_at_ms >= self._authority.expires_at_ms
            if left_ms <= self._seconds * 1_000 * _RENEWED_BEFORE and not is_cut:
                self._shown = self._issue()
            return self._shown

    def _issue(self) -> Shown:
        issued = self._authority.issue_server(self._names, self._seconds)
        return Shown(
            certificate_pem=issued.certificate_pem,
            key_pem=issued.key_pem,
            clients_ca_pem=self._authority.certificate_pem,
            expires_at_ms=issued.expires_at_ms,
        )


class GivenCertificates:
    """Shows what three files hold, and what they hold later where somebody renews them."""

    def __init__(self, certificate: Path, key: Path, clients_ca: Path, now_ms: Callable[[], int]) -> None:
        """Files of PEM: the certificate with those that lead to its root, its key, and the authorities of callers.

        Raises:
            TrustUnusable: a file cannot be read or used, or they do not belong together.
        """
        self._files = (certificate, key, clients_ca)
        self._now_ms = now_ms
        self._turn = threading.Lock()
        self._looked_at_ms = now_ms()
        self._stamps = self._stamp()
        self._shown = self._read()

    def shown(self) -> Shown:
        """What to show now; raises TrustUnusable where the files changed to something that cannot be used."""
        with self._turn:
            now_ms = self._now_ms()
            if abs(now_ms - self._looked_at_ms) < _LOOK_SECONDS * 1_000:
                return self._shown
            self._looked_at_ms = now_ms
            stamps = self._stamp()
            if stamps != self._stamps:
                # Kept only once they could be used: whoever writes three files does not write them at once.
                self._shown = self._read()
                self._stamps = stamps
            return self._shown

    def _stamp(self) -> tuple[tuple[int, int, int], ...]:
        try:
            found = [file.stat() for file in self._files]
        except OSError as failure:
            raise TrustUnusable(f"{failure.filename} cannot be read: {failure.strerror}.") from failure
        return tuple((each.st_ino, each.st_mtime_ns, each.st_size) for each in found)

    def _read(self) -> Shown:
        certificate_path, key_path, clients_ca_path = self._files
        certificate_pem = _text(certificate_path)
        certificate = _certificates(certificate_pem, certificate_path)[0]
        key_pem = _key_pem(key_path, certificate, certificate_path)
        clients_ca_pem = _text(clients_ca_path)
        _certificates(clients_ca_pem, clients_ca_path)
        expires_at_ms = milliseconds(certificate.not_valid_after_utc)
        if expires_at_ms <= self._now_ms():
            raise TrustUnusable(
                f"The certificate {certificate_path} expired on {certificate.not_valid_after_utc:%Y-%m-%d}. Renew it."
            )
        return Shown(
            certificate_pem=certificate_pem,
            key_pem=key_pem,
            clients_ca_pem=clients_ca_pem,
            expires_at_ms=expires_at_ms,
        )


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode("ascii")
    except OSError as failure:
        raise TrustUnusable(f"{path} cannot be read: {failure.strerror}.") from failure
    except UnicodeDecodeError as malformed:
        raise TrustUnusable(f"{path} holds no certificate as PEM.") from malformed


def _certificates(text: str, path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(text.encode("ascii"))
    except ValueError as malformed:
        raise TrustUnusable(f"{path} holds no certificate as PEM.") from malformed


def _key_pem(path: Path, certificate: x509.Certificate, certificate_path: Path) -> str:
    try:
        pem = read_secret(path)
    except FileNotFoundError as missing:
        raise TrustUnusable(f"The key {path} is missing.") from missing
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        raise TrustUnusable(f"The key {path} is encrypted with a password, which nobody could be asked for.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise TrustUnusable(f"{path} holds no key as PEM.") from None
    if key.public_key() != certificate.public_key():
        raise TrustUnusable(f"The key {path} is not that of the certificate {certificate_path}.")
    return pem.decode("ascii")
