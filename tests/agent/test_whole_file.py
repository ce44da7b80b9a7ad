from pathlib import Path

import pytest

from tidegate_agent.whole_file import write_whole


def test_a_file_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    write_whole(tmp_path / "note", b"one")
    write_whole(tmp_path / "note", b"two")
    assert (tmp_path / "note").read_bytes() == b"two"
    assert (tmp_path / "note").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["note"]


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    write_whole(tmp_path / "note", b"one")
    (tmp_path / ".note.new").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "note", b"two")
    assert (tmp_path / "note").read_bytes() == b"one"
