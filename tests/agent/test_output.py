import os
from pathlib import Path

import pytest

from tidegate_agent import output
from tidegate_agent.output import Output, both, leftovers, look_after
from tidegate_handler.commands import OUTPUT_CHARACTERS


def test_what_was_written_is_told_and_the_file_goes(tmp_path: Path) -> None:
    written = Output(tmp_path)
    os.write(written.descriptor, b"hello \xff")
    assert written.text() == "hello \\xff"
    written.close()
    assert leftovers(tmp_path) == []


def test_a_file_that_grows_is_emptied_and_keeps_its_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "LARGEST_BYTES", 50_000)
    written = Output(tmp_path)
    for number in range(20):
        os.write(written.descriptor, f"begin {number} ".encode() + b"x" * 10_000)
        written.look()
        assert os.fstat(written.descriptor).st_size <= 60_000
    assert written.text().startswith("begin 0 x")
    assert len(written.text()) == OUTPUT_CHARACTERS
    written.close()


def test_a_file_that_somebody_still_writes_to_stays_and_is_looked_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "LARGEST_BYTES", 100)
    written = Output(tmp_path)
    inherited = os.dup(written.descriptor)
    written.close()
    (path,) = leftovers(tmp_path)
    os.write(inherited, b"x" * 1_000)
    assert look_after(path) == 1_000
    assert path.stat().st_size == 0
    os.write(inherited, b"on")
    assert path.read_bytes() == b"on"
    os.close(inherited)
    assert look_after(path) is None
    assert leftovers(tmp_path) == []
    assert look_after(path) is None


@pytest.mark.parametrize(
    ("standard_output", "standard_error", "kept_output", "kept_error"),
    [(10, 10, 10, 10), (0, 9_000, 0, 3_200), (9_000, 100, 3_100, 100), (9_000, 9_000, 1_600, 1_600)],
)
def test_each_output_gets_half_and_what_the_other_leaves(
    standard_output: int, standard_error: int, kept_output: int, kept_error: int
) -> None:
    text = both("o" * standard_output, "e" * standard_error)
    assert text == f"[stdout]\n{'o' * kept_output}\n\n[stderr]\n{'e' * kept_error}"


def test_the_end_is_kept_where_an_output_is_cut() -> None:
    assert both("", "x" * 4_000 + "why").endswith("xwhy")
