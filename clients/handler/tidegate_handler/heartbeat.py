"""The heartbeat of a handler whose manifest promises one, and what it says of the handler's health.

Law: a heartbeat's status is handed on as it stands, its code is not: agents have always ignored it.

Source: WALinuxAgent 2.15, exthandlers.py (collect_heartbeat, is_responsive).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from tidegate_handler.commands import AgentCode

SILENCE_SECONDS = 600
"""A heartbeat file that has not been written for longer makes its handler Unresponsive."""

READY = "Ready"
NOT_READY = "NotReady"
INSTALLING = "Installing"
UNRESPONSIVE = "Unresponsive"
"""The words for a handler's status. A heartbeat may say others, and they are told as they are."""

_LONGEST_STATUS_CHARACTERS = 64
_LONGEST_MESSAGE_CHARACTERS = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerHealth:
    """How a handler stands as a whole."""

    status: str
    code: int = 0
    message: str = ""


def judge_heartbeat(data: bytes | None, age_seconds: float) -> HandlerHealth:
    """What the content of a heartbeat file says, written `age_seconds` ago; None where there is no such file."""
    if data is None:
        return _not_ready("There is no heartbeat file.")
    if int(age_seconds) > SILENCE_SECONDS:
        return HandlerHealth(
            status=UNRESPONSIVE, code=AgentCode.UNKNOWN_FAILURE, message="The extension's heartbeat has stopped."
        )
    heartbeat = _heartbeat(data)
    status = heartbeat.get("status") if heartbeat is not None else None
    if heartbeat is None or not isinstance(status, str) or not status:
        return _not_ready("The heartbeat file is malformed.")
    return HandlerHealth(status=_plain(status)[:_LONGEST_STATUS_CHARACTERS], message=_message(heartbeat))


def _not_ready(message: str) -> HandlerHealth:
    return HandlerHealth(status=NOT_READY, code=AgentCode.UNKNOWN_FAILURE, message=message)


def _heartbeat(data: bytes) -> dict[str, object] | None:
    try:
        document = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    first = document[0] if isinstance(document, list) and document else None
    heartbeat = first.get("heartbeat") if isinstance(first, dict) else None
    return heartbeat if isinstance(heartbeat, dict) else None


def _message(heartbeat: dict[str, object]) -> str:
    """`formattedMessage.message`; the documentation's spelling `Message` is not read, as agents do not read it."""
    formatted = heartbeat.get("formattedMessage")
    message = formatted.get("message") if isinstance(formatted, dict) else None
    return _plain(message)[:_LONGEST_MESSAGE_CHARACTERS] if isinstance(message, str) else ""


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
