"""A package checked before it is sent, and the bar that fills while it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from tests.packages.packing import package, zipped
from tidegate.cli.package_upload import cannot_read, check_here, shown_progress


def written(folder: Path, content: bytes) -> Path:
    file = folder / "handler.zip"
    file.write_bytes(content)
    return file


def test_a_good_package_passes_silently(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check_here(written(tmp_path, package()))
    assert capsys.readouterr() == ("", "")


def test_a_bad_package_is_told_place_by_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, zipped({"bin/handler": "", "../outside": ""}))
    with pytest.raises(typer.Exit) as ended:
        check_here(file)
    told = capsys.readouterr().err
    assert ended.value.exit_code == 1
    assert "no package that a host can use" in told
    assert "  ../outside: " in told
    assert "  HandlerManifest.json: " in told


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        check_here(tmp_path / "gone.zip")
    assert ended.value.exit_code == 1
    assert "gone.zip cannot be read: No such file" in capsys.readouterr().err
    assert cannot_read(Path("x"), PermissionError(13, "Permission denied")).exit_code == 1


def test_nothing_moves_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_progress(Path("handler.zip")) as on_progress:
        for done in (0, 5, 10):
            on_progress(done, 10)
    captured = capsys.readouterr()
    assert (captured.out, captured.err.strip()) == ("", "")


def test_a_terminal_sees_how_far_it_is(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    with shown_progress(Path("handler.zip")) as on_progress:
        on_progress(10, 10)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "handler.zip is being checked" in captured.err
