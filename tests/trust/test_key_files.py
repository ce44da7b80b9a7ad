"""Secret files are their owner's alone, and are used only while that is so."""

import os
import stat
from pathlib import Path

import pytest

from tidegate.trust.key_files import private_folder, read_secret, write_secret
from tidegate.trust.unusable import KeyFileUnsafe


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_secret_is_written_for_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_secret(tmp_path / "a.key", b"open-sesame")
        private_folder(tmp_path / "new" / "folder")
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "a.key") == 0o600
    assert mode_of(tmp_path / "new" / "folder") == 0o700
    assert read_secret(tmp_path / "a.key") == b"open-sesame"


def test_a_secret_is_never_written_over_another_nor_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "a.key").write_bytes(b"first")
    (tmp_path / "link.key").symlink_to(tmp_path / "nowhere")
    for name in ("a.key", "link.key"):
        with pytest.raises(FileExistsError):
            write_secret(tmp_path / name, b"second")
    assert (tmp_path / "a.key").read_bytes() == b"first"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o601])
def test_a_secret_that_is_open_to_others_is_not_used_and_it_is_said_what_to_run(tmp_path: Path, mode: int) -> None:
    write_secret(tmp_path / "a.key", b"open-sesame")
    (tmp_path / "a.key").chmod(mode)
    with pytest.raises(KeyFileUnsafe, match=rf"Run: chmod 600 {tmp_path}/a\.key") as refused:
        read_secret(tmp_path / "a.key")
    assert "sesame" not in str(refused.value)


def test_a_link_a_pipe_and_a_folder_are_no_secret_files(tmp_path: Path) -> None:
    write_secret(tmp_path / "a.key", b"open-sesame")
    (tmp_path / "link").symlink_to(tmp_path / "a.key")
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(mode=0o700)
    for name, why in (("link", "it is a link"), ("pipe", "no plain file"), ("folder", "no plain file")):
        with pytest.raises(KeyFileUnsafe, match=why):
            read_secret(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        read_secret(tmp_path / "missing")


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_folder_that_others_may_write_into_keeps_no_secrets(tmp_path: Path, mode: int) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(mode)
    with pytest.raises(KeyFileUnsafe, match="Run: chmod 700"):
        private_folder(tmp_path / "open")


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KeyFileUnsafe, match="cannot be used"):
        private_folder(tmp_path / "file" / "below")
    with pytest.raises(KeyFileUnsafe, match="cannot be written"):
        write_secret(tmp_path / "file" / "a.key", b"")
