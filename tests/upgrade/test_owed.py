"""What the world still owes an upgrade."""

from dataclasses import replace

import pytest

from tests.upgrade.building import START_MS, extension_target, image_target, instance, instances, policy, upgrade
from tests.upgrade.driving import Drive
from tidegate.domain.health import ProbeState
from tidegate.domain.order import ExtensionMove, ImageMove
from tidegate.domain.version import Version
from tidegate.upgrade.effects import Observe, Owed
from tidegate.upgrade.owed import OBSERVE_EVERY_MS, orders_of, owed
from tidegate.upgrade.plan import Trigger, UpgradeKind
from tidegate.upgrade.state import Phase


def settling(timeout: str) -> Drive:
    drive = Drive(upgrade(policy({"batch": 1, "settleTimeout": timeout}), instances(2)))
    drive.observe()
    drive.wait(100)
    drive.answer("0", probe=ProbeState.UNKNOWN)
    return drive


def test_before_and_after_a_batch_the_scale_set_is_looked_at_at_once() -> None:
    drive = Drive(upgrade())
    assert drive.owed() == Owed(observe=Observe(not_before_ms=START_MS))
    drive.observe()
    drive.wait(5)
    drive.answer_all()
    assert drive.upgrade.phase is Phase.JUDGING
    assert drive.owed() == Owed(observe=Observe(not_before_ms=START_MS + 5_000))


def test_while_instances_are_waited_for_they_are_looked_at_every_second() -> None:
    drive = settling("PT5M")
    assert drive.owed().observe == Observe(not_before_ms=START_MS + OBSERVE_EVERY_MS)
    drive.observe(unhealthy=["0"])
    assert drive.owed().observe == Observe(not_before_ms=drive.now_ms + OBSERVE_EVERY_MS)


def test_a_short_wait_is_looked_at_more_often() -> None:
    drive = settling("PT2S")
    drive.observe(unhealthy=["0"])
    assert drive.owed().observe == Observe(not_before_ms=drive.now_ms + 100)


def test_no_wait_at_all_still_gets_its_look() -> None:
    drive = settling("PT0S")
    assert drive.owed().observe == Observe(not_before_ms=START_MS + 1)


def test_the_last_look_is_at_the_deadline() -> None:
    drive = settling("PT5M")
    drive.wait(299.5)
    drive.observe(unhealthy=["0"])
    assert drive.owed().observe == Observe(not_before_ms=START_MS + 400_000)


def test_the_longer_instances_are_waited_for_the_rarer_they_are_looked_at() -> None:
    drive = Drive(upgrade(policy({"batch": 1, "settleTimeout": "P1D"}), instances(1)))
    drive.observe()
    drive.answer("0", probe=ProbeState.INITIALIZING)
    looks = []
    while drive.upgrade.phase is Phase.SETTLING:
        wanted = drive.owed().observe
        assert wanted is not None
        looks.append(wanted.not_before_ms - drive.now_ms)
        drive.now_ms = wanted.not_before_ms
        drive.observe(initializing=["0"])
    assert set(looks[:300]) == {OBSERVE_EVERY_MS}
    assert sum(looks) == 86_400_000
    assert len(looks) < 2_100


def test_an_upgrade_order_moves_what_the_instance_needs_and_nothing_else() -> None:
    fleet = [
        instance("0", versions={"agent": "1.0", "log": "1.0"}),
        instance("1", versions={"agent": "1.1", "log": "1.0"}),
    ]
    drive = Drive(upgrade(policy({"batch": 2}), fleet, [extension_target(), extension_target("log", "1.3")]))
    drive.observe()
    agent = ExtensionMove(extension_name="agent", version=Version("1.1"))
    log = ExtensionMove(extension_name="log", version=Version("1.3"))
    assert [order.moves for order in drive.orders()] == [(agent, log), (log,)]
    assert [order.operation_id for order in drive.orders()] == ["u1/0/upgrade", "u1/1/upgrade"]
    assert {order.scale_set for order in drive.orders()} == {drive.upgrade.scale_set}


def test_a_restore_order_moves_back_to_what_the_instance_ran() -> None:
    fleet = [instance("0", versions={"agent": "1.0.7"}), instance("1")]
    drive = Drive(upgrade(policy({"batch": 1}), fleet, trigger=Trigger.AUTOMATIC))
    drive.observe()
    drive.fail("0")
    drive.observe()
    [order] = drive.orders()
    assert order.operation_id == "u1/0/restore"
    assert order.moves == (ExtensionMove(extension_name="agent", version=Version("1.0.7")),)


def test_an_image_is_moved_and_moved_back() -> None:
    drive = Drive(
        upgrade(
            policy({"batch": 1}),
            instances(2),
            [image_target("3.1")],
            kind=UpgradeKind.OS_IMAGE,
            trigger=Trigger.AUTOMATIC,
        )
    )
    drive.observe()
    assert drive.orders()[0].moves == (ImageMove(version=Version("3.1")),)
    drive.fail("0", extension_name="")
    drive.observe()
    assert drive.orders()[0].moves == (ImageMove(version=Version("1.0")),)


def test_only_orders_that_are_not_answered_are_owed_and_waves_are_numbered() -> None:
    drive = Drive(upgrade(policy({"batch": 4, "maximumInFlight": 2})))
    drive.observe()
    drive.answer("0")
    assert [order.instance_id for order in drive.orders()] == ["1", "2"]
    assert [dispatch.number for dispatch in drive.owed().dispatches] == [1, 2]


def test_the_alarm_is_the_earliest_of_all_deadlines() -> None:
    drive = Drive(upgrade(policy({"batch": 4, "maximumInFlight": 2, "instanceTimeout": "PT1M"})))
    drive.observe()
    drive.wait(10)
    drive.answer("0")
    assert drive.owed().alarm_ms == START_MS + 60_000
    drive.answer("1")
    assert drive.owed().alarm_ms == START_MS + 70_000


def test_a_rest_owes_its_alarm_and_a_pause_owes_nothing() -> None:
    drive = Drive(upgrade(policy({"batch": 5, "pauseBetweenBatches": "PT1M"})))
    drive.observe()
    drive.answer_all()
    drive.observe()
    assert drive.owed() == Owed(alarm_ms=START_MS + 60_000)
    drive.pause()
    assert drive.owed() == Owed()


def test_nothing_is_owed_after_the_end() -> None:
    drive = Drive(upgrade())
    drive.cancel()
    assert owed(drive.upgrade) == Owed()


def test_an_order_never_crosses_a_major_version_or_goes_down() -> None:
    drive = Drive(upgrade(policy({"batch": 1}), instances(2)))
    drive.observe()
    plan = drive.upgrade.started.plan
    for version, why in (("0.9", "crosses the major version"), ("1.5", "is not above")):
        first = replace(plan.order[0], previous=(Version(version),))
        wrong = replace(
            drive.upgrade,
            started=replace(drive.upgrade.started, plan=replace(plan, order=(first, *plan.order[1:]))),
        )
        with pytest.raises(AssertionError, match=why):
            orders_of(wrong, wrong.waves[0])
