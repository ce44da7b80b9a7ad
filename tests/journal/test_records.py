"""Every event comes back from its record exactly, now and in every later server."""

import dataclasses
import functools
import json
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.journal.samples import DECISION, ONE_OF_EACH, STARTED
from tidegate.domain.refusal import JournalNewer
from tidegate.domain.version import Version
from tidegate.journal.records import RECORD_VERSION, Record, to_event, to_record
from tidegate.policy.decision import FactSeen
from tidegate.upgrade.events import BatchJudged, CancelAccepted, Event, FactText, UpgradeStarted

VERSION_1: Mapping[str, Mapping[str, object]] = json.loads(
    (Path(__file__).parent / "records_version_1.json").read_text(encoding="utf-8")
)
"""A record of every kind as the first server wrote it. A new kind of event adds a line; the lines that are there are
never edited, for journals full of them are out there."""
KINDS: tuple[type[Event], ...] = typing.get_args(Event)


def event_of(record: Record) -> Event:
    return to_event(version=record.version, kind=record.type, data=record.data)


@functools.cache
def values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of that type, fields with a default included. (`Any`: what is drawn has the type `hint` says.)"""
    whole = st.integers(min_value=-(2**63), max_value=2**63 - 1)
    plain = {
        bool: st.booleans(),
        int: whole,
        float: st.floats(allow_nan=False, allow_infinity=False),
        str: st.text(),
        type(None): st.none(),
        Version: st.lists(st.integers(0, 9_999_999_999), min_size=1, max_size=4).map(
            lambda numbers: Version(".".join(map(str, numbers)))
        ),
    }
    arguments = typing.get_args(hint)
    match typing.get_origin(hint) or hint:
        case typing.Union | types.UnionType:
            return st.one_of([values(argument) for argument in arguments])
        case origin if origin is tuple:
            return st.lists(values(arguments[0]), max_size=3).map(tuple)
        case origin if origin is Mapping:
            return st.dictionaries(values(arguments[0]), values(arguments[1]), max_size=3)
        case type() as kind if issubclass(kind, Enum):
            return st.sampled_from(kind)
        case type() as kind if dataclasses.is_dataclass(kind):
            hints = typing.get_type_hints(kind)
            fields = {field.name: values(hints[field.name]) for field in dataclasses.fields(kind) if field.init}
            return st.builds(kind, **fields)
        case kind:
            return plain[kind]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_an_event_of_any_kind_comes_back_exactly(kind: Any, data: st.DataObject) -> None:
    event: Event = data.draw(values(kind))
    back = event_of(to_record(event))
    assert back == event
    # Equality overlooks the spelling of a version or a publisher, and takes 1 for True; this does not.
    assert repr(back) == repr(event)


def test_the_samples_are_of_every_kind_and_leave_no_field_at_its_default() -> None:
    assert {type(event) for event in ONE_OF_EACH} == set(KINDS)
    for event in ONE_OF_EACH:
        assert all(getattr(event, field.name) != field.default for field in dataclasses.fields(event)), event


@pytest.mark.parametrize("event", ONE_OF_EACH, ids=lambda event: type(event).__name__)
def test_a_record_of_the_first_version_is_read_for_ever(event: Event) -> None:
    kind = type(event).__name__
    back = to_event(version=1, kind=kind, data=json.dumps(VERSION_1[kind]).encode())
    assert repr(back) == repr(event)


@pytest.mark.parametrize("event", ONE_OF_EACH, ids=lambda event: type(event).__name__)
def test_a_record_from_before_a_field_was_added_gets_its_default(event: Event) -> None:
    data = json.loads(to_record(event).data)
    for field in dataclasses.fields(event):
        if field.default is not dataclasses.MISSING:
            del data[field.name]
            event = replace(event, **{field.name: field.default})
    assert event_of(Record(version=1, type=type(event).__name__, data=json.dumps(data).encode())) == event


def test_a_field_added_inside_the_start_gets_its_default_too() -> None:
    data = json.loads(to_record(STARTED).data)
    del data["scale_set_policy"]["max_surge"], data["image"]["sku"]
    back = event_of(Record(version=1, type="UpgradeStarted", data=json.dumps(data).encode()))
    assert back == replace(STARTED, image=replace(STARTED.image, sku=""))


def test_a_record_without_a_field_that_has_no_default_is_not_read() -> None:
    data = json.loads(to_record(STARTED).data)
    del data["upgrade_id"]
    with pytest.raises(TypeError, match="upgrade_id"):
        event_of(Record(version=1, type="UpgradeStarted", data=json.dumps(data).encode()))


def test_any_mapping_and_any_fact_comes_back_as_a_plain_one() -> None:
    facts: Mapping[str, FactText] = types.MappingProxyType(
        {"tags": types.MappingProxyType({"team": "shop"}), "version": "1.10", "share": 2.0}
    )
    back = event_of(to_record(replace(STARTED, facts=facts)))
    assert isinstance(back, UpgradeStarted)
    assert repr(back.facts) == "{'tags': {'team': 'shop'}, 'version': '1.10', 'share': 2.0}"


def test_a_record_of_a_later_version_is_refused_with_both_versions() -> None:
    with pytest.raises(JournalNewer, match=f"version {RECORD_VERSION + 1}; this server knows up to {RECORD_VERSION}"):
        to_event(version=RECORD_VERSION + 1, kind="UpgradeTeleported", data=b"\x00 not even JSON")


def test_a_kind_that_its_version_never_had_is_a_broken_journal() -> None:
    with pytest.raises(AssertionError, match="UpgradeTeleported"):
        to_event(version=RECORD_VERSION, kind="UpgradeTeleported", data=b"{}")


@pytest.mark.parametrize("share", [math.nan, math.inf])
def test_a_number_that_json_has_no_word_for_is_not_written(share: float) -> None:
    decision = replace(DECISION, facts=(FactSeen(name="progress.elapsed", value="PT1S", age_seconds=share),))
    with pytest.raises(AssertionError, match="BatchJudged that cannot be read back"):
        to_record(BatchJudged(at_ms=1, number=1, decision=decision, resume_at_ms=1))


def test_a_value_of_another_type_is_not_written() -> None:
    with pytest.raises(AssertionError, match="CancelAccepted that cannot be read back"):
        to_record(CancelAccepted(at_ms="now"))  # type: ignore[arg-type]  # that is what is wrong with it
    with pytest.raises(AssertionError, match="no event holds a object"):
        to_record(CancelAccepted(at_ms=object()))  # type: ignore[arg-type]  # here too
