"""A changed copy is what dataclasses.replace would have made."""

import dataclasses

import pytest

from tests.upgrade.building import upgrade as an_upgrade
from tidegate.upgrade.changed import changed
from tidegate.upgrade.state import InstanceRecord, InstanceStatus


def _record() -> InstanceRecord:
    return InstanceRecord(status=InstanceStatus.FAILED, batch_number=3, changed_at_ms=17, code="Broken")


def test_a_changed_copy_is_what_replace_makes() -> None:
    record = _record()
    assert changed(record, batch_number=4, code="") == dataclasses.replace(record, batch_number=4, code="")


def test_the_original_stays_as_it_was() -> None:
    record = _record()
    changed(record, batch_number=4)
    assert record == _record()


def test_a_changed_copy_is_frozen_too() -> None:
    copy = changed(_record(), batch_number=4)
    with pytest.raises(dataclasses.FrozenInstanceError):
        copy.batch_number = 5  # type: ignore[misc]


def test_a_name_that_is_no_field_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="colour"):
        changed(_record(), colour="green")  # type: ignore[call-arg]


def test_a_whole_upgrade_can_be_changed() -> None:
    upgrade = an_upgrade()
    copy = changed(upgrade, sequence=9)
    assert copy == dataclasses.replace(upgrade, sequence=9)
    assert copy.places is upgrade.places
