import os
from pathlib import Path

import pytest

from tests.agent.test_handler_state import folder_of
from tidegate_agent.handing_on import hand_on, hand_on_attempt
from tidegate_agent.layout import HandlerFolder


def past(tmp_path: Path) -> HandlerFolder:
    folder = folder_of(tmp_path, "1.0")
    folder.recent_sequence.write_text("4")
    (folder.status / "4.status").write_text("said")
    (folder.status / "more").mkdir()
    (folder.status / "link").symlink_to("/etc/passwd")
    (folder.config / "4.settings").write_text("{}")
    (folder.config / "HandlerState").write_text("Enabled")
    (folder.config / "web.HandlerState").write_text("enabled")
    return folder


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_the_next_version_gets_what_was_seen_and_said(tmp_path: Path) -> None:
    new = folder_of(tmp_path, "2.0")
    hand_on(past(tmp_path), new)
    assert new.recent_sequence.read_text() == "4"
    assert names(new.status) == ["4.status"]
    assert names(new.config) == []


def test_what_a_handler_has_seen_is_on_the_disk_before_it_is_taken_for_handed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = list[Path]()
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(Path(f"/proc/self/fd/{descriptor}").readlink()))
    new = folder_of(tmp_path, "2.0")
    hand_on(past(tmp_path), new)
    assert synced == [new.recent_sequence, new.path]


def test_a_file_that_nobody_would_read_is_not_copied(tmp_path: Path) -> None:
    old, new = past(tmp_path), folder_of(tmp_path, "2.0")
    with (old.status / "9.status").open("wb") as huge:
        huge.truncate(20 * 1024**3)
    hand_on(old, new)
    assert names(new.status) == ["4.status"]


def test_another_attempt_of_a_version_gets_its_settings_too_but_not_its_state(tmp_path: Path) -> None:
    again = folder_of(tmp_path, "2.0")
    hand_on_attempt(past(tmp_path), again)
    assert names(again.status) == ["4.status"]
    assert names(again.config) == ["4.settings", "web.HandlerState"]


def test_where_there_is_nothing_nothing_is_handed_on(tmp_path: Path) -> None:
    empty = HandlerFolder(name="Contoso.Web", version=folder_of(tmp_path).version, path=tmp_path / "none")
    new = folder_of(tmp_path, "2.0")
    hand_on_attempt(empty, new)
    assert names(new.path) == ["config", "status"]
