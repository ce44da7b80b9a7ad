"""Files that are whole or as they were."""

from pathlib import Path

import pytest

from tidegate_agent.durable_file import private_folder, remove_durably, write_durably


def test_what_is_written_is_its_owners_alone(tmp_path: Path) -> None:
    path = private_folder(tmp_path / "a" / "b") / "secret"
    write_durably(path, b"one")
    write_durably(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["secret"]


def test_where_writing_fails_what_was_there_still_is(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    (path / "kept").write_bytes(b"kept")
    with pytest.raises(OSError, match="directory"):
        write_durably(path, b"new")
    assert (path / "kept").read_bytes() == b"kept"
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]


def test_removing_twice_does_no_harm(tmp_path: Path) -> None:
    write_durably(tmp_path / "a", b"")
    remove_durably(tmp_path / "a")
    remove_durably(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []
