"""What follows by itself: waves, settling, restores, the end."""

from tests.upgrade.building import halt_rule, instances, policy, upgrade
from tests.upgrade.driving import Drive, names
from tidegate.upgrade.events import RestoreBegan, WaveBegan
from tidegate.upgrade.plan import Trigger
from tidegate.upgrade.state import InstanceStatus, Phase


def wave_sizes(drive: Drive) -> list[int]:
    return [event.size for event in drive.events if isinstance(event, WaveBegan)]


def restored_groups(drive: Drive) -> list[tuple[str, ...]]:
    return [event.instance_ids for event in drive.events if isinstance(event, RestoreBegan)]


def test_without_a_bound_a_batch_is_handed_out_at_once() -> None:
    drive = Drive(upgrade(policy({"batch": 7})))
    drive.observe()
    assert wave_sizes(drive) == [7]


def test_never_more_are_in_flight_than_may_be() -> None:
    drive = Drive(upgrade(policy({"batch": 7, "maximumInFlight": 3})))
    drive.observe()
    while orders := drive.orders():
        assert len(orders) == drive.upgrade.in_flight_count <= 3
        drive.answer(orders[0].instance_id)
    assert wave_sizes(drive) == [3, 1, 1, 1, 1]


def test_waves_stay_few_where_many_may_be_in_flight() -> None:
    drive = Drive(upgrade(policy({"batch": 200, "maximumInFlight": 64}), instances(200)))
    drive.observe()
    while orders := drive.orders():
        assert len(drive.upgrade.waves) <= 17
        drive.answer(orders[0].instance_id)
    assert sum(wave_sizes(drive)) == 200
    assert wave_sizes(drive)[:3] == [64, 4, 4]


def test_failed_instances_are_brought_back_in_groups_no_larger_than_may_be_in_flight() -> None:
    drive = Drive(upgrade(policy({"batch": 5, "maximumInFlight": 2}), instances(5), trigger=Trigger.AUTOMATIC))
    drive.observe()
    while orders := drive.orders():
        drive.fail(orders[0].instance_id)
    drive.observe()
    drive.run()
    assert restored_groups(drive) == [("0", "1"), ("2", "3"), ("4",)]
    assert drive.upgrade.progress.restored_count == 5


def test_a_manual_upgrade_leaves_failed_instances_as_they_are() -> None:
    drive = Drive(upgrade(policy({"batch": 5}), instances(5)))
    drive.observe()
    drive.fail("0")
    drive.run()
    assert restored_groups(drive) == []
    assert drive.status_of("0") is InstanceStatus.FAILED


def test_instances_of_earlier_batches_are_not_brought_back_twice() -> None:
    rule = halt_rule("afterBatch", "failedInstanceCount", "atLeast", 2, "rollBack")
    drive = Drive(upgrade(policy({"batch": 2}, [rule]), instances(4), trigger=Trigger.AUTOMATIC))
    drive.observe()
    drive.fail("0")
    drive.answer("1")
    drive.observe()
    drive.answer("0", is_restore=True)
    drive.observe()
    drive.fail("2")
    drive.answer("3")
    drive.observe()
    drive.run()
    assert restored_groups(drive) == [("0",), ("1", "2"), ("3",)]


def test_a_roll_back_in_the_midst_of_a_batch_waits_for_what_was_begun() -> None:
    rule = halt_rule("duringBatch", "failedInstanceCount", "atLeast", 1, "rollBack")
    drive = Drive(upgrade(policy({"batch": 5, "maximumInFlight": 3}, [rule])))
    drive.observe()
    drive.fail("0")
    drive.answer("1")
    assert drive.upgrade.phase is Phase.UPGRADING
    assert names(drive.answer("2"))[-3:] == ["BatchSettled", "RollingBackBegan", "RestoreBegan"]
    drive.run()
    assert restored_groups(drive) == [("0", "1", "2")]
    assert set(drive.upgrade.records) == {"0", "1", "2"}


def test_a_halt_restores_by_the_pace_where_its_verdict_does_not_roll_back() -> None:
    rule = halt_rule("afterBatch", "failedInstanceCount", "atLeast", 1)
    drive = Drive(upgrade(policy({"batch": 2}, [rule]), trigger=Trigger.AUTOMATIC))
    drive.observe()
    drive.fail("0")
    drive.answer("1")
    assert names(drive.observe())[-2:] == ["HaltDecided", "RestoreBegan"]
    assert names(drive.answer("0", is_restore=True)) == ["InstanceRestored", "UpgradeFaulted"]


def test_the_last_batch_has_no_rest_behind_it() -> None:
    drive = Drive(upgrade(policy({"batch": 5, "pauseBetweenBatches": "PT1H"}), instances(5)))
    drive.observe()
    drive.answer_all()
    assert names(drive.observe()) == ["HealthObserved", "BatchJudged", "UpgradeCompleted"]


def test_an_end_that_is_decided_while_a_held_batch_comes_to_rest_ends_it() -> None:
    rule = halt_rule("duringBatch", "failedInstanceCount", "atLeast", 1)
    drive = Drive(upgrade(policy({"batch": 4, "maximumInFlight": 2}, [rule])))
    drive.observe()
    drive.pause()
    drive.answer("0")
    assert names(drive.fail("1")) == ["InstanceFailed", "HaltDecided", "BatchSettled", "UpgradeFaulted"]
    assert drive.upgrade.progress.pending_count == 8
