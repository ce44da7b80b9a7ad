"""The contract's values as people and scripts read them: enumeration words, moments, JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from tidegate_client.messages import FactValue, InstanceStatus, Phase, StatusCode, StringList, StringMap, Verdict

FactLike = bool | int | float | str | Sequence[str] | Mapping[str, str]
"""A fact as Python writes it: lists of texts and tags included; durations are seconds, percentages 0 to 100."""

_AZURE_STATUS = {
    StatusCode.STATUS_CODE_ROLLING_FORWARD: "RollingForward",
    StatusCode.STATUS_CODE_ROLLING_BACK: "RollingBack",
    StatusCode.STATUS_CODE_CANCELLED: "Cancelled",
    StatusCode.STATUS_CODE_COMPLETED: "Completed",
    StatusCode.STATUS_CODE_FAULTED: "Faulted",
}
ENDED = frozenset({StatusCode.STATUS_CODE_CANCELLED, StatusCode.STATUS_CODE_COMPLETED, StatusCode.STATUS_CODE_FAULTED})
"""The statuses of an upgrade that is over."""


class Enumeration(Protocol):
    """An enumeration of the contract, such as `Phase`: gives the name of a value."""

    DESCRIPTOR: Any  # protobuf's own type, whose attributes differ between its Python and C implementations

    def Name(self, number: Any) -> str: ...  # each enumeration takes its own NewType of int


def status_word(status: StatusCode.ValueType) -> str:
    """Azure's word, such as `RollingForward`; empty for a status that this client does not know."""
    return _AZURE_STATUS.get(status, "")


def word(enumeration: Enumeration, value: int) -> str:
    """The name of a value without its enumeration's prefix, in lower case: `already newest`; its number if unknown."""
    prefix = "".join(f"_{letter}" if letter.isupper() else letter for letter in enumeration.DESCRIPTOR.name)
    try:
        name = enumeration.Name(value)
    except ValueError:
        # A newer server may know more values than this client.
        return str(value)
    return name.removeprefix(prefix.lstrip("_").upper() + "_").replace("_", " ").lower()


def phase_word(phase: Phase.ValueType) -> str:
    """`checking`, `upgrading`, `rolling back` and so on."""
    return word(Phase, phase)


def instance_word(status: InstanceStatus.ValueType) -> str:
    """`waiting`, `in progress`, `already newest` and so on."""
    return word(InstanceStatus, status)


def verdict_word(verdict: Verdict.ValueType) -> str:
    """`allow`, `deny`, `go on`, `roll back failed` and so on."""
    return word(Verdict, verdict)


def moment(timestamp: Timestamp) -> datetime:
    """The moment in UTC, to the microsecond."""
    return timestamp.ToDatetime(tzinfo=UTC)


def document_of(message: Message) -> dict[str, Any]:
    """The protobuf JSON mapping of a message: camelCase, enumerations by name, int64 as text, nothing left out.

    Fields at their default are written too, so that a script never asks for a key that is not there. Only messages
    that are absent (an upgrade's `error`, its `endTime`) and oneofs that are not set are left out.
    """
    return MessageToDict(message, always_print_fields_with_no_presence=True)


def json_of(message: Message, *, indent: int | None = None) -> str:
    """`document_of` as JSON text; one line unless `indent` is given."""
    return json.dumps(document_of(message), indent=indent, ensure_ascii=False)


def fact_value(fact: FactLike) -> FactValue:
    """A fact as the wire has it."""
    match fact:
        case bool():
            return FactValue(bool_value=fact)
        case int():
            return FactValue(int_value=fact)
        case float():
            return FactValue(double_value=fact)
        case str():
            return FactValue(string_value=fact)
        case Mapping():
            return FactValue(map_value=StringMap(entries=fact))
        case _:
            return FactValue(list_value=StringList(values=fact))


def fact_text(value: FactValue) -> str:
    """A fact's value as a person writes it: `true`, `40`, `2.5`, `[a, b]`, `{env: prod}`; empty where there is none."""
    match value.WhichOneof("value"):
        case "bool_value":
            return "true" if value.bool_value else "false"
        case "int_value":
            return str(value.int_value)
        case "double_value":
            return f"{value.double_value:g}"
        case "string_value":
            return value.string_value
        case "list_value":
            return f"[{', '.join(value.list_value.values)}]"
        case "map_value":
            return "{" + ", ".join(f"{name}: {text}" for name, text in sorted(value.map_value.entries.items())) + "}"
        case _:
            return ""
