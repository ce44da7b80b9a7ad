"""An explanation on the wire: the sentence, the instance, and every decision behind it."""

from typing import Any

from tests.api.stories import BAD_AGENT
from tests.executor.world import World, name_of, scale_set_id, virtual
from tidegate.api.present_explanation import present_explanation
from tidegate.v1 import decision_pb2
from tidegate.v1 import rolling_upgrade_pb2 as pb
from tidegate.v1 import rolling_upgrade_service_pb2 as service_pb


async def explained(world: World, instance_id: str = "1", **which: Any) -> service_pb.ExplainInstanceResponse:
    return present_explanation(await world.conductor.explain(scale_set_id("web"), instance_id, **which))


@virtual
async def test_a_failed_instance_is_explained_with_its_batch_its_zone_and_its_failure() -> None:
    async with World(faults=[BAD_AGENT]) as world:
        await world.put(capacity=5, zones=("1", "2"))
        await world.publish("1.1")
        await world.start()
        upgrade = await world.ended()
        told = await explained(world)
        assert told.rolling_upgrade == str(name_of(upgrade))
        assert "failed with VMExtensionProvisioningError" in told.explanation
        record = upgrade.records["1"]
        zone = upgrade.started.plan.order[upgrade.places["1"]].zone
        assert (told.instance.instance_id, told.instance.status) == ("1", pb.INSTANCE_STATUS_FAILED)
        assert (told.instance.zone, told.instance.batch_number) == (zone, record.batch_number)
        assert (told.instance.code, told.instance.message) == (record.code, record.message)
        assert told.instance.change_time.ToMilliseconds() == record.changed_at_ms
        assert told.decisions[0].verdict == decision_pb2.VERDICT_HALT


@virtual
async def test_where_none_ran_a_start_is_considered() -> None:
    async with World() as world:
        await world.put(capacity=5)
        await world.publish("1.1")
        told = await explained(world)
        assert told.rolling_upgrade == ""
        assert (told.instance.status, told.instance.batch_number) == (pb.INSTANCE_STATUS_WAITING, 2)
        assert not told.instance.HasField("change_time")


@virtual
async def test_a_denied_start_names_the_rule() -> None:
    async with World() as world:
        await world.put(capacity=1)
        await world.resources.withdraw(scale_set_id("web").subscription)
        told = await explained(world, "0")
        assert told.instance.status == pb.INSTANCE_STATUS_DENIED
        assert told.decisions[0].verdict == decision_pb2.VERDICT_DENY
        assert told.instance.message == told.decisions[0].because
