"""Every event of every story has its name, its instances and its decision on the wire."""

from typing import get_args

from tests.api.stories import BAD_AGENT, story
from tests.executor.world import World, name_of, scale_set_id
from tidegate.api.present_event import present_event
from tidegate.executor.replay import Step
from tidegate.upgrade.events import BatchStarted, Event
from tidegate.v1 import rolling_upgrade_pb2 as pb

HALTED = {"maxUnhealthyUpgradedInstancePercent": 5, "rollbackFailedInstancesOnPolicyBreach": True}


def presented(steps: list[Step]) -> list[pb.UpgradeEvent]:
    return [present_event(step.entry.sequence, step.entry.event, step.upgrade) for step in steps]


def test_every_event_has_a_name_on_the_wire_and_every_name_an_event() -> None:
    words = {name.removeprefix("EVENT_TYPE_").replace("_", "").lower() for name in pb.EventType.keys()}  # noqa: SIM118
    assert words - {"unspecified"} == {event.__name__.lower() for event in get_args(Event)}


def test_a_good_story_is_told_from_its_start_to_its_end() -> None:
    steps = list(story(capacity=2))
    events = presented(steps)
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert {event.upgrade for event in events} == {str(name_of(steps[0].upgrade))}
    assert (events[0].type, events[-1].type) == (pb.EVENT_TYPE_UPGRADE_STARTED, pb.EVENT_TYPE_UPGRADE_COMPLETED)
    assert [event.time.ToMilliseconds() for event in events] == [step.entry.event.at_ms for step in steps]
    assert (events[-1].status, events[-1].phase) == (pb.STATUS_CODE_COMPLETED, pb.PHASE_ENDED)
    assert events[-1].progress.successful_instance_count == 2


def test_a_batch_and_a_wave_name_their_instances_and_an_instance_event_its_own() -> None:
    steps = list(story(capacity=10))
    events = presented(steps)
    first = next(event for event in events if event.type == pb.EVENT_TYPE_BATCH_STARTED)
    assert (first.batch_number, len(first.instance_ids)) == (1, 2)
    assert first.decision.because
    wave = next(event for event in events if event.type == pb.EVENT_TYPE_WAVE_BEGAN)
    assert wave.instance_ids == first.instance_ids
    upgraded = [event for event in events if event.type == pb.EVENT_TYPE_INSTANCE_UPGRADED]
    assert all(len(event.instance_ids) == 1 for event in upgraded)
    assert {event.instance_ids[0] for event in upgraded} == {str(number) for number in range(10)}
    sizes = [step.entry.event.size for step in steps if isinstance(step.entry.event, BatchStarted)]
    assert sum(sizes) == 10


def test_a_failure_has_its_code_and_its_words_and_a_halt_its_rule() -> None:
    events = presented(list(story(faults=[BAD_AGENT], rolling=HALTED)))
    failed = next(event for event in events if event.type == pb.EVENT_TYPE_INSTANCE_FAILED)
    assert (list(failed.instance_ids), failed.code) == (["1"], "VMExtensionProvisioningError")
    assert failed.message.startswith("Enable failed")
    halted = next(event for event in events if event.type == pb.EVENT_TYPE_HALT_DECIDED)
    assert halted.code == "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
    assert (list(halted.instance_ids), halted.message) == (["1"], halted.decision.because)
    restored = next(event for event in events if event.type == pb.EVENT_TYPE_RESTORE_BEGAN)
    assert list(restored.instance_ids) == ["1"]
    assert (events[-1].type, events[-1].status) == (pb.EVENT_TYPE_UPGRADE_FAULTED, pb.STATUS_CODE_FAULTED)


def test_what_somebody_asked_for_is_an_event_without_a_decision() -> None:
    async def steer(world: World) -> None:
        await world.conductor.pause(scale_set_id("web"))
        await world.conductor.resume(scale_set_id("web"))
        await world.conductor.cancel(scale_set_id("web"))
        await world.ended()

    events = presented(list(story(steer=steer)))
    asked = [
        event
        for event in events
        if event.type in (pb.EVENT_TYPE_UPGRADE_PAUSED, pb.EVENT_TYPE_UPGRADE_RESUMED, pb.EVENT_TYPE_CANCEL_ACCEPTED)
    ]
    assert len(asked) == 3
    assert not any(event.HasField("decision") for event in asked)
    assert events[-1].status == pb.STATUS_CODE_CANCELLED
