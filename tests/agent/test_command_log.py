import os
from pathlib import Path

import pytest

from tidegate_agent import command_log


def test_each_of_several_extensions_has_a_log_of_its_own(tmp_path: Path) -> None:
    command_log.append(tmp_path, None, "one")
    command_log.append(tmp_path, "web", "two\n")
    assert (tmp_path / "CommandExecution.log").read_text().endswith("Z one\n") or (
        tmp_path / "CommandExecution.log"
    ).read_text().endswith("+00:00 one\n")
    assert (tmp_path / "CommandExecution_web.log").read_text().endswith(" two\n")


def test_a_log_never_grows_over_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_log, "LARGEST_BYTES", 1_000)
    for number in range(200):
        command_log.append(tmp_path, None, f"entry {number} " + "x" * 100)
    files = sorted(tmp_path.iterdir())
    assert [each.name for each in files] == ["CommandExecution.log", "CommandExecution.log.1"]
    assert all(each.stat().st_size <= 1_000 for each in files)
    assert "entry 199 " in files[0].read_text()
    assert "entry 190 " in files[1].read_text() + files[0].read_text()


def test_a_pipe_that_a_handler_puts_in_its_place_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "CommandExecution.log")
    with pytest.raises(OSError, match="No such device"):
        command_log.append(tmp_path, None, "one")


def test_what_cannot_be_encoded_is_logged_all_the_same(tmp_path: Path) -> None:
    command_log.append(tmp_path, None, "half \ud800 of a pair")
    assert "half ? of a pair" in (tmp_path / "CommandExecution.log").read_text()
