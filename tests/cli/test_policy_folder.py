"""A folder of policies on disk."""

import os
from pathlib import Path

import pytest

from tidegate.cli.policy_folder import UnreadableFolder, fingerprint, read_policies, read_rehearsals


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "b.yaml").write_text("two")
    (tmp_path / "a.yml").write_text("one")
    (tmp_path / ".hidden.yaml").write_text("no")
    (tmp_path / "policy.schema.json").write_text("{}")
    (tmp_path / "rehearsals").mkdir()
    (tmp_path / "rehearsals" / "a.yaml").write_text("case")
    return tmp_path


def test_policies_are_read_by_name_and_called_as_wished(folder: Path) -> None:
    assert [(source.file, source.text) for source in read_policies(folder, "rules")] == [
        ("rules/a.yml", "one"),
        ("rules/b.yaml", "two"),
    ]
    assert [source.file for source in read_policies(folder, "")] == ["a.yml", "b.yaml"]


def test_rehearsals_stand_in_a_folder_of_their_own(folder: Path) -> None:
    assert [source.file for source in read_rehearsals(folder, "rules")] == ["rules/rehearsals/a.yaml"]
    assert list(read_rehearsals(folder / "rehearsals", "rules")) == []


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFolder, match=r"nowhere cannot be read: No such file or directory\."):
        read_policies(tmp_path / "nowhere", "rules")


def test_a_file_that_is_no_text_is_told(folder: Path) -> None:
    (folder / "a.yml").write_bytes(b"ok \xff")
    with pytest.raises(UnreadableFolder, match=r"a\.yml is not UTF-8: invalid start byte at byte 3\."):
        read_policies(folder, "rules")


def test_a_fingerprint_changes_with_the_policies_only(folder: Path) -> None:
    before = fingerprint(folder)
    assert len(before) == 2
    (folder / "notes.txt").write_text("x")
    (folder / "rehearsals" / "a.yaml").write_text("another case")
    assert fingerprint(folder) == before
    (folder / "b.yaml").write_text("TWO")
    os.utime(folder / "b.yaml", ns=(1, 1))
    assert fingerprint(folder) != before


def test_a_folder_that_is_gone_has_an_empty_fingerprint(tmp_path: Path) -> None:
    assert fingerprint(tmp_path / "nowhere") == ()
