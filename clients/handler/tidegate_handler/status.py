"""The status file that a handler writes for each of its extensions, and how an agent judges it.

Law: reading raises nothing but `StatusMalformed`, whatever the file holds, and never repeats what it holds in an error.

Source: WALinuxAgent 2.15, exthandlers.py (parse_ext_status, collect_ext_status). It differs in one point: an empty
array, of which that agent reports no status at all, is malformed here, so that nobody waits for it for ever.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from enum import StrEnum

from tidegate_handler.commands import AgentCode

LARGEST_STATUS_CHARACTERS = 131_072
"""A status file with more is cut."""

MESSAGE_CHARACTERS = 1_024
"""What is left of the message when a status is cut."""

SUBSTATUS_CHARACTERS = 10_240
"""What is left of a substatus' name and message, each, when a status is cut."""

CUT_MARK = " ... [TRUNCATED]"
"""Follows a text that was cut; it is not counted."""

_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,10}\s*", re.ASCII)
_INT32 = range(-(2**31), 2**31)


class StatusValue(StrEnum):
    """How an extension stands."""

    TRANSITIONING = "transitioning"
    WARNING = "warning"
    ERROR = "error"
    SUCCESS = "success"

    @property
    def is_terminal(self) -> bool:
        """Whether the handler has finished; a warning may still become something else."""
        return self in {StatusValue.ERROR, StatusValue.SUCCESS}


class StatusMalformed(ValueError):
    """A status file that cannot be judged; it counts as an error with the code 1012."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.code = int(AgentCode.STATUS_INVALID)
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Substatus:
    """One part of a status."""

    name: str
    status: StatusValue
    code: int = 0
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionStatus:
    """What a handler says of one extension."""

    status: StatusValue
    code: int = 0
    operation: str = ""
    message: str = ""
    substatus: tuple[Substatus, ...] = ()

    @property
    def is_terminal(self) -> bool:
        """Whether the handler has finished."""
        return self.status.is_terminal


def read_status(data: bytes) -> ExtensionStatus:
    """Read a status file.

    An unknown status counts as an error, an unknown status of a substatus makes the file malformed. A code may be a
    number, a number as text, or be left out; any other counts as 0. A file that is too large is cut.

    Raises:
        StatusMalformed: it is not UTF-8, not JSON, or lacks what is required.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise StatusMalformed(f"The status file is not UTF-8, at byte {error.start}.") from None
    status = _judged(_document(text))
    return status if len(text) <= LARGEST_STATUS_CHARACTERS else _cut(status)


def status_text(
    *,
    name: str,
    operation: str,
    status: StatusValue,
    code: int,
    message: str,
    timestamp: str,
    substatus: tuple[Substatus, ...] = (),
) -> str:
    """The text of a status file; `timestamp` is the moment in UTC, such as `2026-01-31T12:00:00Z`."""
    body = {
        "name": name,
        "operation": operation,
        "status": status.value,
        "code": code,
        "formattedMessage": {"lang": "en-US", "message": message},
        "substatus": [
            {
                "name": part.name,
                "status": part.status.value,
                "code": part.code,
                "formattedMessage": {"lang": "en-US", "message": part.message},
            }
            for part in substatus
        ],
    }
    return json.dumps([{"version": 1.0, "timestampUTC": timestamp, "status": body}])


def _document(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise StatusMalformed(
            f"The status file is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    except (ValueError, RecursionError):
        raise StatusMalformed(
            "The status file is not JSON that can be read: a number is too long, or the nesting too deep."
        ) from None


def _judged(document: object) -> ExtensionStatus:
    if not isinstance(document, list) or not document:
        raise StatusMalformed("The status file must be a JSON array, whose first element is the status.")
    body = _object(_object(document[0], "its first element").get("status"), "status")
    if "status" not in body:
        raise StatusMalformed("status/status is missing.")
    substatus = body.get("substatus")
    if substatus is not None and not isinstance(substatus, list):
        raise StatusMalformed("status/substatus must be a JSON array.")
    return ExtensionStatus(
        status=_status_value(body["status"]) or StatusValue.ERROR,
        code=_code(body.get("code")),
        operation=_text(body.get("operation")),
        message=_message(body, "status"),
        substatus=tuple(_substatus(part) for part in substatus or () if part is not None),
    )


def _substatus(part: object) -> Substatus:
    body = _object(part, "status/substatus")
    if "status" not in body:
        raise StatusMalformed("status/substatus/status is missing.")
    status = _status_value(body["status"])
    if status is None:
        raise StatusMalformed("status/substatus/status must be transitioning, warning, error or success.")
    return Substatus(
        name=_text(body.get("name")),
        status=status,
        code=_code(body.get("code")),
        message=_message(body, "status/substatus"),
    )


def _object(value: object, place: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise StatusMalformed(f"The status file lacks a JSON object: {place}.")
    return value


def _status_value(value: object) -> StatusValue | None:
    """The status, in exactly these letters: an agent does not forgive capitals."""
    return StatusValue(value) if isinstance(value, str) and value in set(StatusValue) else None


def _message(body: dict[str, object], place: str) -> str:
    formatted = body.get("formattedMessage")
    if formatted is None:
        return ""
    if not isinstance(formatted, dict):
        raise StatusMalformed(f"{place}/formattedMessage must be a JSON object.")
    for key in ("lang", "message"):
        if key not in formatted:
            raise StatusMalformed(f"{place}/formattedMessage/{key} is missing.")
    return _text(formatted["message"])


def _code(value: object) -> int:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value in _INT32 else 0


def _text(value: object) -> str:
    """Text that can be sent on; what is not text is told as JSON."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode("utf-8")


def _cut(status: ExtensionStatus) -> ExtensionStatus:
    """The message short, the fields of each substatus shorter; what is then still too much is left out."""
    message = _shortened(status.message, MESSAGE_CHARACTERS)
    kept = list[Substatus]()
    characters = len(message)
    for part in status.substatus:
        short = replace(
            part,
            name=_shortened(part.name, SUBSTATUS_CHARACTERS),
            message=_shortened(part.message, SUBSTATUS_CHARACTERS),
        )
        characters += len(short.name) + len(short.message)
        if characters > LARGEST_STATUS_CHARACTERS:
            break
        kept.append(short)
    return replace(status, message=message, substatus=tuple(kept))


def _shortened(text: str, characters: int) -> str:
    return text if len(text) < characters else text[:characters] + CUT_MARK
