from pathlib import Path

import pytest

from tidegate_agent.layout import HandlerFolder, Layout, clear
from tidegate_handler.version import HandlerVersion


def place(layout: Layout, name: str, version: str, content: str = "") -> HandlerFolder:
    coming = layout.coming()
    coming.mkdir()
    (coming / "content").write_text(content)
    folder = layout.folder(name, HandlerVersion(version))
    aside = layout.place(coming, folder)
    if aside is not None:
        clear(aside)
    return folder


def test_folders_are_private_and_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    layout = Layout(Path("root"))
    assert layout.library == tmp_path / "root/lib"
    assert {each.stat().st_mode & 0o777 for each in (layout.root, layout.library, layout.logs, layout.run)} == {0o700}


def test_versions_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    for version in ("1.10", "1.9", "2.0"):
        place(layout, "Contoso.Web", version)
    place(layout, "Contoso.Other", "3.0")
    assert [str(each.version) for each in layout.versions("Contoso.Web")] == ["1.9", "1.10", "2.0"]


def test_a_handler_is_found_however_its_name_and_version_are_spelt(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    there = place(layout, "Contoso.Web", "1.0")
    assert layout.folder("contoso.WEB", HandlerVersion("1.0.0")) == there


def test_what_is_no_folder_of_a_handler_is_passed_over(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    (layout.library / "Contoso.Web-1.0").touch()
    (layout.library / "events").mkdir()
    layout.coming().mkdir()
    (layout.library / "Contoso.Link-1.0").symlink_to(tmp_path)
    assert list(layout.handlers()) == []


def test_a_folder_takes_the_place_of_another_whole(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    place(layout, "Contoso.Web", "1.0", "old")
    folder = place(layout, "Contoso.Web", "1.0", "new")
    assert (folder.path / "content").read_text() == "new"
    assert layout.unfinished() == ()


def test_a_folder_set_aside_is_no_handlers_and_unfinished(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    folder = place(layout, "Contoso.Web", "1.0")
    aside = layout.set_aside(folder)
    assert list(layout.handlers()) == []
    assert layout.unfinished() == (aside,)
    clear(aside)
    assert layout.unfinished() == ()
