"""The certificate that a server shows is renewed in time, and changes as a whole."""

from pathlib import Path

import pytest

from tests.trust.authorities import Hands, authority_in, certificates_in
from tidegate.trust.authority import KEY, Authority, create_authority
from tidegate.trust.server_certificates import GivenCertificates, IssuedCertificates
from tidegate.trust.unusable import AuthorityUnusable, TrustUnusable

NAMES = ["localhost", "127.0.0.1"]


def test_it_is_the_same_until_a_third_of_its_life_is_left(tmp_path: Path) -> None:
    hands = Hands()
    certificates = IssuedCertificates(create_authority(tmp_path, now_ms=hands), NAMES, hands)
    first = certificates.shown()
    hands.move(19.9)
    assert certificates.shown() is first
    hands.move(0.2)
    second = certificates.shown()
    assert second.key_pem != first.key_pem
    assert second.expires_at_ms > first.expires_at_ms
    assert certificates.shown() is second


def test_one_that_is_cut_short_by_the_authoritys_end_is_not_issued_again_and_again(tmp_path: Path) -> None:
    hands = Hands()
    authority = create_authority(tmp_path, now_ms=hands)
    hands.move(3_650 - 5)
    certificates = IssuedCertificates(authority, NAMES, hands)
    first = certificates.shown()
    hands.move(4)
    assert certificates.shown() is first


def test_what_a_server_shows_is_shown_by_no_repr(tmp_path: Path) -> None:
    shown = IssuedCertificates(authority_in(tmp_path), NAMES, Hands()).shown()
    assert "PRIVATE KEY" in shown.key_pem
    assert "PRIVATE KEY" not in repr(shown)


def give(folder: Path, authority: Authority, name: str = "a") -> tuple[Path, Path, Path]:
    """Files as somebody puts them there: certificate, key, and whom to trust."""
    issued = authority.issue_server([name])
    files = (folder / "server.pem", folder / "server.key", folder / "clients.pem")
    files[1].touch(0o600)
    for file, text in zip(files, (issued.certificate_pem, issued.key_pem, authority.certificate_pem), strict=True):
        file.write_text(text)
    return files


def test_given_files_are_read_again_once_they_have_changed(tmp_path: Path) -> None:
    hands = Hands()
    authority = create_authority(tmp_path / "ca", now_ms=hands)
    certificates = GivenCertificates(*give(tmp_path, authority), hands)
    first = certificates.shown()
    hands.at_ms += 10_000
    assert certificates.shown() is first
    give(tmp_path, authority, "renewed")
    assert certificates.shown() is first, "it looks every few seconds"
    hands.at_ms += 10_000
    subject = certificates_in(certificates.shown().certificate_pem)[0].subject.rfc4514_string()
    assert subject == "CN=renewed"


def test_files_that_do_not_belong_together_yet_are_told_of_and_not_shown(tmp_path: Path) -> None:
    hands = Hands()
    authority = create_authority(tmp_path / "ca", now_ms=hands)
    certificate, key, clients_ca = give(tmp_path, authority)
    certificates = GivenCertificates(certificate, key, clients_ca, hands)
    first, old_key = certificates.shown(), key.read_text()
    give(tmp_path, authority, "renewed")
    new_key_text = key.read_text()
    key.write_text(old_key)
    hands.at_ms += 10_000
    with pytest.raises(TrustUnusable, match="is not that of the certificate"):
        certificates.shown()
    assert certificates.shown() is first, "until it looks again"
    key.write_text(new_key_text)
    hands.at_ms += 10_000
    assert certificates.shown() != first


@pytest.mark.parametrize(
    ("file", "text", "why"),
    [
        ("server.pem", "", "holds no certificate"),
        ("server.pem", "ü", "holds no certificate"),
        ("clients.pem", "rubbish", "holds no certificate"),
        ("server.key", "open-sesame", "holds no key"),
        ("server.key", "ü", "holds no key"),
        ("server.pem", None, "cannot be read"),
        ("server.key", None, "cannot be read"),
    ],
)
def test_what_cannot_be_shown_is_refused_at_once(tmp_path: Path, file: str, text: str | None, why: str) -> None:
    files = give(tmp_path, authority_in(tmp_path / "ca"))
    if text is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_text(text)
    with pytest.raises(TrustUnusable, match=why) as refused:
        GivenCertificates(*files, Hands())
    assert "open-sesame" not in str(refused.value)


def test_a_key_that_is_open_to_others_or_another_certificates_is_refused(tmp_path: Path) -> None:
    authority = authority_in(tmp_path / "ca")
    certificate, key, clients_ca = give(tmp_path, authority)
    with pytest.raises(TrustUnusable, match="is not that of the certificate"):
        GivenCertificates(certificate, tmp_path / "ca" / KEY, clients_ca, Hands())
    key.chmod(0o644)
    with pytest.raises(TrustUnusable, match="Run: chmod 600"):
        GivenCertificates(certificate, key, clients_ca, Hands())


def test_one_that_has_expired_is_refused(tmp_path: Path) -> None:
    files = give(tmp_path, authority_in(tmp_path / "ca"))
    late = Hands()
    late.move(31)
    with pytest.raises(TrustUnusable, match=r"expired on .*\. Renew it"):
        GivenCertificates(*files, late)
    early = Hands()
    early.move(-3)
    with pytest.raises(AuthorityUnusable, match="not now"):
        Authority.load(tmp_path / "ca", now_ms=early)
