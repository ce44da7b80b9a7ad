import os
import stat
from pathlib import Path

import pytest

from tidegate_agent.reading import GRAIN_SECONDS, Files, NotAFile, open_file


class Counted:
    """A parse that counts how often it was asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, content: bytes) -> str:
        self.times += 1
        return content.decode()


def age(path: Path, seconds: float) -> None:
    now = path.stat().st_mtime
    os.utime(path, (now - seconds, now - seconds))


def test_a_file_that_did_not_change_is_read_once(tmp_path: Path) -> None:
    path, parse, files = tmp_path / "file", Counted(), Files()
    path.write_text("one")
    age(path, GRAIN_SECONDS + 1)
    assert [files.read(path, parse) for _ in range(3)] == ["one"] * 3
    assert parse.times == 1


def test_a_file_that_was_just_written_is_read_again(tmp_path: Path) -> None:
    path, parse, files = tmp_path / "file", Counted(), Files()
    path.write_text("one")
    before = path.stat()
    assert files.read(path, parse) == "one"
    path.write_text("two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert files.read(path, parse) == "two"


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    path, parse, files = tmp_path / "file", Counted(), Files()
    path.write_text("one")
    age(path, 60)
    assert files.read(path, parse) == "one"
    path.write_text("two")
    age(path, 50)
    assert files.read(path, parse) == "two"


def test_a_large_file_is_not_read_whole(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 100)
    assert Files().read(tmp_path / "file", len, most_bytes=10) == 11


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Files().read(tmp_path / "none", len)


def test_what_is_remembered_is_bounded(tmp_path: Path) -> None:
    files = Files()
    for number in range(600):
        path = tmp_path / str(number)
        path.write_text("x")
        age(path, 60)
        files.read(path, len)
    assert len(files._known) <= 256


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "folder").mkdir()
    os.mknod(tmp_path / "socket", stat.S_IFSOCK | 0o600)
    for name in ("pipe", "link", "circle", "folder", "socket"):
        with pytest.raises(NotAFile):
            open_file(tmp_path / name)
        with pytest.raises(NotAFile):
            Files().read(tmp_path / name, len)
