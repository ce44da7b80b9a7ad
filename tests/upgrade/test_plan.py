"""A plan is fixed when the upgrade starts and is never bent afterwards."""

import pytest

from tests.upgrade.building import instances, planned, policy, upgrade
from tests.upgrade.driving import Drive
from tidegate.upgrade.plan import PlannedInstance


def test_an_upgrade_keeps_the_plan_it_started_with() -> None:
    drive = Drive(upgrade())
    plan = drive.upgrade.started.plan
    drive.observe(unhealthy=["4"])
    drive.fail("0")
    drive.run()
    assert drive.upgrade.started.plan is plan


def test_a_planned_instance_cannot_be_changed_and_carries_no_more_than_it_has_to() -> None:
    one = planned(policy(), instances(1)).plan.order[0]
    assert one == PlannedInstance("0", "", 0, one.previous)
    assert not hasattr(one, "__dict__")
    with pytest.raises(AttributeError):
        one.zone = "2"  # type: ignore[misc]
