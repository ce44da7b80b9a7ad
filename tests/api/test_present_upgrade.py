"""An upgrade on the wire: Azure's words for its status, and everything that it was frozen with."""

from tests.api.stories import BAD_AGENT, ended, story
from tests.executor.world import World, name_of, scale_set_id
from tidegate.api.present_moment import present_moment
from tidegate.api.present_upgrade import KINDS, TRIGGERS, present_upgrade, upgrade_name
from tidegate.upgrade.plan import Trigger, UpgradeKind
from tidegate.upgrade.state import Upgrade
from tidegate.v1 import rolling_upgrade_pb2 as pb

TOLERANT = {"maxUnhealthyUpgradedInstancePercent": 100}


def test_every_kind_and_every_trigger_has_its_name_on_the_wire() -> None:
    assert {pb.UpgradeKind.Name(value) for value in KINDS.values()} == {
        f"UPGRADE_KIND_{each.name}" for each in UpgradeKind
    }
    assert {pb.Trigger.Name(value) for value in TRIGGERS.values()} == {f"TRIGGER_{each.name}" for each in Trigger}


def test_an_upgrade_that_completed_tells_all_it_was_frozen_with() -> None:
    upgrade = ended(capacity=10, request_id="mine", force=True, rolling={"pauseTimeBetweenBatches": "PT5S"})
    told = present_upgrade(upgrade)
    started = upgrade.started
    assert (told.name, told.scale_set) == (str(name_of(upgrade)), str(scale_set_id("web")))
    assert (told.kind, told.trigger, told.force) == (pb.UPGRADE_KIND_EXTENSION, pb.TRIGGER_MANUAL, True)
    assert (told.location, told.request_id) == ("westeurope", "mine")
    assert (told.status, told.phase) == (pb.STATUS_CODE_COMPLETED, pb.PHASE_ENDED)
    assert (told.batch_number, told.planned_batch_count) == (5, 5)
    assert told.progress == pb.Progress(successful_instance_count=10)
    assert not told.HasField("error")
    assert [target.version for target in told.targets] == ["1.1"]
    assert told.scale_set_policy.max_batch_instance_percent == 20
    assert told.scale_set_policy.pause_time_between_batches.seconds == 5
    assert (told.policy, told.policy_digest) == ("azure-default", started.policy_digest)
    assert told.plan_digest == started.plan.digest
    assert told.start_time == present_moment(started.at_ms)
    assert told.end_time.ToMilliseconds() == upgrade.ended_at_ms
    assert (told.last_action, told.last_action_time) == ("Start", told.start_time)
    assert told.last_decision.because
    assert told.last_sequence == upgrade.sequence


def test_an_upgrade_under_way_has_no_end() -> None:
    told = present_upgrade(story()[0].upgrade)
    assert (told.status, told.phase) == (pb.STATUS_CODE_ROLLING_FORWARD, pb.PHASE_CHECKING)
    assert not told.HasField("end_time")


def test_a_cancelled_upgrade_says_that_cancelling_was_the_last_action() -> None:
    async def steer(world: World) -> None:
        await world.pass_seconds(3)
        await world.conductor.cancel(scale_set_id("web"))
        await world.ended()

    told = present_upgrade(story(steer=steer)[-1].upgrade)
    assert (told.status, told.last_action) == (pb.STATUS_CODE_CANCELLED, "Cancel")
    assert told.last_action_time.ToMilliseconds() - told.start_time.ToMilliseconds() == 3_000


def test_failures_are_told_with_azures_code_and_a_line_for_each_instance() -> None:
    upgrade = ended(faults=[BAD_AGENT], rolling=TOLERANT)
    error = present_upgrade(upgrade).error
    assert error.code == "RollingUpgradeInProgressWithFailedUpgradedVMs"
    assert [(each.code, each.target) for each in error.details] == [
        ("VMExtensionProvisioningError", "web/virtualMachines/1")
    ]
    assert error.details[0].message.startswith("Enable failed")
    in_a_list = present_upgrade(upgrade, with_error_details=False).error
    assert (in_a_list.code, in_a_list.message, len(in_a_list.details)) == (error.code, error.message, 0)


def test_an_upgrade_that_was_only_considered_has_no_name() -> None:
    considered: list[Upgrade] = []

    async def steer(world: World) -> None:
        await world.ended()
        considered.append(await world.start(validate_only=True))

    real = story(steer=steer)[-1].upgrade
    assert upgrade_name(real) == str(name_of(real))
    assert [present_upgrade(upgrade).name for upgrade in considered] == [""]
