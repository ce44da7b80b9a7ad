"""Certificates as X.509 writes them: what every certificate of ours says of itself.

Law: each key is good for one thing. An authority's signs certificates, a server's is shown by servers, a host's and an
operator's by clients; no certificate for one use passes for another. Sources: RFC 5280, sections 4.2 and 6.1.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
SERVER = ExtendedKeyUsageOID.SERVER_AUTH

_COMMON_NAME_CHARACTERS = 64
"""Source: RFC 5280, appendix A.1, ub-common-name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signs: a certificate and its key."""

    certificate: x509.Certificate
    key: PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """From when to when, in milliseconds since 1970."""

    begins_at_ms: int
    expires_at_ms: int


def new_key() -> ec.EllipticCurvePrivateKey:
    """A key on the curve P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def sign_authority(name: str, key: PrivateKey, validity: Validity, by: Signer | None = None) -> x509.Certificate:
    """The certificate of an authority that signs leaves only; its own root unless `by` is given."""
    subject = _named(name)
    issuer = subject if by is None else by.certificate.subject
    signer_key = key if by is None else by.key
    usage = _usage(signs_certificates=True)
    builder = _begun(subject, issuer, key.public_key(), validity)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(usage, critical=True)
    return builder.add_extension(_known_by(signer_key.public_key()), critical=False).sign(signer_key, hashes.SHA256())


def sign_leaf(
    name: str,
    public_key: PublicKey,
    alternative_names: Sequence[x509.GeneralName],
    use: ObjectIdentifier,
    validity: Validity,
    by: Signer,
) -> x509.Certificate:
    """A certificate that is shown in a handshake, for the one `use`."""
    builder = _begun(_named(name), by.certificate.subject, public_key, validity)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
    builder = builder.add_extension(x509.SubjectAlternativeName(alternative_names), critical=False)
    builder = builder.add_extension(_authority_id(by.certificate), critical=False)
    return builder.sign(by.key, hashes.SHA256())


def server_name(name: str) -> x509.GeneralName:
    """A DNS name or an address, as a server's certificate has it.

    Raises:
        ValueError: it is neither.
    """
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name.encode("idna").decode("ascii"))


def certificate_text(certificate: x509.Certificate) -> str:
    """The certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def key_text(key: PrivateKey) -> str:
    """The key as PEM, not encrypted."""
    pkcs8 = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, pkcs8, serialization.NoEncryption()).decode("ascii")


def moment(at_ms: int) -> datetime:
    """The moment, to the second, since X.509 knows no finer one."""
    return datetime.fromtimestamp(at_ms // 1_000, UTC)


def milliseconds(at: datetime) -> int:
    """The moment in milliseconds since 1970."""
    return int(at.timestamp()) * 1_000


def _begun(subject: x509.Name, issuer: x509.Name, key: PublicKey, validity: Validity) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment(validity.begins_at_ms))
        .not_valid_after(moment(validity.expires_at_ms))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_COMMON_NAME_CHARACTERS])])


def _known_by(key: PublicKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)


def _authority_id(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """By the issuer's own key identifier, which a given authority may have computed in another way than we do."""
    try:
        own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        key = issuer.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey), "a signer's key was checked"
        return _known_by(key)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own.value)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
