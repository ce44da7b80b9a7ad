"""Credentials are one file, of its owner alone, with a key, its certificate and whom to trust."""

from pathlib import Path

import grpc
import pytest

from tests.trust.authorities import Hands, authority_in, given_authority
from tidegate.trust.authority import Authority
from tidegate_client import CredentialsUnusable, credentials_from
from tidegate_client.credentials import read_bundle


def bundle_of(authority: Authority, name: str = "ann") -> str:
    issued = authority.issue_operator(name)
    return issued.key_pem + issued.certificate_pem + authority.certificate_pem


def put(path: Path, text: str) -> Path:
    path.touch(0o600)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_read_into_its_parts(tmp_path: Path) -> None:
    authority = authority_in(tmp_path / "ca")
    bundle = read_bundle(put(tmp_path / "ann.pem", bundle_of(authority)))
    assert bundle.authority == authority.certificate_pem
    assert bundle.certificate.endswith(authority.certificate_pem)
    assert bundle.key.startswith("-----BEGIN PRIVATE KEY-----\n")
    assert "PRIVATE" not in repr(bundle)
    for path in (tmp_path / "ann.pem", str(tmp_path / "ann.pem")):
        assert isinstance(credentials_from(path), grpc.ChannelCredentials)


def test_intermediates_are_shown_and_words_between_the_blocks_do_not_matter(tmp_path: Path) -> None:
    authority = given_authority(tmp_path / "ca", Hands())
    text = "Ann's\r\n" + bundle_of(authority).replace("-----BEGIN", "subject=x\n-----BEGIN").replace("\n", "\r\n")
    bundle = read_bundle(put(tmp_path / "ann.pem", text))
    assert bundle.certificate.count("BEGIN CERTIFICATE") == 4, "hers, the intermediate, and the authority's two"
    assert bundle.authority.count("BEGIN CERTIFICATE") == 3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "does not hold a key, its certificate and the authority's"),
        ("open-sesame", "tidegate ca operator NAME --out FILE"),
        ("ü", "does not hold a key"),
        ("-----BEGIN PRIVATE KEY-----\nopen-sesame\n-----END PRIVATE KEY-----\n", "does not hold a key"),
        (
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nopen-sesame\n-----END ENCRYPTED PRIVATE KEY-----\n"
            + "-----BEGIN CERTIFICATE-----\na\n-----END CERTIFICATE-----\n" * 2,
            "is encrypted with a password",
        ),
    ],
)
def test_what_is_no_such_file_is_refused_and_not_repeated(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(CredentialsUnusable, match=why) as refused:
        credentials_from(put(tmp_path / "x.pem", text))
    assert "sesame" not in str(refused.value)


def test_a_file_that_is_open_to_others_is_missing_or_is_no_file_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path / "ann.pem", bundle_of(authority_in(tmp_path / "ca")))
    path.chmod(0o640)
    with pytest.raises(CredentialsUnusable, match=rf"Run: chmod 600 {path}"):
        credentials_from(path)
    with pytest.raises(CredentialsUnusable, match="cannot be read: No such file"):
        credentials_from(tmp_path / "missing.pem")
    with pytest.raises(CredentialsUnusable, match="no plain file"):
        credentials_from(tmp_path)
