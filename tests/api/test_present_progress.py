"""Every instance of an upgrade is there once, with its batch, its status and why."""

from tests.api.stories import BAD_AGENT, ended, story
from tests.executor.world import World
from tidegate.api.present_progress import INSTANCE_STATUSES, PHASES, STATUSES, present_instances, present_progress
from tidegate.upgrade.events import BatchStarted, WaveBegan
from tidegate.upgrade.plan import UpgradeKind
from tidegate.upgrade.state import InstanceStatus, Phase, Progress, StatusCode
from tidegate.v1 import rolling_upgrade_pb2 as pb


def test_every_status_and_every_phase_has_its_name_on_the_wire() -> None:
    assert {pb.StatusCode.Name(value) for value in STATUSES.values()} == {
        f"STATUS_CODE_{each.name}" for each in StatusCode
    }
    assert {pb.Phase.Name(value) for value in PHASES.values()} == {f"PHASE_{each.name}" for each in Phase}
    assert {pb.InstanceStatus.Name(value) for value in INSTANCE_STATUSES.values()} == {
        f"INSTANCE_STATUS_{each.name}" for each in InstanceStatus
    }


def test_the_counts_are_azures_and_two_of_ours() -> None:
    progress = Progress(
        successful_count=1, failed_count=2, in_progress_count=3, pending_count=4, skipped_count=5, restored_count=6
    )
    assert present_progress(progress) == pb.Progress(
        successful_instance_count=1,
        failed_instance_count=2,
        in_progress_instance_count=3,
        pending_instance_count=4,
        skipped_instance_count=5,
        restored_instance_count=6,
    )


def test_at_the_end_every_instance_has_its_batch_and_what_became_of_it() -> None:
    upgrade = ended(capacity=10, faults=[BAD_AGENT], rolling={"maxUnhealthyUpgradedInstancePercent": 100})
    instances = list(present_instances(upgrade))
    assert [each.instance_id for each in instances] == [planned.instance_id for planned in upgrade.started.plan.order]
    by_id = {each.instance_id: each for each in instances}
    assert by_id["1"].status == pb.INSTANCE_STATUS_FAILED
    assert (by_id["1"].code, by_id["1"].batch_number) == ("VMExtensionProvisioningError", 1)
    assert {each.status for number, each in by_id.items() if number != "1"} == {pb.INSTANCE_STATUS_SUCCEEDED}
    assert sorted(each.batch_number for each in instances) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert all(each.HasField("change_time") for each in instances)


def test_in_the_midst_the_batch_under_way_and_those_to_come_are_told_apart() -> None:
    async def steer(world: World) -> None:
        await world.until(WaveBegan)

    upgrade = story(capacity=10, zones=("1", "2"), steer=steer)[-1].upgrade
    instances = list(present_instances(upgrade))
    assert [each.status for each in instances[:2]] == [pb.INSTANCE_STATUS_IN_PROGRESS] * 2
    assert [each.batch_number for each in instances[:3]] == [1, 1, 0]
    assert {each.status for each in instances[2:]} == {pb.INSTANCE_STATUS_WAITING}
    assert not any(each.HasField("change_time") for each in instances[2:])
    assert [each.zone for each in instances] == ["1"] * 5 + ["2"] * 5


def test_instances_of_a_batch_that_is_formed_wait_in_that_batch() -> None:
    formed = [step.upgrade for step in story(capacity=10) if isinstance(step.entry.event, BatchStarted)]
    instances = list(present_instances(formed[1]))
    assert [each.batch_number for each in instances] == [1, 1, 2, 2] + [0] * 6
    assert {each.status for each in instances[2:]} == {pb.INSTANCE_STATUS_WAITING}


def test_those_left_alone_are_there_too() -> None:
    upgrade = ended(capacity=2, kind=UpgradeKind.OS_IMAGE, image_version="1.0")
    assert list(present_instances(upgrade)) == [
        pb.InstanceProgress(instance_id="0", status=pb.INSTANCE_STATUS_ALREADY_NEWEST),
        pb.InstanceProgress(instance_id="1", status=pb.INSTANCE_STATUS_ALREADY_NEWEST),
    ]
