"""The data folder, for one server at a time."""

import os
from pathlib import Path

import pytest

from tidegate.cli.data_folder import FolderUnusable, held


def test_a_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    with held(tmp_path / "a" / "b") as folder:
        assert folder == tmp_path / "a" / "b"
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_second_server_is_told_who_has_it(tmp_path: Path) -> None:
    with (
        held(tmp_path),
        pytest.raises(FolderUnusable, match=f"Another server, process {os.getpid()}, has"),
        held(tmp_path),
    ):
        pytest.fail("two servers have one folder")


def test_it_is_free_again_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with held(tmp_path):
            pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FolderUnusable, match=r"cannot be used: Not a directory\."), held(tmp_path / "file" / "data"):
        pytest.fail("there is no such folder")
