"""The authority: what it issues, what it lives through, and what it refuses to work with."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from tests.trust.authorities import (
    DAY_MS,
    Hands,
    authority_in,
    certificates_in,
    given_authority,
    put_authority,
    request_of,
)
from tidegate.domain.refusal import MalformedRequest
from tidegate.trust.authority import CERTIFICATE, KEY, Authority, create_authority
from tidegate.trust.certificates import CLIENT, Signer, Validity, new_key, sign_authority, sign_leaf
from tidegate.trust.identities import MalformedName
from tidegate.trust.issued import Issued
from tidegate.trust.unusable import AuthorityUnusable, KeyFileUnsafe

SECOND_MS = 1_000


def uris_of(issued: Issued) -> list[str]:
    names = certificates_in(issued.certificate_pem)[0].extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return names.value.get_values_for_type(x509.UniformResourceIdentifier)


def issue_all(authority: Authority) -> dict[str, Issued]:
    """One certificate of every kind."""
    return {
        "server": authority.issue_server(["gate.example.org", "127.0.0.1", "::1"]),
        "host": authority.issue_host(request_of(new_key()), "4f2a"),
        "join": authority.issue_joiner("t1", 3_600),
        "operator": authority.issue_operator("ann"),
    }


def test_what_is_made_is_loaded_again_and_is_its_owners_alone(tmp_path: Path) -> None:
    made = authority_in(tmp_path / "ca")
    loaded = Authority.load(tmp_path / "ca", now_ms=Hands())
    assert loaded.certificate_pem == made.certificate_pem
    assert loaded.fingerprint == made.fingerprint
    assert (tmp_path / "ca" / KEY).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "ca").stat().st_mode & 0o777 == 0o700


def test_its_fingerprint_is_openssls(tmp_path: Path) -> None:
    authority = authority_in(tmp_path)
    told = subprocess.run(
        ["openssl", "x509", "-in", str(tmp_path / CERTIFICATE), "-noout", "-fingerprint", "-sha256", "-subject"],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    ).stdout
    assert authority.fingerprint in told
    assert authority.name == "CN=Tidegate"


def test_it_is_never_made_over_another(tmp_path: Path) -> None:
    first = authority_in(tmp_path)
    with pytest.raises(AuthorityUnusable, match=r"ca\.key is there already"):
        authority_in(tmp_path)
    (tmp_path / KEY).unlink()
    with pytest.raises(AuthorityUnusable, match=r"ca\.pem is there already"):
        authority_in(tmp_path)
    assert (tmp_path / CERTIFICATE).read_text() == first.certificate_pem
    assert not (tmp_path / KEY).exists()


def test_a_certificate_says_who_somebody_is_in_a_uri(tmp_path: Path) -> None:
    issued = issue_all(authority_in(tmp_path))
    assert uris_of(issued["host"]) == ["tidegate://host/4f2a"]
    assert uris_of(issued["join"]) == ["tidegate://join/t1"]
    assert uris_of(issued["operator"]) == ["tidegate://operator/ann"]
    assert uris_of(issued["server"]) == []
    names = certificates_in(issued["server"].certificate_pem)[0].extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == ["gate.example.org"]
    assert [str(each) for each in names.value.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


@pytest.mark.parametrize("made", [lambda folder, hands: create_authority(folder, now_ms=hands), given_authority])
def test_openssl_verifies_what_is_issued_for_its_use_alone(
    tmp_path: Path, made: Callable[[Path, Hands], Authority]
) -> None:
    authority = made(tmp_path / "ca", Hands())
    for kind, issued in issue_all(authority).items():
        leaf, *chain = issued.certificate_pem.split("-----END CERTIFICATE-----\n")
        (tmp_path / "leaf.pem").write_text(f"{leaf}-----END CERTIFICATE-----\n")
        (tmp_path / "chain.pem").write_text("-----END CERTIFICATE-----\n".join(chain))
        root = authority.certificate_pem.split("-----END CERTIFICATE-----\n")[-2] + "-----END CERTIFICATE-----\n"
        (tmp_path / "root.pem").write_text(root)
        uses = {"sslserver": kind == "server", "sslclient": kind != "server"}
        for purpose, is_good in uses.items():
            beside = ["-untrusted", str(tmp_path / "chain.pem")] if any(chain) else []
            done = subprocess.run(
                ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", str(tmp_path / "root.pem"),
                 *beside, str(tmp_path / "leaf.pem")],
                capture_output=True, text=True, timeout=20, check=False,
            )  # fmt: skip
            assert (done.returncode == 0) is is_good, (kind, purpose, done.stderr)


def test_only_the_key_of_a_hosts_request_is_taken(tmp_path: Path) -> None:
    key = new_key()
    issued = authority_in(tmp_path).issue_host(request_of(key, "CN=tidegate://operator/ann"), "4f2a")
    leaf = certificates_in(issued.certificate_pem)[0]
    assert leaf.public_key() == key.public_key()
    assert leaf.subject.rfc4514_string() == "CN=host 4f2a"
    assert issued.key_pem == ""
    with pytest.raises(MalformedRequest):
        authority_in(tmp_path / "other").issue_host("", "4f2a")


def test_certificates_begin_two_days_ago_and_none_outlives_the_authority(tmp_path: Path) -> None:
    hands = Hands()
    authority = create_authority(tmp_path, now_ms=hands)
    lives = {"server": 30, "host": 7, "join": 1 / 24, "operator": 365}
    for kind, issued in issue_all(authority).items():
        assert abs(hands() - 2 * DAY_MS - issued.begins_at_ms) <= SECOND_MS, kind
        assert abs(hands() + round(lives[kind] * DAY_MS) - issued.expires_at_ms) <= SECOND_MS, kind
    hands.move(3_650 - 3)
    for kind, issued in issue_all(authority).items():
        assert issued.expires_at_ms <= authority.expires_at_ms, kind
    hands.move(4)
    with pytest.raises(AuthorityUnusable, match="Look at this machine's clock, or renew it"):
        authority.issue_operator("ann")
    with pytest.raises(AuthorityUnusable, match="not now"):
        Authority.load(tmp_path, now_ms=hands)
    hands.move(-3_660)
    with pytest.raises(AuthorityUnusable, match="not now"):
        Authority.load(tmp_path, now_ms=hands)


def test_a_key_of_rsa_works_as_well(tmp_path: Path) -> None:
    authority = given_authority(tmp_path, Hands(), key=rsa.generate_private_key(65_537, 2_048))
    first, second = certificates_in(authority.issue_operator("ann").certificate_pem)
    first.verify_directly_issued_by(second)
    assert second.subject.rfc4514_string() == "CN=Contoso Hosts"


def test_an_old_authority_that_stands_beside_the_new_one_is_trusted_and_never_shown(tmp_path: Path) -> None:
    old = authority_in(tmp_path / "old")
    authority_in(tmp_path / "new")
    with (tmp_path / "new" / CERTIFICATE).open("a") as file:
        file.write(old.certificate_pem)
    both = Authority.load(tmp_path / "new", now_ms=Hands())
    assert len(certificates_in(both.certificate_pem)) == 2
    assert len(certificates_in(both.issue_operator("ann").certificate_pem)) == 1


def spoil_nothing(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


def spoil_key_missing(folder: Path) -> None:
    (folder / KEY).unlink()


def spoil_key_open(folder: Path) -> None:
    (folder / KEY).chmod(0o644)


def spoil_key_rubbish(folder: Path) -> None:
    (folder / KEY).write_text("open-sesame")


def spoil_key_of_another(folder: Path) -> None:
    authority_in(folder / "other")
    (folder / KEY).write_text((folder / "other" / KEY).read_text())


def spoil_key_encrypted(folder: Path) -> None:
    encryption = serialization.BestAvailableEncryption(b"open-sesame")
    pem = new_key().private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    (folder / KEY).write_bytes(pem)


def spoil_key_of_edwards(folder: Path) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / KEY).write_bytes(pem)


def spoil_certificate_rubbish(folder: Path) -> None:
    (folder / CERTIFICATE).write_text("nothing")


def spoil_certificate_folder(folder: Path) -> None:
    (folder / CERTIFICATE).unlink()
    (folder / CERTIFICATE).mkdir()


def spoil_certificate_of_a_leaf(folder: Path) -> None:
    hands, key = Hands(), new_key()
    validity = Validity(begins_at_ms=hands() - DAY_MS, expires_at_ms=hands() + DAY_MS)
    by = Signer(certificate=sign_authority("Tidegate", key, validity), key=key)
    leaf = sign_leaf("leaf", key.public_key(), [x509.DNSName("a")], CLIENT, validity, by)
    put_authority(folder, [leaf], key)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (spoil_nothing, r"There is no authority in .*: ca\.pem is missing\. Run: tidegate ca init --dir "),
        (spoil_key_missing, r"There is no authority in .*: ca\.key is missing\."),
        (spoil_key_open, r"Run: chmod 600 .*ca\.key"),
        (spoil_key_rubbish, "holds no key as PEM"),
        (spoil_key_of_another, r"No certificate in ca\.pem belongs to the key in ca\.key"),
        (spoil_key_encrypted, "is encrypted with a password"),
        (spoil_key_of_edwards, "neither on an elliptic curve"),
        (spoil_certificate_rubbish, "holds no certificate as PEM"),
        (spoil_certificate_folder, "cannot be read"),
        (spoil_certificate_of_a_leaf, "may not sign others"),
    ],
)
def test_what_is_no_authority_is_refused_and_it_is_said_what_to_do(
    tmp_path: Path, spoil: Callable[[Path], None], why: str
) -> None:
    authority_in(tmp_path)
    spoil(tmp_path)
    with pytest.raises((AuthorityUnusable, KeyFileUnsafe), match=why) as refused:
        Authority.load(tmp_path, now_ms=Hands())
    assert "open-sesame" not in str(refused.value)


@pytest.mark.parametrize("names", [[], [""], ["a b"], ["127.0.0.1/8"], ["gate.example.org", "x" * 300]])
def test_a_server_that_is_reached_by_no_name_gets_no_certificate(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(ValueError, match="name"):
        authority_in(tmp_path).issue_server(names)


def test_nobody_is_named_so_that_it_could_be_misread(tmp_path: Path) -> None:
    with pytest.raises(MalformedName):
        authority_in(tmp_path).issue_operator("ann/../root")
