"""Who a host is, on its disk."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.agent.authorities import TestAuthority
from tidegate_agent.identity import Identity, IdentityFolder
from tidegate_agent.keys import KeyPair
from tidegate_agent.problems import IdentityDamaged, NotJoined

HOST = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/web/virtualMachines/web-7"


def keep(folder: IdentityFolder, *, authority: TestAuthority | None = None) -> Identity:
    folder.settings_pair()
    return folder.keep_joined(
        host=HOST,
        server="127.0.0.1:50551",
        credential="tgh1_uid_hush",
        authority_certificate="" if authority is None else authority.certificate,
        pair=None if authority is None else authority.issue(),
    )


def test_a_host_is_the_same_after_a_start(tmp_path: Path) -> None:
    folder = IdentityFolder(tmp_path)
    assert not folder.has_joined
    kept = keep(folder, authority=TestAuthority())
    assert IdentityFolder(tmp_path).load() == kept
    assert kept.instance_id == "web-7"
    assert kept.tls is not None
    assert abs(kept.tls.received_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert timedelta(days=6) < kept.tls.expires_at - datetime.now(UTC) < timedelta(days=8)


def test_nothing_secret_is_shown_or_readable_by_others(tmp_path: Path) -> None:
    folder = IdentityFolder(tmp_path)
    kept = keep(folder, authority=TestAuthority())
    folder.write_for_handlers(tmp_path / "lib")
    assert "hush" not in repr(kept)
    assert "PRIVATE KEY" not in repr(kept)
    files = [*folder.path.iterdir(), *(tmp_path / "lib").iterdir()]
    assert len(files) == 7
    assert {each.stat().st_mode & 0o777 for each in files} == {0o600}
    assert folder.path.stat().st_mode & 0o777 == 0o700


def test_the_settings_pair_stays_the_same_and_lies_where_handlers_look(tmp_path: Path) -> None:
    pair = IdentityFolder(tmp_path).settings_pair()
    assert IdentityFolder(tmp_path).settings_pair() == pair
    IdentityFolder(tmp_path).write_for_handlers(tmp_path / "lib")
    thumbprint = keep(IdentityFolder(tmp_path)).thumbprint
    assert (tmp_path / "lib" / f"{thumbprint}.crt").read_text() == pair.certificate
    assert (tmp_path / "lib" / f"{thumbprint}.prv").read_text() == pair.key


def test_a_crash_between_key_and_certificate_makes_both_anew(tmp_path: Path) -> None:
    folder = IdentityFolder(tmp_path)
    first = folder.settings_pair()
    (folder.path / "settings.crt").unlink()
    second = folder.settings_pair()
    assert second.certificate != first.certificate
    assert second.key != first.key


def test_a_renewed_certificate_takes_the_place_of_the_old_one_with_its_key(tmp_path: Path) -> None:
    folder, authority = IdentityFolder(tmp_path), TestAuthority()
    before = keep(folder, authority=authority)
    pair = authority.issue(ends=timedelta(days=14))
    folder.keep_certificate(authority_certificate=authority.certificate, pair=pair)
    after = folder.load()
    assert after.tls is not None
    assert before.tls is not None
    assert after.tls.expires_at > before.tls.expires_at
    assert after.tls.key.strip() == pair.key.strip()
    assert after.tls.certificate == pair.certificate


def test_a_certificate_keeps_those_that_lead_to_the_authority(tmp_path: Path) -> None:
    folder, authority = IdentityFolder(tmp_path), TestAuthority()
    keep(folder, authority=authority)
    pair = authority.issue()
    chain = pair.certificate + authority.certificate
    folder.keep_certificate(authority_certificate=authority.certificate, pair=KeyPair(certificate=chain, key=pair.key))
    kept = folder.load().tls
    assert kept is not None
    assert kept.certificate == chain


def test_forgetting_leaves_nothing_and_may_be_repeated(tmp_path: Path) -> None:
    folder = IdentityFolder(tmp_path)
    keep(folder, authority=TestAuthority())
    folder.write_for_handlers(tmp_path / "lib")
    (tmp_path / "lib" / "a-handler").touch()
    folder.forget(tmp_path / "lib")
    folder.forget(tmp_path / "lib")
    assert not folder.path.exists()
    assert [each.name for each in (tmp_path / "lib").iterdir()] == ["a-handler"]
    with pytest.raises(NotJoined, match="No host has joined"):
        folder.load()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("host.json", "{", "it is no JSON"),
        ("host.json", json.dumps({"host": "h"}), "it lacks one of"),
        ("host.json", "[]", "it lacks one of"),
        ("settings.crt", "x", "it is no certificate"),
        ("tls.pem", "x", "it has no certificate"),
        ("authority.crt", None, "No such file"),
        ("settings.crt", None, "No such file"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, name: str, content: str | None, why: str) -> None:
    folder = IdentityFolder(tmp_path)
    keep(folder, authority=TestAuthority())
    path = folder.path / name
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(IdentityDamaged, match=why) as caught:
        folder.load()
    assert name in str(caught.value)
    assert "hush" not in str(caught.value)
