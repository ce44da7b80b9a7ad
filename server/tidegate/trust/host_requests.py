"""Certificate requests of hosts: only the key is taken out of them, after its owner has proved to have it."""

from __future__ import annotations

from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tidegate.domain.refusal import FieldViolation, MalformedRequest

FIELD = "certificate_request"
MOST_CHARACTERS = 16_384

_CURVES = (ec.SECP256R1, ec.SECP384R1)
"""Those that every TLS library takes in a handshake."""
_RSA_BITS = range(2_048, 8_193)

RequestedKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


def requested_key(request_pem: str) -> RequestedKey:
    """The key that the request is for.

    Raises:
        MalformedRequest: it is no request, its signature is wrong, or its key is not to be used.
    """
    if not request_pem:
        raise _wrong("is missing; send a PKCS #10 request as PEM")
    if len(request_pem) > MOST_CHARACTERS:
        raise _wrong(f"has more than {MOST_CHARACTERS} characters")
    try:
        request = x509.load_pem_x509_csr(request_pem.encode("ascii"))
        key = request.public_key()
        is_proved = request.is_signature_valid
    except (ValueError, x509.InvalidVersion, UnsupportedAlgorithm):
        raise _wrong("is no PKCS #10 request as PEM") from None
    if not is_proved:
        raise _wrong("is not signed by the key that it is for")
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES):
        return key
    if isinstance(key, rsa.RSAPublicKey) and key.key_size in _RSA_BITS:
        return key
    raise _wrong("is for a key of another kind; take one on the curve P-256 or P-384, or RSA of 2048 to 8192 bits")


def _wrong(description: str) -> MalformedRequest:
    return MalformedRequest([FieldViolation(field=FIELD, description=description)])
