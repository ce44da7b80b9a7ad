"""Keys and certificates that an agent makes for itself: for its settings, and to ask for one to speak TLS with.

Law: a private key is made here and never leaves the host.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

_SETTINGS_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tidegate settings")])
_SETTINGS_DAYS = 3650
_CLOCK_OFF = timedelta(days=2)
"""A settings certificate is good from this long before now, so that a clock that is off spoils nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """A certificate, or a request for one, and its key, each PEM."""

    certificate: str
    key: str = field(repr=False)


def make_settings_pair() -> KeyPair:
    """An RSA key of 2048 bits with a self-signed certificate, for which protected settings are encrypted.

    Handlers open what was encrypted with `openssl cms -decrypt`, by this pair. Source:
    azure-linux-extensions, Utils/HandlerUtil.py.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_SETTINGS_NAME)
        .issuer_name(_SETTINGS_NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_OFF)
        .not_valid_after(now + timedelta(days=_SETTINGS_DAYS))
        .sign(key, hashes.SHA256())
    )
    return KeyPair(certificate=_pem(certificate), key=_key_pem(key))


def make_certificate_request(instance_id: str) -> KeyPair:
    """A new key on the curve P-256 and a request for a certificate of it; the authority decides what it says."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, instance_id)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return KeyPair(certificate=_pem(request), key=_key_pem(key))


def thumbprint_of(certificate: str) -> str:
    """The SHA-1 of a certificate, 40 hexadecimal digits in upper case, by which handlers find its files.

    Raises:
        ValueError: it is no certificate as PEM.
    """
    # What names the files was agreed on long ago; nothing is trusted because of this digest.
    return x509.load_pem_x509_certificate(certificate.encode()).fingerprint(hashes.SHA1()).hex().upper()


def expiry_of(certificate: str) -> datetime:
    """When the first certificate in the PEM text expires, in UTC.

    Raises:
        ValueError: there is none.
    """
    return x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc


def _pem(certificate: x509.Certificate | x509.CertificateSigningRequest) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
