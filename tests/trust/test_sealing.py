"""What is sealed for a host, the host's own openssl opens, and nobody else's."""

import ssl
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.trust.authorities import DAY_MS, Hands, deep_root, settings_pair
from tidegate.domain.refusal import MalformedRequest
from tidegate.trust.certificates import Validity, certificate_text, new_key
from tidegate.trust.sealing import check_settings_certificate, seal

SECRET = '{"password":"Tr0ub4dor&3",\n"name":"Zoë"}\r\n'.encode()


def opened(sealed: bytes, certificate: Path, key: Path, command: str = "cms") -> subprocess.CompletedProcess[bytes]:
    """What the command makes of it with which handlers open their settings."""
    return subprocess.run(
        ["openssl", command, "-inform", "DER", "-decrypt", "-recip", str(certificate), "-inkey", str(key)],
        input=sealed,
        capture_output=True,
        timeout=20,
        check=False,
    )


@pytest.mark.parametrize("text", [SECRET, b"", b"{}", b"x" * 300_000, bytes(range(256))])
@pytest.mark.parametrize("command", ["cms", "smime"])
def test_openssl_opens_it_byte_for_byte(tmp_path: Path, text: bytes, command: str) -> None:
    certificate, key, pem = settings_pair(tmp_path)
    check_settings_certificate(pem)
    sealed = seal(pem, text)
    done = opened(sealed, certificate, key, command)
    assert (done.returncode, done.stdout) == (0, text), done.stderr
    assert len(text) < 16 or text not in sealed


def test_another_hosts_key_does_not_open_it(tmp_path: Path) -> None:
    _, _, pem = settings_pair(tmp_path, "X")
    certificate, key, _ = settings_pair(tmp_path, "Y")
    done = opened(seal(pem, SECRET), certificate, key)
    assert SECRET not in done.stdout
    assert b"Tr0ub4dor" not in done.stdout


def test_the_same_text_is_never_sealed_alike(tmp_path: Path) -> None:
    _, _, pem = settings_pair(tmp_path)
    assert seal(pem, SECRET) != seal(pem, SECRET)


def self_signed(key: object) -> str:
    hands = Hands()
    validity = Validity(begins_at_ms=hands() - DAY_MS, expires_at_ms=hands() + DAY_MS)
    return certificate_text(deep_root(key, validity))  # type: ignore[arg-type]  # whatever key a test has


def of_version_2(pem: str) -> str:
    """The certificate, which says that it is of a version that nobody issues."""
    der = ssl.PEM_cert_to_DER_cert(pem)
    version = bytes.fromhex("a0030201")
    return ssl.DER_cert_to_PEM_cert(der.replace(version + b"\x02", version + b"\x01", 1))


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        ("", "is missing"),
        ("rubbish", "is no certificate"),
        ("übel", "is no certificate"),
        ("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "is no certificate"),
        ("x" * 16_385, "more than 16384 characters"),
        (of_version_2(self_signed(new_key())), "is no certificate"),
        (self_signed(new_key()), "another kind"),
        (self_signed(rsa.generate_private_key(65_537, 1_024)), "another kind"),
    ],
)
def test_a_certificate_that_cannot_be_sealed_for_is_refused_by_its_field(pem: str, why: str) -> None:
    for ask in (check_settings_certificate, lambda text: seal(text, SECRET)):
        with pytest.raises(MalformedRequest, match=why) as refused:
            ask(pem)
        assert [violation.field for violation in refused.value.violations] == ["settings_certificate"]
        assert "Tr0ub4dor" not in str(refused.value)
