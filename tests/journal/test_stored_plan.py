"""A plan's compact form has a place for every field, and shares what instances have in common."""

import dataclasses

import msgspec
import pytest

from tests.journal.samples import PLAN, STARTED
from tidegate.domain.version import Version
from tidegate.journal.records import to_event, to_record
from tidegate.journal.stored_plan import StoredOrder, StoredPlan, plan_from, stored_plan
from tidegate.upgrade.events import UpgradeStarted
from tidegate.upgrade.plan import Plan, PlannedBatch, PlannedInstance


def names(kind: type) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)]


def test_a_plan_comes_back_with_its_spellings() -> None:
    assert repr(plan_from(stored_plan(PLAN))) == repr(PLAN)


def test_a_plan_for_nobody_comes_back() -> None:
    plan = dataclasses.replace(PLAN, targets=(), order=(), skipped=(), batches=())
    assert plan_from(stored_plan(plan)) == plan


def test_every_field_of_a_plan_has_its_place() -> None:
    assert [field.name for field in msgspec.structs.fields(StoredPlan)] == names(Plan)
    columns = [field.name for field in msgspec.structs.fields(StoredOrder)]
    assert columns == ["zones", "previous_versions", *names(PlannedInstance)]
    assert names(PlannedBatch) == ["number", "start", "size"]


def test_what_many_instances_share_is_stored_once() -> None:
    stored = stored_plan(PLAN)
    assert stored.order.zones == ["1", "2"]
    assert [str(version) for version, _ in stored.order.previous_versions] == ["1.9", "1.9.0.0"]
    first, _, third = plan_from(stored).order
    assert first.previous is third.previous


def test_a_hundred_thousand_instances_take_a_megabyte_and_a_half() -> None:
    previous = [(Version("1.9"), None), (Version("1.8.2"), Version("2024.5.1"))]
    order = tuple(PlannedInstance(str(n), str(n % 3), n % 5, previous[n % 2]) for n in range(100_000))
    started = dataclasses.replace(STARTED, plan=dataclasses.replace(PLAN, order=order))
    record = to_record(started)
    assert len(record.data) < 1_500_000
    back = to_event(version=record.version, kind=record.type, data=record.data)
    assert back == started
    assert isinstance(back, UpgradeStarted)
    assert len({id(instance.previous) for instance in back.plan.order}) == 2


def test_columns_of_different_lengths_are_a_broken_journal() -> None:
    stored = stored_plan(PLAN)
    broken = msgspec.structs.replace(stored, order=msgspec.structs.replace(stored.order, zone=[0]))
    with pytest.raises(ValueError, match="shorter"):
        plan_from(broken)
