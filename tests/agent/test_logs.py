"""The log of an agent: one line for each thing that happened, whatever is in it."""

import json
import subprocess
import sys

import pytest

SPEAKER = """\
import logging, structlog
from tidegate_agent.logs import LogFormat, LogLevel, set_up_logs
set_up_logs(level=LogLevel.{level}, format_=LogFormat.{format})
log = structlog.stdlib.get_logger("agent")
log.debug("whispered")
log.info("joined", host="/ss/virtualMachines/web 7", tls=False, why='it said "no"\\nand more')
logging.getLogger("a.library").warning("over %s", "there")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("fell over")
"""


def spoken(level: str = "INFO", format_: str = "KEYS") -> list[str]:
    """The lines of a process that logs."""
    done = subprocess.run(
        [sys.executable, "-c", SPEAKER.format(level=level, format=format_)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_each_event_is_one_line_of_keys_and_values() -> None:
    joined, foreign, fell = spoken()
    assert joined.startswith("timestamp=2")
    assert ' level=info event=joined host="/ss/virtualMachines/web 7" tls=false' in joined
    assert r"it said \"no\"\nand more" in joined
    assert 'level=warning event="over there"' in foreign
    assert r"\nZeroDivisionError" in fell


def test_as_json_each_line_is_a_document() -> None:
    documents = [json.loads(line) for line in spoken(level="DEBUG", format_="JSON")]
    assert [each["event"] for each in documents] == ["whispered", "joined", "over there", "fell over"]
    assert documents[1]["tls"] is False


@pytest.mark.parametrize(("level", "lines"), [("DEBUG", 4), ("WARNING", 2), ("ERROR", 1)])
def test_what_is_less_grave_is_not_written(level: str, lines: int) -> None:
    assert len(spoken(level=level)) == lines
