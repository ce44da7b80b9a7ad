"""Records of packages, written in one stroke and read without guessing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.packages.packing import WEB
from tidegate.domain.package import Package
from tidegate.domain.version import Version
from tidegate.packages.records import FORMAT, PackageFolderUnusable, read_record, sync_folder, write_record

VERSIONS = tuple(
    Package(extension_type=WEB, version=Version(text), sha256="a" * 64, size_bytes=7, supports_multiple_extensions=True)
    for text in ("1.10", "1.9.0.0")
)


def test_what_was_written_is_read_with_the_versions_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_record(path, VERSIONS, tmp_path / "other")
    assert read_record(path) == VERSIONS
    assert [str(each.version) for each in read_record(path)] == ["1.10", "1.9.0.0"]
    assert [each.name for each in tmp_path.iterdir()] == ["record.json"]
    sync_folder(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"format": FORMAT + 1},
        {"versions": [{"publisher": "P", "type": "T", "version": "one"}]},
        {"versions": [{}]},
        {"versions": 3},
        {"sizeBytes": "much"},
    ],
)
def test_what_is_no_record_is_told_with_its_path(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "record.json"
    write_record(path, VERSIONS, tmp_path / "other")
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(PackageFolderUnusable, match=r"record\.json"):
        read_record(path)


def test_bytes_that_are_no_text_are_told_too(tmp_path: Path) -> None:
    (tmp_path / "record.json").write_bytes(b"\xff\xfe")
    with pytest.raises(PackageFolderUnusable):
        read_record(tmp_path / "record.json")
