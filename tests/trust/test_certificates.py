"""What certificates say of themselves: each key is good for one thing."""

import ipaddress

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.trust.authorities import DAY_MS, Hands
from tidegate.trust.certificates import (
    CLIENT,
    SERVER,
    Signer,
    Validity,
    certificate_text,
    key_text,
    milliseconds,
    moment,
    new_key,
    server_name,
    sign_authority,
    sign_leaf,
)

VALIDITY = Validity(begins_at_ms=1_760_000_000_123, expires_at_ms=1_760_000_000_123 + DAY_MS)


def test_an_authority_signs_certificates_and_nothing_below_it_does() -> None:
    key = new_key()
    root = sign_authority("Tidegate", key, VALIDITY)
    constraints = root.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert (constraints.value.ca, constraints.value.path_length) == (True, 0)
    usage = root.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.digital_signature) == (True, False)
    root.verify_directly_issued_by(root)


@pytest.mark.parametrize("use", [CLIENT, SERVER])
def test_a_leaf_is_for_one_use_and_signs_nothing(use: x509.ObjectIdentifier) -> None:
    key = new_key()
    by = Signer(certificate=sign_authority("Tidegate", key, VALIDITY), key=key)
    names = [x509.UniformResourceIdentifier("tidegate://host/a")]
    leaf = sign_leaf("x" * 100, new_key().public_key(), names, use, VALIDITY, by)
    leaf.verify_directly_issued_by(by.certificate)
    assert list(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [use]
    assert use in {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH}
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.digital_signature) == (False, True)
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    issuer = by.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    known_by = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert known_by.key_identifier == issuer.digest


def test_an_address_and_a_dns_name_are_told_apart() -> None:
    assert server_name("127.0.0.1") == x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    assert server_name("::1") == x509.IPAddress(ipaddress.ip_address("::1"))
    assert server_name("gate.example.org") == x509.DNSName("gate.example.org")
    assert server_name("zürich.example.org") == x509.DNSName("xn--zrich-kva.example.org")


def test_a_moment_is_told_to_the_second() -> None:
    at_ms = Hands()()
    assert milliseconds(moment(at_ms)) == at_ms // 1_000 * 1_000


def test_texts_are_pem() -> None:
    key = new_key()
    assert key_text(key).startswith("-----BEGIN PRIVATE KEY-----\n")
    assert certificate_text(sign_authority("Tidegate", key, VALIDITY)).startswith("-----BEGIN CERTIFICATE-----\n")
