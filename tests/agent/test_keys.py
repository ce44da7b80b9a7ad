"""Keys and certificates that an agent makes for itself."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tidegate_agent.keys import expiry_of, make_certificate_request, make_settings_pair, thumbprint_of


def test_what_is_encrypted_for_the_settings_certificate_opens_as_handlers_open_it(tmp_path: Path) -> None:
    pair = make_settings_pair()
    (tmp_path / "x.crt").write_text(pair.certificate)
    (tmp_path / "x.prv").write_text(pair.key)
    (tmp_path / "plain").write_bytes(b'{"password": "hush"}')
    openssl(tmp_path, "cms -encrypt -in plain -outform DER -out sealed -aes256 x.crt")
    opened = openssl(tmp_path, "cms -inform DER -decrypt -in sealed -recip x.crt -inkey x.prv")
    assert opened == b'{"password": "hush"}'


def test_the_thumbprint_is_the_one_that_openssl_gives(tmp_path: Path) -> None:
    pair = make_settings_pair()
    (tmp_path / "x.crt").write_text(pair.certificate)
    told = openssl(tmp_path, "x509 -in x.crt -noout -fingerprint -sha1").decode()
    assert thumbprint_of(pair.certificate) == told.partition("=")[2].strip().replace(":", "")


def openssl(folder: Path, words: str) -> bytes:
    return subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True, timeout=30).stdout


def test_the_settings_key_has_2048_bits_and_its_certificate_bears_a_clock_that_is_off() -> None:
    pair = make_settings_pair()
    key = load_pem_private_key(pair.key.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048
    certificate = x509.load_pem_x509_certificate(pair.certificate.encode())
    now = datetime.now(UTC)
    assert certificate.not_valid_before_utc < now - timedelta(days=1)
    assert expiry_of(pair.certificate) > now + timedelta(days=3_000)
    assert "PRIVATE KEY" not in repr(pair)


def test_a_request_is_signed_by_its_key_and_names_the_host() -> None:
    pair = make_certificate_request("web-7")
    request = x509.load_pem_x509_csr(pair.certificate.encode())
    key = load_pem_private_key(pair.key.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert request.is_signature_valid
    assert request.public_key() == key.public_key()
    assert request.subject.rfc4514_string() == "CN=web-7"


def test_what_is_no_certificate_has_no_thumbprint() -> None:
    with pytest.raises(ValueError, match="PEM"):
        thumbprint_of("hello")
