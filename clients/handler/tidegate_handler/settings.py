"""The settings file that an agent writes for a handler, and the names of settings and status files.

Law: all three keys are always written. Protected settings are only ever handled encrypted, and never shown.

Source: WALinuxAgent 2.15, exthandlers.py (update_settings): `{sequence}.settings`, or `{extension}.{sequence}.settings`
where a handler supports several extensions; an empty file where an extension has no settings.
"""

from __future__ import annotations

import json
import re

NO_SETTINGS_TEXT = ""
"""What is written into `0.settings` for an extension without settings."""

_EXTENSION_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_. -]{0,199}", re.ASCII)
_SETTINGS_FILE = re.compile(r"(?:(?P<extension>.+)\.)?(?P<sequence>[0-9]{1,18})\.settings", re.ASCII)
_STATUS_FILE = re.compile(r"(?:(?P<extension>.+)\.)?(?P<sequence>[0-9]{1,18})\.status", re.ASCII)


class SettingsMalformed(ValueError):
    """Settings of which no settings file can be written; what they say is never repeated."""


def settings_text(public_json: str | None, protected_base64: str | None, thumbprint: str | None) -> str:
    """The text of a settings file; None where there are no such settings.

    `public_json` is a JSON object. `protected_base64` is a CMS EnvelopedData as DER in base64, for the certificate
    with the SHA-1 `thumbprint`; the two come together or not at all.

    Raises:
        SettingsMalformed: the public settings are no JSON object, or only one of the other two is given.
    """
    if (protected_base64 is None) != (thumbprint is None):
        raise SettingsMalformed("Protected settings and the thumbprint of their certificate come together.")
    handler_settings = {
        "publicSettings": None if public_json is None else _json_object(public_json),
        "protectedSettings": protected_base64,
        "protectedSettingsCertThumbprint": thumbprint,
    }
    return json.dumps({"runtimeSettings": [{"handlerSettings": handler_settings}]})


def _json_object(text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise SettingsMalformed("The public settings must be a JSON object.")
    return value


def settings_name(sequence_number: int, extension_name: str | None = None) -> str:
    """The name of a settings file, with the extension's name where the handler supports several.

    Raises:
        ValueError: the sequence number is negative, or the extension's name cannot be part of a file's name.
    """
    return f"{_stem(sequence_number, extension_name)}.settings"


def status_name(sequence_number: int, extension_name: str | None = None) -> str:
    """The name of the status file that belongs to a settings file.

    Raises:
        ValueError: the sequence number is negative, or the extension's name cannot be part of a file's name.
    """
    return f"{_stem(sequence_number, extension_name)}.status"


def read_settings_name(name: str) -> tuple[int, str | None] | None:
    """The sequence number and the extension's name of a settings file, or None where `name` is not of one."""
    return _read_name(_SETTINGS_FILE, name)


def read_status_name(name: str) -> tuple[int, str | None] | None:
    """The sequence number and the extension's name of a status file, or None where `name` is not of one."""
    return _read_name(_STATUS_FILE, name)


def _stem(sequence_number: int, extension_name: str | None) -> str:
    if sequence_number < 0:
        raise ValueError(f"A sequence number is never negative, and {sequence_number} is.")
    if extension_name is None:
        return str(sequence_number)
    if _EXTENSION_NAME.fullmatch(extension_name) is None:
        raise ValueError(
            "An extension's name is part of file names: letters, digits, dots, dashes, underscores and spaces, "
            "200 at most, no dot or space first."
        )
    return f"{extension_name}.{sequence_number}"


def _read_name(pattern: re.Pattern[str], name: str) -> tuple[int, str | None] | None:
    match = pattern.fullmatch(name)
    return None if match is None else (int(match["sequence"]), match["extension"])
