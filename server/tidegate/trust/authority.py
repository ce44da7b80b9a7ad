"""The certificate authority: `ca.pem` and `ca.key` in a folder, made here or given, and what it issues.

Law: the name in a certificate is the server's to say; of a request only the key is taken, after a proof that whoever
asks has it. Every certificate begins 48 hours before it is issued, so that a clock that is a day behind takes it too;
none outlives the authority's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ObjectIdentifier

from tidegate.trust.certificates import (
    CLIENT,
    SERVER,
    PrivateKey,
    PublicKey,
    Signer,
    Validity,
    certificate_text,
    key_text,
    milliseconds,
    new_key,
    server_name,
    sign_authority,
    sign_leaf,
)
from tidegate.trust.host_requests import requested_key
from tidegate.trust.identities import Identity, IdentityKind
from tidegate.trust.issued import Issued
from tidegate.trust.key_files import private_folder, read_secret, write_secret
from tidegate.trust.unusable import AuthorityUnusable

CERTIFICATE = "ca.pem"
KEY = "ca.key"
DAY_SECONDS = 86_400.0
BACKDATED_SECONDS = 2 * DAY_SECONDS
AUTHORITY_SECONDS = 3_650 * DAY_SECONDS
SERVER_SECONDS = 30 * DAY_SECONDS
HOST_SECONDS = 7 * DAY_SECONDS
OPERATOR_SECONDS = 365 * DAY_SECONDS

_MOST_BYTES = 1_048_576
_LEAST_RSA_BITS = 2_048
_SERVER_NAME = re.compile(r"[^\s/\x00]{1,253}")


class Authority:
    """Issues certificates for servers, hosts, those who join, and operators; may be used by several threads at once."""

    def __init__(self, certificates: Sequence[x509.Certificate], key: PrivateKey, now_ms: Callable[[], int]) -> None:
        """`certificates` holds that of the key, those that lead from it to its root, and others that are trusted.

        Raises:
            AuthorityUnusable: none of them is the key's, or it may not or no longer sign certificates.
        """
        self._signer = Signer(certificate=_certificate_of(key, certificates), key=key)
        self._now_ms = now_ms
        _check(self._signer.certificate, now_ms())
        self._chain = "".join(map(certificate_text, _leading_up(self._signer.certificate, certificates)))
        self.certificate_pem = "".join(map(certificate_text, certificates))
        """Whom to trust: the authority's certificate, with all that stand beside it."""

    @classmethod
    def load(cls, folder: Path, *, now_ms: Callable[[], int]) -> Self:
        """The authority whose certificate and key lie in `folder`; where it has intermediates, `ca.pem` has them too.

        Raises:
            AuthorityUnusable: there is none, or it cannot issue certificates now.
            KeyFileUnsafe: its key is open to others than its owner.
        """
        try:
            certificates = _read_certificates(folder / CERTIFICATE)
            key = _read_key(folder / KEY)
        except FileNotFoundError as missing:
            raise AuthorityUnusable(
                f"There is no authority in {folder}: {Path(missing.filename).name} is missing. "
                f"Run: tidegate ca init --dir {folder}"
            ) from missing
        return cls(certificates, key, now_ms)

    @property
    def expires_at_ms(self) -> int:
        """When its own certificate expires, and with it everything it issued."""
        return milliseconds(self._signer.certificate.not_valid_after_utc)

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of its own certificate, as `openssl x509 -fingerprint -sha256` writes it."""
        return self._signer.certificate.fingerprint(hashes.SHA256()).hex(":").upper()

    @property
    def name(self) -> str:
        """The subject of its own certificate."""
        return self._signer.certificate.subject.rfc4514_string()

    def issue_server(self, names: Sequence[str], seconds: float = SERVER_SECONDS) -> Issued:
        """A certificate, with a new key, for a server that is reached by these DNS names and addresses.

        Raises:
            ValueError: one of them is neither, or there is none.
        """
        if not names:
            raise ValueError("A server's certificate needs the name that it is reached by.")
        if unfit := [name for name in names if not _SERVER_NAME.fullmatch(name)]:
            raise ValueError(f"{unfit[0]!r} is no DNS name and no address.")
        return self._with_new_key(names[0], [server_name(name) for name in names], SERVER, seconds)

    def issue_host(self, request_pem: str, host_uid: str, seconds: float = HOST_SECONDS) -> Issued:
        """A certificate for the key of the request; nothing else of the request is taken.

        Raises:
            MalformedRequest: it is no request, its signature is wrong, or its key is too weak.
        """
        return self._issued(
            Identity(kind=IdentityKind.HOST, name=host_uid), requested_key(request_pem), seconds, key_pem=""
        )

    def issue_joiner(self, token_id: str, seconds: float) -> Issued:
        """A certificate, with its key, that is good for joining and nothing else, for as long as the token is."""
        return self._for_somebody(Identity(kind=IdentityKind.JOIN, name=token_id), seconds)

    def issue_operator(self, name: str, seconds: float = OPERATOR_SECONDS) -> Issued:
        """A certificate, with its key, for somebody who operates the server; raises MalformedName."""
        return self._for_somebody(Identity(kind=IdentityKind.OPERATOR, name=name), seconds)

    def _for_somebody(self, identity: Identity, seconds: float) -> Issued:
        key = new_key()
        return self._issued(identity, key.public_key(), seconds, key_pem=key_text(key))

    def _issued(self, identity: Identity, public_key: PublicKey, seconds: float, *, key_pem: str) -> Issued:
        names = [x509.UniformResourceIdentifier(identity.uri)]
        return self._sign(str(identity), public_key, names, CLIENT, seconds, key_pem)

    def _with_new_key(
        self, name: str, names: Sequence[x509.GeneralName], use: ObjectIdentifier, seconds: float
    ) -> Issued:
        key = new_key()
        return self._sign(name, key.public_key(), names, use, seconds, key_text(key))

    def _sign(
        self,
        name: str,
        public_key: PublicKey,
        alternative_names: Sequence[x509.GeneralName],
        use: ObjectIdentifier,
        seconds: float,
        key_pem: str,
    ) -> Issued:
        now_ms = self._now_ms()
        _check(self._signer.certificate, now_ms)
        validity = Validity(
            begins_at_ms=now_ms - round(BACKDATED_SECONDS * 1_000),
            expires_at_ms=min(now_ms + round(seconds * 1_000), self.expires_at_ms),
        )
        certificate = sign_leaf(name, public_key, alternative_names, use, validity, self._signer)
        return Issued(
            certificate_pem=certificate_text(certificate) + self._chain,
            key_pem=key_pem,
            begins_at_ms=milliseconds(certificate.not_valid_before_utc),
            expires_at_ms=milliseconds(certificate.not_valid_after_utc),
        )


def create_authority(folder: Path, *, name: str = "Tidegate", now_ms: Callable[[], int]) -> Authority:
    """A new authority in `folder`, which is made where it is not there; good for ten years.

    Raises:
        AuthorityUnusable: there is one already.
        KeyFileUnsafe: the folder is open to others, or cannot be written.
    """
    private_folder(folder)
    key = new_key()
    validity = Validity(
        begins_at_ms=now_ms() - round(BACKDATED_SECONDS * 1_000),
        expires_at_ms=now_ms() + round(AUTHORITY_SECONDS * 1_000),
    )
    certificate = sign_authority(name, key, validity)
    for path in (folder / KEY, folder / CERTIFICATE):
        if path.exists() or path.is_symlink():
            raise AuthorityUnusable(_taken(path))
    for path, text in ((folder / KEY, key_text(key)), (folder / CERTIFICATE, certificate_text(certificate))):
        try:
            write_secret(path, text.encode("ascii"))
        except FileExistsError as taken:
            raise AuthorityUnusable(_taken(path)) from taken
    return Authority([certificate], key, now_ms)


def _taken(path: Path) -> str:
    return (
        f"{path} is there already: everything it issued would be worth nothing without it. "
        "Take another folder, or move it away."
    )


def _read_certificates(path: Path) -> list[x509.Certificate]:
    try:
        with path.open("rb") as file:
            return x509.load_pem_x509_certificates(file.read(_MOST_BYTES))
    except FileNotFoundError:
        raise
    except OSError as failure:
        raise AuthorityUnusable(f"{path} cannot be read: {failure.strerror}.") from failure
    except ValueError as malformed:
        raise AuthorityUnusable(f"{path} holds no certificate as PEM.") from malformed


def _read_key(path: Path) -> PrivateKey:
    try:
        key = serialization.load_pem_private_key(read_secret(path), password=None)
    except TypeError as encrypted:
        raise AuthorityUnusable(
            f"{path} is encrypted with a password, which no server could be asked for. "
            f"Run: openssl pkey -in {path} -out plain.key, and put that in its place, with the mode 0600."
        ) from encrypted
    except (ValueError, UnsupportedAlgorithm) as malformed:
        # What the library says of it could quote the file.
        raise AuthorityUnusable(f"{path} holds no key as PEM.") from malformed.with_traceback(None)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _LEAST_RSA_BITS:
        return key
    raise AuthorityUnusable(f"The key {path} is neither on an elliptic curve of NIST's nor RSA of 2048 bits or more.")


def _certificate_of(key: PrivateKey, certificates: Sequence[x509.Certificate]) -> x509.Certificate:
    for certificate in certificates:
        if certificate.public_key() == key.public_key():
            return certificate
    raise AuthorityUnusable("No certificate in ca.pem belongs to the key in ca.key.")


def _leading_up(start: x509.Certificate, certificates: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """The certificate and those that lead from it to its root, without the root, whom everybody has already."""
    chain: list[x509.Certificate] = []
    current: x509.Certificate | None = start
    while current is not None and not _has_issued(current, current) and current not in chain:
        chain.append(current)
        current = next((each for each in certificates if _has_issued(each, current)), None)
    return chain


def _has_issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is then not the issuer
        return False
    return True


def _check(certificate: x509.Certificate, now_ms: int) -> None:
    """It may sign certificates, and may do so now; raises AuthorityUnusable."""
    try:
        is_authority = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        usages = [each.value for each in certificate.extensions if isinstance(each.value, x509.KeyUsage)]
    except (x509.ExtensionNotFound, ValueError):
        is_authority, usages = False, []
    if not is_authority or not all(usage.key_cert_sign for usage in usages):
        raise AuthorityUnusable("The certificate in ca.pem may not sign others: it is not that of an authority.")
    begins, expires = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not milliseconds(begins) <= now_ms < milliseconds(expires):
        raise AuthorityUnusable(
            f"The authority's certificate is good from {begins:%Y-%m-%d %H:%M} to {expires:%Y-%m-%d %H:%M} UTC, "
            "not now. Look at this machine's clock, or renew it."
        )
