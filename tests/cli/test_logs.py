"""The server's log."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from tidegate.cli.logs import LogFormat, LogLevel, set_up_logs


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Logging is as it was when the test is over."""
    root = logging.getLogger()
    handlers, level, before = list(root.handlers), root.level, structlog.get_config()
    yield
    root.handlers, root.level = handlers, level
    structlog.configure(**before)


def test_a_line_is_an_event_with_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(level=LogLevel.INFO, format_=LogFormat.CONSOLE)
    structlog.stdlib.get_logger("x").info("started", scale_set="web", batches=5)
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    for text in ("info", "started", "scale_set=web", "batches=5"):
        assert text in line
    assert "\x1b" not in line


def test_a_collector_gets_json(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(level=LogLevel.INFO, format_=LogFormat.JSON)
    structlog.stdlib.get_logger("x").warning("refused", reason="NOT_ELIGIBLE")
    logging.getLogger("some.library").error("broken %s", "pipe")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["event"], first["level"], first["reason"]) == ("refused", "warning", "NOT_ELIGIBLE")
    assert (second["event"], second["level"]) == ("broken pipe", "error")
    assert first["timestamp"].endswith("Z")


def test_less_grave_lines_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(level=LogLevel.ERROR, format_=LogFormat.CONSOLE)
    structlog.stdlib.get_logger("x").warning("not this")
    logging.getLogger("some.library").warning("nor this")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("format_", LogFormat)
def test_a_traceback_shows_no_local_variables(capsys: pytest.CaptureFixture[str], format_: LogFormat) -> None:
    set_up_logs(level=LogLevel.INFO, format_=format_)
    password = "".join(["hun", "ter2"])  # not in one piece in the source, which a traceback may show
    try:
        raise ValueError("went wrong")
    except ValueError:
        structlog.stdlib.get_logger("x").exception("failed", length=len(password))
    written = capsys.readouterr().err
    assert "went wrong" in written
    assert "Traceback" in written
    assert password not in written
