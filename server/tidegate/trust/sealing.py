"""Sealing: what is encrypted for one host, so that the key which opens it never leaves that host.

Law: CMS EnvelopedData as DER, to the host's RSA certificate, with AES-256-CBC, as the handler contract has it: whatever
opens Azure's protectedSettings opens ours: `openssl cms -inform DER -decrypt -recip X.crt -inkey X.prv`.
Source: RFC 5652, section 6.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7EnvelopeBuilder, PKCS7Options

from tidegate.domain.refusal import FieldViolation, MalformedRequest

FIELD = "settings_certificate"
MOST_CHARACTERS = 16_384

_RSA_BITS = range(2_048, 8_193)


def seal(settings_certificate_pem: str, plaintext: bytes) -> bytes:
    """The plaintext, encrypted so that only the owner of the certificate's key can read it: CMS EnvelopedData, DER.

    Raises:
        MalformedRequest: the certificate cannot be sealed for.
    """
    certificate = _read(settings_certificate_pem)
    builder = PKCS7EnvelopeBuilder().set_data(plaintext).add_recipient(certificate)
    builder = builder.set_content_encryption_algorithm(algorithms.AES256)
    # Binary: otherwise every line feed in the plaintext would become CR LF.
    return builder.encrypt(Encoding.DER, [PKCS7Options.Binary])


def check_settings_certificate(pem: str) -> None:
    """Return where `seal` can encrypt for it; its dates do not matter, since it only carries a key.

    Raises:
        MalformedRequest: it cannot.
    """
    _read(pem)


def _read(pem: str) -> x509.Certificate:
    if not pem:
        raise _wrong("is missing; send an RSA certificate as PEM")
    if len(pem) > MOST_CHARACTERS:
        raise _wrong(f"has more than {MOST_CHARACTERS} characters")
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode("ascii"))
        key = certificate.public_key()
    except (ValueError, x509.InvalidVersion, UnsupportedAlgorithm):
        raise _wrong("is no certificate as PEM") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size not in _RSA_BITS:
        raise _wrong("is for a key of another kind; take RSA of 2048 to 8192 bits")
    return certificate


def _wrong(description: str) -> MalformedRequest:
    return MalformedRequest([FieldViolation(field=FIELD, description=description)])
