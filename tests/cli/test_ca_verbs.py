"""`tidegate ca` makes an authority and lets operators in; with it and `serve --tls` nobody else gets a word."""

import json
import signal
from pathlib import Path

import pytest

from tests.cli.conftest import Tidegate
from tests.cli.serving import Serving
from tests.trust.authorities import certificates_in
from tidegate_client import Client, credentials_from


def test_an_authority_is_made_once_and_shown(tidegate: Tidegate, tmp_path: Path) -> None:
    made = tidegate("ca", "init", "--dir", tmp_path / "ca", "--name", "Contoso Hosts")
    assert made.exits == 0
    assert made.out.startswith(f"Made the authority {tmp_path}/ca, SHA-256 ")
    assert f"tidegate serve --listen HOST:PORT --tls {tmp_path}/ca" in made.err
    assert sorted(file.name for file in (tmp_path / "ca").iterdir()) == ["ca.key", "ca.pem"]
    told = tidegate("ca", "show", "--dir", tmp_path / "ca", "-o", "json").document
    assert told["name"] == "CN=Contoso Hosts"
    assert told["sha256Fingerprint"] in made.out
    assert told["certificate"] == (tmp_path / "ca" / "ca.pem").read_text()
    page = tidegate("ca", "show", "--dir", tmp_path / "ca").out
    assert told["sha256Fingerprint"] in page
    assert told["expireTime"][:10] in page
    again = tidegate("ca", "init", "--dir", tmp_path / "ca")
    assert again.exits == 1
    assert "is there already" in again.err


def test_without_a_word_it_lies_in_the_users_folder(
    tidegate: Tidegate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    missing = tidegate("ca", "show")
    assert missing.exits == 1
    assert f"Run: tidegate ca init --dir {tmp_path}/tidegate/ca" in missing.err
    assert tidegate("ca", "init").exits == 0
    assert (tmp_path / "tidegate" / "ca" / "ca.key").stat().st_mode & 0o777 == 0o600
    assert tidegate("ca", "show").exits == 0


def test_an_operators_credentials_are_one_file_of_hers_alone(tidegate: Tidegate, tmp_path: Path) -> None:
    tidegate("ca", "init", "--dir", tmp_path / "ca")
    out = tmp_path / "ann.pem"
    told = tidegate("ca", "operator", "ann", "--out", out, "--dir", tmp_path / "ca", "--days", "30")
    assert (told.exits, told.out.startswith(f"Wrote the credentials of ann to {out}, good until ")) == (0, True)
    assert out.stat().st_mode & 0o777 == 0o600
    assert len(certificates_in(out.read_text())) == 2
    assert "PRIVATE" not in told.out + told.err
    before = out.read_bytes()
    taken = tidegate("ca", "operator", "ann", "--out", out, "--dir", tmp_path / "ca")
    assert taken.exits == 2
    assert "is there already" in taken.err
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "exits", "why"),
    [
        (["operator", "ann/../root", "--out", "x.pem"], 2, "cannot be a name"),
        (["operator", "ann", "--out", "missing/x.pem"], 1, "cannot be written"),
        (["operator", "ann", "--out", "x.pem", "--days", "0"], 2, "--days"),
        (["operator", "ann"], 2, "--out"),
    ],
)
def test_what_makes_no_credentials_leaves_no_file(
    tidegate: Tidegate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], exits: int, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    tidegate("ca", "init", "--dir", "ca")
    told = tidegate("ca", *words, "--dir", "ca")
    assert told.exits == exits
    assert why in told.err
    assert [file.name for file in tmp_path.iterdir()] == ["ca"]


def test_a_server_over_tls_answers_whom_its_authority_let_in_and_nobody_else(
    tidegate: Tidegate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ca", "other"):
        tidegate("ca", "init", "--dir", tmp_path / name)
    tidegate("ca", "operator", "ann", "--out", tmp_path / "ann.pem", "--dir", tmp_path / "ca")
    tidegate("ca", "operator", "bob", "--out", tmp_path / "bob.pem", "--dir", tmp_path / "other")
    options = ("--listen", "127.0.0.1:0", "--data", ":memory:", "--tls", str(tmp_path / "ca"), "--fleet", "agents")
    with Serving(*options) as server:
        monkeypatch.setenv("TIDEGATE_SERVER", server.address)
        nothing = tidegate("policy", "list")
        assert nothing.exits == 6
        assert f"The server at {server.address} speaks TLS, and wants to see a certificate" in nothing.err
        stranger = tidegate("policy", "list", "--credentials", tmp_path / "bob.pem")
        assert stranger.exits == 6
        assert "that these credentials do not trust" in stranger.err
        assert tidegate("policy", "list", "--credentials", tmp_path / "ann.pem").exits == 0
        monkeypatch.setenv("TIDEGATE_CREDENTIALS", str(tmp_path / "ann.pem"))
        listed = tidegate("policy", "list", "-o", "json")
        assert json.loads(listed.out)["policies"]
        with Client(server.address, credentials=credentials_from(tmp_path / "ann.pem")) as client:
            client.enroll_subscription("ann")
        assert server.end(signal.SIGTERM) == 0
    assert not any("ssl_transport" in line for line in server.log)


def test_credentials_that_are_shown_to_a_server_without_tls_are_told_so(
    tidegate: Tidegate, server: str, tmp_path: Path
) -> None:
    tidegate("ca", "init", "--dir", tmp_path / "ca")
    tidegate("ca", "operator", "ann", "--out", tmp_path / "ann.pem", "--dir", tmp_path / "ca")
    told = tidegate("policy", "list", "--credentials", tmp_path / "ann.pem")
    assert told.exits == 6
    assert f"The server at {server} does not speak TLS" in told.err
