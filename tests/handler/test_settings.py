"""Settings files say what handlers look for, and their names can be read back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate_handler.settings import (
    SettingsMalformed,
    read_settings_name,
    read_status_name,
    settings_name,
    settings_text,
    status_name,
)

NAMES = st.none() | st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9_. -]{0,30}", fullmatch=True)


def handler_settings(text: str) -> object:
    document = json.loads(text)
    assert list(document) == ["runtimeSettings"]
    assert len(document["runtimeSettings"]) == 1
    return document["runtimeSettings"][0]["handlerSettings"]


def test_all_three_keys_are_always_written() -> None:
    nothing = {"publicSettings": None, "protectedSettings": None, "protectedSettingsCertThumbprint": None}
    assert handler_settings(settings_text(None, None, None)) == nothing
    assert handler_settings(settings_text('{"port": 80}', "TUlJ", "AB12")) == {
        "publicSettings": {"port": 80},
        "protectedSettings": "TUlJ",
        "protectedSettingsCertThumbprint": "AB12",
    }


@pytest.mark.parametrize("text", ["", "7", "[]", "null", '{"password": "hunter2"', "[" * 100_000])
def test_public_settings_that_are_no_object_are_refused_without_repeating_them(text: str) -> None:
    with pytest.raises(SettingsMalformed, match=r"must be a JSON object\.$") as refusal:
        settings_text(text, None, None)
    assert "hunter2" not in str(refusal.value)
    assert refusal.value.__cause__ is None


@pytest.mark.parametrize(("protected", "thumbprint"), [("TUlJ", None), (None, "AB12")])
def test_protected_settings_come_with_their_thumbprint(protected: str | None, thumbprint: str | None) -> None:
    with pytest.raises(SettingsMalformed, match="come together"):
        settings_text("{}", protected, thumbprint)


def test_files_are_named_by_their_sequence_number_and_extension() -> None:
    assert (settings_name(0), status_name(12)) == ("0.settings", "12.status")
    assert (settings_name(3, "web"), status_name(3, "web")) == ("web.3.settings", "web.3.status")


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a\\b", "a\n", "a\0", "a" * 201])
def test_an_extension_cannot_lead_its_files_elsewhere(name: str) -> None:
    with pytest.raises(ValueError, match="part of file names"):
        settings_name(0, name)
    with pytest.raises(ValueError, match="part of file names"):
        status_name(0, name)


def test_a_sequence_number_is_never_negative() -> None:
    with pytest.raises(ValueError, match="never negative"):
        settings_name(-1)


@given(st.integers(min_value=0, max_value=2**53), NAMES)
def test_a_name_that_was_written_is_read_back(sequence_number: int, extension_name: str | None) -> None:
    assert read_settings_name(settings_name(sequence_number, extension_name)) == (sequence_number, extension_name)
    assert read_status_name(status_name(sequence_number, extension_name)) == (sequence_number, extension_name)


@pytest.mark.parametrize("name", ["", "settings", ".settings", "x.settings", "0.settings~", "0.status", "HandlerState"])
def test_other_files_are_no_settings(name: str) -> None:
    assert read_settings_name(name) is None
