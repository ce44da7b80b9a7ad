"""Of a host's request only the key is taken, and only from its owner."""

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.trust.authorities import request_of
from tidegate.domain.refusal import MalformedRequest
from tidegate.trust.certificates import new_key
from tidegate.trust.host_requests import requested_key


def test_the_key_of_a_request_is_given() -> None:
    for key in (new_key(), ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65_537, 2_048)):
        assert requested_key(request_of(key)) == key.public_key()


def forged() -> str:
    """A request with the key of somebody else's in it: one bit of its signature is another."""
    lines = request_of(new_key()).splitlines()
    der = bytearray(base64.b64decode("".join(lines[1:-1])))
    der[-1] ^= 1
    return f"{lines[0]}\n{base64.b64encode(der).decode()}\n{lines[-1]}\n"


def of_version_4() -> str:
    """A request of a version that does not exist."""
    lines = request_of(new_key()).splitlines()
    der = base64.b64decode("".join(lines[1:-1])).replace(bytes.fromhex("020100"), bytes.fromhex("020103"), 1)
    return f"{lines[0]}\n{base64.b64encode(der).decode()}\n{lines[-1]}\n"


def edwards() -> str:
    key = ed25519.Ed25519PrivateKey.generate()
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(key, None).public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize(
    ("request_pem", "why"),
    [
        ("", "is missing"),
        ("rubbish", "is no PKCS #10 request"),
        ("übel", "is no PKCS #10 request"),
        ("-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n", "is no PKCS #10 request"),
        ("x" * 16_385, "more than 16384 characters"),
        (of_version_4(), "is no PKCS #10 request"),
        (forged(), "is not signed by the key that it is for"),
        (edwards(), "another kind"),
        (request_of(ec.generate_private_key(ec.SECP256K1())), "another kind"),
        (request_of(rsa.generate_private_key(65_537, 1_024)), "another kind"),
    ],
)
def test_any_other_request_is_refused_by_its_field(request_pem: str, why: str) -> None:
    with pytest.raises(MalformedRequest, match=why) as refused:
        requested_key(request_pem)
    assert [violation.field for violation in refused.value.violations] == ["certificate_request"]
