"""A certificate authority for tests: certificates that begin and end when a test says so."""

from __future__ import annotations

import base64
import ipaddress
import json
from datetime import UTC, datetime, timedelta

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tidegate_agent.keys import KeyPair


class TestAuthority:
    """One authority, good for a month around now."""

    __test__ = False

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
        month = timedelta(days=30)
        now = datetime.now(UTC)
        self._own = (
            _begun(self._name, self._name, self._key.public_key(), now - month, now + month)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    @property
    def certificate(self) -> str:
        return self._own.public_bytes(serialization.Encoding.PEM).decode()

    def issue(
        self, *, begins: timedelta = -timedelta(days=2), ends: timedelta = timedelta(days=7), address: str = "127.0.0.1"
    ) -> KeyPair:
        """A certificate for a server at `address`, or for a client, who is not asked for it."""
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return KeyPair(certificate=self._signed(key.public_key(), begins, ends, address), key=pem.decode())

    def sign_request(
        self, request: str, *, begins: timedelta = -timedelta(days=2), ends: timedelta = timedelta(days=7)
    ) -> str:
        """A certificate for the key of a request."""
        key = x509.load_pem_x509_csr(request.encode()).public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        return self._signed(key, begins, ends, "127.0.0.1")

    def server_credentials(self, pair: KeyPair) -> grpc.ServerCredentials:
        """What a server speaks TLS with that wants certificates of its clients."""
        return grpc.ssl_server_credentials(
            [(pair.key.encode(), pair.certificate.encode())],
            root_certificates=self.certificate.encode(),
            require_client_auth=True,
        )

    def _signed(self, key: ec.EllipticCurvePublicKey, begins: timedelta, ends: timedelta, address: str) -> str:
        now = datetime.now(UTC)
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        certificate = (
            _begun(x509.Name([]), self._name, key, now + begins, now + ends)
            .add_extension(names, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )


def token_text(*, secret: str = "hush", authority: TestAuthority | None = None) -> str:
    """A join token as a server makes it."""
    document = {"id": "t1", "secret": secret}
    if authority is not None:
        pair = authority.issue()
        document |= {"ca": authority.certificate, "certificate": pair.certificate, "key": pair.key}
    return "tgj1_" + base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")
