"""A heartbeat's word is passed on, and its silence is noticed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate_handler.heartbeat import HandlerHealth, judge_heartbeat


def beat(status: object, **more: object) -> bytes:
    return json.dumps([{"version": 1.0, "heartbeat": {"status": status, **more}}]).encode()


@pytest.mark.parametrize("status", ["Ready", "ready", "NotReady", "Installing"])
def test_its_status_is_told_as_it_stands_and_its_code_is_not(status: str) -> None:
    message = {"lang": "en-US", "message": "all is well"}
    data = beat(status, code=7, formattedMessage=message)
    assert judge_heartbeat(data, 0) == HandlerHealth(status=status, code=0, message="all is well")


def test_the_spelling_of_the_documentation_is_not_read() -> None:
    assert judge_heartbeat(beat("ready", Message="x"), 0) == HandlerHealth(status="ready")


@pytest.mark.parametrize(
    ("age_seconds", "status"), [(0, "ready"), (600.9, "ready"), (601, "Unresponsive"), (-5, "ready")]
)
def test_a_handler_that_stopped_writing_is_unresponsive(age_seconds: float, status: str) -> None:
    health = judge_heartbeat(beat("ready"), age_seconds)
    assert (health.status, health.code) == (status, 0 if status == "ready" else -1)


def test_an_old_file_is_unresponsive_even_where_it_is_rubbish() -> None:
    assert judge_heartbeat(b"rubbish", 3_600).status == "Unresponsive"


@pytest.mark.parametrize(
    "data",
    [
        None,
        b"",
        b"rubbish",
        b"\xff",
        b"{}",
        b"[]",
        b"[7]",
        b"[{}]",
        b'[{"heartbeat": 7}]',
        beat(7),
        beat(""),
        b"[" * 99_999,
    ],
)
def test_without_a_heartbeat_that_can_be_read_the_handler_is_not_ready(data: bytes | None) -> None:
    health = judge_heartbeat(data, 0)
    assert (health.status, health.code) == ("NotReady", -1)
    assert "heartbeat file" in health.message


@given(st.binary() | st.text(alphabet=st.characters(exclude_categories=())).map(beat))
def test_whatever_a_handler_writes_can_be_judged_and_sent(data: bytes) -> None:
    health = judge_heartbeat(data, 0)
    assert len(health.status.encode("utf-8")) <= 256
