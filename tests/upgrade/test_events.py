"""Events are plain values that a later server can read."""

import dataclasses
import inspect
from typing import get_args

import pytest

from tidegate.upgrade import events
from tidegate.upgrade.events import Event

KINDS = get_args(Event)


def test_the_union_names_every_event_there_is() -> None:
    defined = {
        kind
        for kind in vars(events).values()
        if inspect.isclass(kind) and kind.__module__ == events.__name__ and dataclasses.is_dataclass(kind)
    }
    assert defined == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_says_when_and_cannot_be_changed(kind: type) -> None:
    parameters = kind.__dataclass_params__  # type: ignore[attr-defined]
    assert parameters.frozen
    assert dataclasses.fields(kind)[0].name == "at_ms"


@pytest.mark.parametrize(
    ("kind", "added"),
    [
        ("BatchStarted", "unhealthy_instance_ids"),
        ("RestoreBegan", "next_position"),
        ("InstanceFailed", "extension_name"),
    ],
)
def test_a_field_that_was_added_has_a_default_so_that_older_journals_can_be_read(kind: str, added: str) -> None:
    [field] = [field for field in dataclasses.fields(getattr(events, kind)) if field.name == added]
    assert field.default is not dataclasses.MISSING
