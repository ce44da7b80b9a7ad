"""Status files are judged as the Linux agent judges them: its own cases, odd ones and rubbish."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate_handler.status import (
    CUT_MARK,
    LARGEST_STATUS_CHARACTERS,
    ExtensionStatus,
    StatusMalformed,
    StatusValue,
    Substatus,
    read_status,
    status_text,
)

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(alphabet=st.characters(exclude_categories=()))
    | st.sampled_from(StatusValue),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["status", "message", "lang", "code"]), inner)
    ),
    max_leaves=8,
)


def written(**body: object) -> bytes:
    return json.dumps([{"version": 1.0, "timestampUTC": "2026-01-31T12:00:00Z", "status": body}]).encode()


def refusal_of(data: bytes) -> str:
    with pytest.raises(StatusMalformed) as refusal:
        read_status(data)
    assert refusal.value.code == 1012
    assert refusal.value.message == str(refusal.value)
    return refusal.value.message


def case(shared_data: Path, name: str) -> bytes:
    return (shared_data / "guest-agent-testdata/ext" / f"sample-status{name}.json").read_bytes()


def test_the_sound_case_is_read_whole(shared_data: Path) -> None:
    data = case(shared_data, "")
    body = json.loads(data)[0]["status"]
    status = read_status(data)
    assert (status.status, status.code, status.operation) == ("success", 1, body["operation"])
    assert status.message == body["formattedMessage"]["message"]
    assert status.substatus == (
        Substatus(name=body["substatus"][0]["name"], status=StatusValue.SUCCESS, code=0, message=""),
    )


def test_the_very_large_case_is_cut(shared_data: Path) -> None:
    data = case(shared_data, "-very-large")
    body = json.loads(data)[0]["status"]
    status = read_status(data)
    assert len(data) > LARGEST_STATUS_CHARACTERS
    assert (status.status, status.code) == ("success", 1)
    assert status.message == body["formattedMessage"]["message"][:1_024] + CUT_MARK
    (part,) = status.substatus
    assert part.name == body["substatus"][0]["name"][:10_240] + CUT_MARK
    assert part.message == body["substatus"][0]["formattedMessage"]["message"]
    assert (part.status, part.code) == ("success", 0)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("-invalid-json-format", "The status file is not JSON: Expecting ',' delimiter at line 37, column 1."),
        (
            "-invalid-format-emptykey-line7",
            "The status file is not JSON: Expecting ':' delimiter at line 8, column 13.",
        ),
        ("-invalid-status-no-status-status-key", "status/status is missing."),
    ],
)
def test_the_broken_cases_are_malformed(shared_data: Path, name: str, told: str) -> None:
    assert refusal_of(case(shared_data, name)) == told


@pytest.mark.parametrize(
    ("value", "status", "is_terminal"),
    [
        ("transitioning", StatusValue.TRANSITIONING, False),
        ("warning", StatusValue.WARNING, False),
        ("error", StatusValue.ERROR, True),
        ("success", StatusValue.SUCCESS, True),
        ("failed", StatusValue.ERROR, True),
        ("Success", StatusValue.ERROR, True),
        (7, StatusValue.ERROR, True),
        (None, StatusValue.ERROR, True),
        (["success"], StatusValue.ERROR, True),
    ],
)
def test_an_unknown_status_is_an_error(value: object, status: StatusValue, is_terminal: bool) -> None:
    read = read_status(written(status=value))
    assert (read.status, read.is_terminal) == (status, is_terminal)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (7, 7),
        ("7", 7),
        ("-1", -1),
        (" 0 ", 0),
        (None, 0),
        (True, 0),
        (1.5, 0),
        ("rubbish", 0),
        ("9" * 9_999, 0),
        (2**31 - 1, 2**31 - 1),
        (2**31, 0),
        ("2147483648", 0),
        ([7], 0),
        ("\N{ARABIC-INDIC DIGIT SEVEN}", 0),
    ],
)
def test_a_code_is_a_number_or_the_text_of_one(value: object, code: int) -> None:
    assert read_status(written(status="success", code=value)).code == code


def test_a_code_may_be_left_out() -> None:
    assert read_status(written(status="success", operation="Enable")) == ExtensionStatus(
        status=StatusValue.SUCCESS, operation="Enable"
    )


@pytest.mark.parametrize("version", [1, 1.0, "1.0", None])
def test_the_version_of_the_file_does_not_matter(version: object) -> None:
    data = json.dumps([{"version": version, "status": {"status": "success"}}, {"status": 7}]).encode()
    assert read_status(data).status == "success"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "status/status is missing."),
        ({"status": "success", "formattedMessage": {"lang": "en"}}, "status/formattedMessage/message is missing."),
        ({"status": "success", "formattedMessage": {"message": "x"}}, "status/formattedMessage/lang is missing."),
        ({"status": "success", "formattedMessage": "x"}, "status/formattedMessage must be a JSON object."),
        ({"status": "success", "substatus": {}}, "status/substatus must be a JSON array."),
        ({"status": "success", "substatus": [7]}, "The status file lacks a JSON object: status/substatus."),
        ({"status": "success", "substatus": [{}]}, "status/substatus/status is missing."),
        (
            {"status": "success", "substatus": [{"status": "fine"}]},
            "status/substatus/status must be transitioning, warning, error or success.",
        ),
        (
            {"status": "success", "substatus": [{"status": "error", "formattedMessage": {"lang": "en"}}]},
            "status/substatus/formattedMessage/message is missing.",
        ),
    ],
)
def test_what_lacks_something_required_is_malformed(body: dict[str, object], told: str) -> None:
    assert refusal_of(written(**body)) == told


@pytest.mark.parametrize("data", [b"null", b"{}", b"[]", b'"success"', b"7"])
def test_what_is_no_array_with_a_status_is_malformed(data: bytes) -> None:
    assert refusal_of(data) == "The status file must be a JSON array, whose first element is the status."


@pytest.mark.parametrize("data", [b"[7]", b"[null]", b"[{}]", b'[{"status": "success"}]', b'[{"status": null}]'])
def test_a_first_element_without_a_status_is_malformed(data: bytes) -> None:
    assert refusal_of(data).startswith("The status file lacks a JSON object: ")


@pytest.mark.parametrize("data", [b"", b"rubbish", b"\xff", b"[" * 100_000, b"9" * 5_000, b"\xef\xbb\xbf[]"])
def test_what_is_not_json_is_malformed(data: bytes) -> None:
    assert refusal_of(data).startswith("The status file is not ")


def test_no_substatus_may_be_written_in_several_ways() -> None:
    for nothing in (None, [], [None, None]):
        assert read_status(written(status="success", substatus=nothing)).substatus == ()


def test_a_secret_in_a_broken_file_is_not_repeated() -> None:
    assert "hunter2" not in refusal_of(b'[{"status": {"status": "hunter2" "hunter2"}}]')
    assert "hunter2" not in refusal_of(written(status="success", substatus=[{"status": "hunter2"}]))


def test_half_a_character_is_told_as_a_question_mark() -> None:
    status = read_status(written(status="success", formattedMessage={"lang": "", "message": "half \ud83d"}))
    assert status.message == "half ?"


def test_a_large_file_keeps_as_many_substatus_as_fit() -> None:
    part = {"name": "n" * 10_300, "status": "error", "formattedMessage": {"lang": "en", "message": "m" * 10_239}}
    data = written(status="success", formattedMessage={"lang": "en", "message": "s" * 1_024}, substatus=[part] * 20)
    status = read_status(data)
    assert status.message == "s" * 1_024 + CUT_MARK
    assert len(status.substatus) == 6
    assert status.substatus[0].name == "n" * 10_240 + CUT_MARK
    assert status.substatus[0].message == "m" * 10_239


def test_a_file_of_just_the_largest_size_is_not_cut() -> None:
    spare = LARGEST_STATUS_CHARACTERS - len(written(status="success", operation=""))
    fits = written(status="success", operation="x" * spare)
    assert len(fits) == LARGEST_STATUS_CHARACTERS
    body = {"status": "success", "formattedMessage": {"lang": "", "message": "m" * 2_000}}
    padding = LARGEST_STATUS_CHARACTERS - len(written(**body, operation=""))
    assert len(read_status(written(**body, operation="x" * padding)).message) == 2_000
    assert len(read_status(written(**body, operation="x" * (padding + 1))).message) == 1_024 + len(CUT_MARK)


def test_what_is_written_is_read_back() -> None:
    part = Substatus(name="app", status=StatusValue.WARNING, code=3, message="slow")
    text = status_text(
        name="A.B", operation="Enable", status=StatusValue.ERROR, code=7, message="ü", timestamp="t", substatus=(part,)
    )
    assert read_status(text.encode()) == ExtensionStatus(
        status=StatusValue.ERROR, code=7, operation="Enable", message="ü", substatus=(part,)
    )


@given(st.binary())
def test_rubbish_is_malformed_and_nothing_else(data: bytes) -> None:
    assert refusal_of(data)


@given(
    st.fixed_dictionaries(
        {"status": VALUES},
        optional={
            "code": VALUES,
            "operation": VALUES,
            "formattedMessage": VALUES,
            "substatus": VALUES
            | st.lists(st.fixed_dictionaries({"status": st.sampled_from(StatusValue), "name": VALUES})),
        },
    )
)
def test_any_values_are_read_or_malformed_and_can_be_sent(body: dict[str, object]) -> None:
    try:
        status = read_status(written(**body))
    except StatusMalformed:
        return
    texts = [
        status.operation,
        status.message,
        *(text for part in status.substatus for text in (part.name, part.message)),
    ]
    assert all(text.encode("utf-8") is not None for text in texts)
    assert -(2**31) <= status.code < 2**31
