"""Events as versioned records, and back: what a journal writes down.

Law: a record is read by every later server. Its data is one JSON object; fields are added with a default and never
renamed. `RECORD_VERSION` rises whenever an older server would misunderstand a record: with a new kind of event, or with
a field it must not overlook. What cannot be read back is never written.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import msgspec

from tidegate.domain.refusal import JournalNewer
from tidegate.domain.version import Version
from tidegate.journal.stored_plan import StoredPlan, plan_from, stored_plan
from tidegate.upgrade.events import Event, UpgradeStarted

RECORD_VERSION = 1
"""The newest version of records this server writes and reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One event as it is kept: the version it is written in, the name of its kind, and its fields as JSON."""

    version: int
    type: str
    data: bytes


def to_record(event: Event) -> Record:
    """The event, written in the newest version.

    Reading it back costs a microsecond. It keeps out of the journal what JSON cannot hold (a NaN, a float where an int
    belongs), which would make the whole upgrade unreadable for ever.
    """
    kind = type(event).__name__
    data = _write_started(event) if isinstance(event, UpgradeStarted) else _ENCODER.encode(event)
    try:
        to_event(version=RECORD_VERSION, kind=kind, data=data)
    except msgspec.ValidationError as unreadable:
        raise AssertionError(f"a {kind} that cannot be read back was about to be written: {unreadable}") from unreadable
    return Record(version=RECORD_VERSION, type=kind, data=data)


def to_event(*, version: int, kind: str, data: bytes | msgspec.Raw) -> Event:
    """The event that a record of this version and kind holds.

    Raises:
        JournalNewer: a later server wrote it.
    """
    if version > RECORD_VERSION:
        raise JournalNewer(found=version, known=RECORD_VERSION)
    if kind == UpgradeStarted.__name__:
        return _read_started(data)
    decoder = _DECODERS.get(kind)
    assert decoder is not None, f"a record of version {version} cannot be a {kind!r}: that version has no such event"
    return decoder.decode(data)


def _write_started(started: UpgradeStarted) -> bytes:
    """As any other event, but with the plan in its compact form."""
    named = {field.name: getattr(started, field.name) for field in fields(started)}
    return _ENCODER.encode({**named, "plan": stored_plan(started.plan)})


def _read_started(data: bytes | msgspec.Raw) -> UpgradeStarted:
    raw = _RAW_FIELDS.decode(data)
    # Any: the fields have as many types as names; each decoder has checked its own.
    named: dict[str, Any] = {
        name: decoder.decode(raw[name]) for name, decoder in _STARTED_DECODERS.items() if name in raw
    }
    return UpgradeStarted(**{**named, "plan": plan_from(named["plan"])})


def _write_foreign(value: object) -> object:
    """What JSON has no word for: a version is its text, any mapping an object."""
    match value:
        case Version():
            return value.text
        case Mapping():
            return dict(value)
        case _:
            raise AssertionError(f"no event holds a {type(value).__name__}")


def _read_foreign(wanted: type, value: object) -> object:
    assert wanted is Version, f"no event holds a {wanted.__name__}"
    return Version(str(value))


_ENCODER = msgspec.json.Encoder(enc_hook=_write_foreign)
_DECODERS: Mapping[str, msgspec.json.Decoder[Event]] = {
    kind.__name__: msgspec.json.Decoder(kind, dec_hook=_read_foreign)
    for kind in typing.get_args(Event)
    if kind is not UpgradeStarted
}
_RAW_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
# Any: one decoder for each field's own type.
_STARTED_DECODERS: Mapping[str, msgspec.json.Decoder[Any]] = {
    name: msgspec.json.Decoder(StoredPlan if name == "plan" else hint, dec_hook=_read_foreign)
    for name, hint in typing.get_type_hints(UpgradeStarted).items()
}
"""UpgradeStarted is read field by field, because its plan has a form of its own and the others have not."""
