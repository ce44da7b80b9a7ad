"""What a server trusts and shows, from its settings."""

from pathlib import Path

import pytest

from tests.trust.authorities import Hands, authority_in, certificates_in
from tests.trust.test_server_certificates import give
from tidegate.cli.server_trust import ServerTrust, open_trust
from tidegate.cli.settings import GivenTls, IssuedTls
from tidegate.trust.unusable import TrustUnusable


def test_without_tls_there_is_nothing() -> None:
    assert open_trust(None, Hands()) == ServerTrust()


def test_with_an_authority_it_issues_its_own_certificate_and_those_of_hosts(tmp_path: Path) -> None:
    authority_in(tmp_path)
    trust = open_trust(IssuedTls(folder=tmp_path, names=("gate.example.org",)), Hands())
    assert trust.authority is not None
    assert trust.certificates is not None
    shown = certificates_in(trust.certificates.shown().certificate_pem)[0]
    assert shown.subject.rfc4514_string() == "CN=gate.example.org"


def test_with_given_files_there_is_no_authority(tmp_path: Path) -> None:
    certificate, key, clients_ca = give(tmp_path, authority_in(tmp_path / "ca"))
    trust = open_trust(GivenTls(certificate=certificate, key=key, clients_ca=clients_ca), Hands())
    assert trust.authority is None
    assert trust.certificates is not None
    assert trust.certificates.shown().certificate_pem == certificate.read_text()


def test_what_cannot_be_used_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(TrustUnusable, match=f"Run: tidegate ca init --dir {tmp_path}"):
        open_trust(IssuedTls(folder=tmp_path, names=("a",)), Hands())
    authority_in(tmp_path)
    with pytest.raises(TrustUnusable, match="cannot be issued: 'a b' is no DNS name and no address"):
        open_trust(IssuedTls(folder=tmp_path, names=("a b",)), Hands())
    with pytest.raises(TrustUnusable, match="cannot be read"):
        open_trust(GivenTls(certificate=tmp_path / "x", key=tmp_path / "x", clients_ca=tmp_path / "x"), Hands())
