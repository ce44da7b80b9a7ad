"""Authorities for tests, and a clock that a test sets."""

import time
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from tidegate.trust.authority import CERTIFICATE, KEY, Authority, create_authority
from tidegate.trust.certificates import (
    PrivateKey,
    Signer,
    Validity,
    certificate_text,
    key_text,
    moment,
    new_key,
    sign_authority,
)

DAY_MS = 86_400_000
_SIGNS = x509.KeyUsage(
    key_cert_sign=True, crl_sign=True, digital_signature=False, content_commitment=False, key_encipherment=False,
    data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
)  # fmt: skip


class Hands:
    """The hands of a clock, which a test moves; begins now, for certificates are judged by real clocks too."""

    def __init__(self, off_ms: int = 0) -> None:
        self.at_ms = time.time_ns() // 1_000_000 + off_ms

    def __call__(self) -> int:
        return self.at_ms

    def move(self, days: float) -> None:
        """Let so many days pass; negative ones go back."""
        self.at_ms += round(days * DAY_MS)


def authority_in(folder: Path, hands: Hands | None = None) -> Authority:
    """A new authority."""
    return create_authority(folder, now_ms=hands or Hands())


def given_authority(folder: Path, hands: Hands, *, key: PrivateKey | None = None) -> Authority:
    """An authority below a root of somebody else's, as a company gives it: its certificate, then the root's."""
    root_key, own_key = new_key(), key or new_key()
    validity = Validity(begins_at_ms=hands() - 9 * DAY_MS, expires_at_ms=hands() + 900 * DAY_MS)
    root = deep_root(root_key, validity)
    own = sign_authority("Contoso Hosts", own_key, validity, Signer(certificate=root, key=root_key))
    put_authority(folder, [own, root], own_key)
    return Authority.load(folder, now_ms=hands)


def deep_root(key: CertificateIssuerPrivateKeyTypes, validity: Validity) -> x509.Certificate:
    """A root that lets authorities stand below it, as most do."""
    name = x509.Name.from_rfc4514_string("CN=Contoso Root")
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment(validity.begins_at_ms))
        .not_valid_after(moment(validity.expires_at_ms))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_SIGNS, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def put_authority(folder: Path, certificates: Sequence[x509.Certificate], key: PrivateKey) -> None:
    """Write `ca.pem` and `ca.key` as somebody does who has them from elsewhere."""
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / CERTIFICATE).write_text("".join(map(certificate_text, certificates)))
    (folder / KEY).touch(0o600)
    (folder / KEY).write_text(key_text(key))


def request_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, subject: str = "CN=operator root") -> str:
    """A certificate request as an agent sends it; what its subject claims is nobody's business."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name.from_rfc4514_string(subject))
    request = builder.sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode("ascii")


def certificates_in(pem: str) -> list[x509.Certificate]:
    """The certificates that the text holds, in order."""
    return x509.load_pem_x509_certificates(pem.encode("ascii"))


def settings_pair(folder: Path, name: str = "X") -> tuple[Path, Path, str]:
    """A host's settings certificate and its key as files, `X.crt` and `X.prv`, and the certificate as text."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    hands = Hands()
    validity = Validity(begins_at_ms=hands() - DAY_MS, expires_at_ms=hands() + DAY_MS)
    pem = certificate_text(deep_root(key, validity))
    certificate_path, key_path = folder / f"{name}.crt", folder / f"{name}.prv"
    certificate_path.write_text(pem)
    key_path.write_text(key_text(key))
    return certificate_path, key_path, pem
