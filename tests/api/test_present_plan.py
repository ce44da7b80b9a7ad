"""A plan on the wire has its batches in order, who is left alone and why, and the versions that it brings."""

from tests.api.stories import ended
from tidegate.api.present_plan import SKIP_STATUS, present_plan, present_targets
from tidegate.upgrade.plan import SkipReason, UpgradeKind
from tidegate.v1 import decision_pb2
from tidegate.v1 import rolling_upgrade_pb2 as pb


def test_a_plan_has_every_instance_in_its_batch_and_every_batch_its_zone() -> None:
    started = ended(capacity=10, zones=("1", "2")).started
    plan = present_plan(started.plan, started.eligibility, "azure-default", "digest")
    assert [batch.number for batch in plan.batches] == list(range(1, len(plan.batches) + 1))
    assert [each for batch in plan.batches for each in batch.instance_ids] == [
        planned.instance_id for planned in started.plan.order
    ]
    assert {batch.zone for batch in plan.batches} == {"1", "2"}
    assert plan.pace.verdict == decision_pb2.VERDICT_PACE
    assert plan.eligibility[0].verdict == decision_pb2.VERDICT_ALLOW
    assert (plan.policy, plan.policy_digest) == ("azure-default", "digest")
    assert (plan.digest, plan.total_instance_count) == (started.plan.digest, 10)


def test_a_batch_over_several_zones_names_none() -> None:
    started = ended(
        capacity=4, zones=("1", "2"), rolling={"maxBatchInstancePercent": 100, "enableCrossZoneUpgrade": True}
    )
    plan = present_plan(started.started.plan, (), "", "")
    assert [(batch.zone, len(batch.instance_ids)) for batch in plan.batches] == [("", 4)]


def test_an_extension_target_names_its_type_and_an_image_target_only_its_version() -> None:
    extension = present_targets(ended(capacity=1).started.plan)
    assert extension == [
        pb.UpgradeTarget(extension_name="agent", publisher="Contoso.Monitor", type="Agent", version="1.1")
    ]
    image = ended(capacity=1, kind=UpgradeKind.OS_IMAGE, image_version="22.04.202410010").started.plan
    assert present_targets(image) == [pb.UpgradeTarget(version="22.04.202410010")]


def test_every_reason_to_leave_an_instance_alone_has_a_status() -> None:
    assert {pb.InstanceStatus.Name(status) for status in SKIP_STATUS.values()} == {
        f"INSTANCE_STATUS_{reason.name}" for reason in SkipReason
    }


def test_those_left_alone_are_there_with_their_reason() -> None:
    started = ended(capacity=2, kind=UpgradeKind.OS_IMAGE, image_version="1.0").started
    assert list(present_plan(started.plan, (), "", "").skipped) == [
        pb.SkippedInstances(status=pb.INSTANCE_STATUS_ALREADY_NEWEST, instance_ids=["0", "1"])
    ]
