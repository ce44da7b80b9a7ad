import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tidegate_agent.handler_state import (
    HandlerState,
    HandlerStatus,
    enabled_extensions,
    forget_extension,
    installed,
    read_state,
    read_status_of_handler,
    settings_of,
    write_extension_state,
    write_state,
    write_status_of_handler,
)
from tidegate_agent.layout import HandlerFolder
from tidegate_handler.version import HandlerVersion


def folder_of(tmp_path: Path, version: str = "1.0") -> HandlerFolder:
    folder = HandlerFolder(
        name="Contoso.Web", version=HandlerVersion(version), path=tmp_path / f"Contoso.Web-{version}"
    )
    folder.config.mkdir(parents=True)
    folder.status.mkdir()
    return folder


@pytest.mark.parametrize("state", HandlerState)
def test_a_state_is_read_as_it_was_written(tmp_path: Path, state: HandlerState) -> None:
    folder = folder_of(tmp_path)
    write_state(folder, state)
    assert read_state(folder) is state
    assert (folder.config / "HandlerState").read_text() == state.value


@pytest.mark.parametrize("content", [None, b"", b"Rubbish", b"\xff\xfe"])
def test_a_folder_without_a_state_counts_as_not_installed(tmp_path: Path, content: bytes | None) -> None:
    folder = folder_of(tmp_path)
    if content is not None:
        (folder.config / "HandlerState").write_bytes(content)
    assert read_state(folder) is HandlerState.NOT_INSTALLED


def test_the_highest_version_that_got_so_far_is_the_installed_one(tmp_path: Path) -> None:
    states = {
        "1.9": HandlerState.ENABLED,
        "1.10": HandlerState.INSTALLED,
        "2.0": HandlerState.FAILED_UPGRADE,
        "3.0": HandlerState.NOT_INSTALLED,
    }
    folders = {version: folder_of(tmp_path, version) for version in states}
    for version, state in states.items():
        write_state(folders[version], state)
    assert installed(folders.values()) == folders["1.10"]
    assert installed([folders["2.0"], folders["3.0"]]) is None


def test_a_status_is_read_as_it_was_written(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    assert read_status_of_handler(folder) is None
    status = HandlerStatus(status="NotReady", code=1009, message="Non-zero exit code: 1")
    write_status_of_handler(folder, status)
    assert read_status_of_handler(folder) == status


@pytest.mark.parametrize("name", ["HandlerState", "HandlerStatus", "web.HandlerState"])
@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to(path.name)])
def test_what_a_handler_puts_in_the_place_of_a_state_or_a_status_says_nothing(
    tmp_path: Path, name: str, make: Callable[[Path], None]
) -> None:
    folder = folder_of(tmp_path)
    make(folder.config / name)
    assert read_state(folder) is HandlerState.NOT_INSTALLED
    assert read_status_of_handler(folder) is None
    assert enabled_extensions(folder) == ()


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"status": "Ready", "code": "x", "message": ""}', b"\xff"])
def test_a_damaged_status_counts_as_none(tmp_path: Path, content: bytes) -> None:
    folder = folder_of(tmp_path)
    (folder.config / "HandlerStatus").write_bytes(content)
    assert read_status_of_handler(folder) is None


def test_each_of_several_extensions_has_a_state_of_its_own(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    write_state(folder, HandlerState.ENABLED)
    write_extension_state(folder, "first", is_enabled=True)
    write_extension_state(folder, "second.part", is_enabled=True)
    write_extension_state(folder, "first", is_enabled=False)
    write_extension_state(folder, "HandlerState", is_enabled=True)
    assert enabled_extensions(folder) == ("HandlerState", "second.part")
    forget_extension(folder, "HandlerState")
    (folder.config / "third.HandlerState").write_bytes(b"\xff")
    assert enabled_extensions(folder) == ("second.part",)


def test_an_extension_is_forgotten_with_its_settings_and_status(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    for name in ("first", "second"):
        write_extension_state(folder, name, is_enabled=True)
        for number in (1, 10):
            (folder.config / f"{name}.{number}.settings").touch()
            (folder.status / f"{name}.{number}.status").touch()
    assert settings_of(folder, "first") == (1, 10)
    forget_extension(folder, "first")
    assert settings_of(folder, "first") == ()
    assert enabled_extensions(folder) == ("second",)
    assert sorted(each.name for each in folder.status.iterdir()) == ["second.1.status", "second.10.status"]
