"""What every fleet promises, run against every fleet that can be run here."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.fleets import KINDS, Stand
from tests.domain.examples import WEB, scale_set
from tests.fleets.orders import Answers, order, orders, to_image, to_version, turns
from tidegate.domain.extension import ProvisioningState
from tidegate.domain.health import ProbeState
from tidegate.domain.order import InstanceAnswer
from tidegate.domain.refusal import ScaleSetNotFound
from tidegate.domain.resource_id import ScaleSetId

API = ScaleSetId(subscription="sub", resource_group="fleet", name="api")


@pytest.fixture(params=KINDS)
async def fleet(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stand]:
    async with KINDS[request.param](tmp_path) as stand:
        yield stand


async def until_well(fleet: Stand) -> None:
    """Wait until every instance is known to be well."""
    async with asyncio.timeout(20):
        while (await fleet.observe(WEB)).initializing:  # noqa: ASYNC110 - a probe tells its fleet, not us
            await asyncio.sleep(0.001)
    observation = await fleet.observe(WEB)
    assert not observation.probe_unhealthy | observation.extension_failed


def check_message(fleet: Stand, message: str) -> None:
    """What a machine says that could not be brought to 2.13."""
    expected = "It does not start."
    assert message == expected if fleet.words(0).message_is_all else expected in message


async def version_of(fleet: Stand, instance_id: int, extension: str = "Agent") -> str:
    return str((await fleet.instances(WEB))[instance_id].extensions[extension].version)


async def test_a_placed_scale_set_has_its_instances(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=4, zones=("1", "2"), extensions={"Agent": "2.0", "Monitor": "1.10"}))
    instances = await fleet.instances(WEB)
    assert len(instances) == 4
    assert len({instance.instance_id for instance in instances}) == 4
    assert {instance.zone for instance in instances} == {"1", "2"}
    for instance in instances:
        assert set(instance.extensions) == {"Agent", "Monitor"}
        assert instance.extensions["Agent"].version.major == 2
        assert instance.extensions["Agent"].provisioning_state is ProvisioningState.SUCCEEDED
        assert instance.is_reachable


async def test_instances_come_in_the_same_order_every_time(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=min(12, fleet.most_instances)))
    first = await fleet.instances(WEB)
    answers = Answers()
    await fleet.begin(orders([3, 1], to_version("2.5")), answers)
    await answers.come(2)
    again = await fleet.instances(WEB)
    assert [each.instance_id for each in again] == [each.instance_id for each in first]


async def test_a_scale_set_without_instances_is_placed_too(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=0))
    assert await fleet.instances(WEB) == ()
    assert (await fleet.observe(WEB)).total_count == 0


async def test_placing_again_changes_nothing(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=3))
    answers = Answers()
    await fleet.begin(orders([1], to_version("2.5")), answers)
    await answers.come(1)
    await until_well(fleet)
    before = await fleet.instances(WEB)
    await fleet.place(scale_set(capacity=3))
    assert await fleet.instances(WEB) == before


async def test_resizing_keeps_what_the_instances_run(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=3))
    answers = Answers()
    await fleet.begin(orders(range(3), to_version("2.5")), answers)
    await answers.come(3)
    await fleet.place(scale_set(capacity=5))
    assert [str(each.extensions["Agent"].version) for each in await fleet.instances(WEB)][:3] == ["2.5"] * 3
    await fleet.place(scale_set(capacity=2))
    assert [str(each.extensions["Agent"].version) for each in await fleet.instances(WEB)] == ["2.5"] * 2
    assert (await fleet.observe(WEB)).total_count == 2


async def test_a_scale_set_that_is_not_there_is_refused(fleet: Stand) -> None:
    with pytest.raises(ScaleSetNotFound):
        await fleet.instances(WEB)
    with pytest.raises(ScaleSetNotFound):
        await fleet.observe(WEB)


async def test_a_scale_set_is_known_by_its_id_in_any_case(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=1))
    assert len(await fleet.instances(ScaleSetId.parse(str(WEB).upper()))) == 1


async def test_forgetting_is_for_good_and_may_be_repeated(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=2))
    await fleet.forget(WEB)
    await fleet.forget(WEB)
    with pytest.raises(ScaleSetNotFound):
        await fleet.instances(WEB)


async def test_orders_of_a_forgotten_scale_set_are_not_answered(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=2))
    await fleet.place(scale_set(capacity=2, scale_set_id=API))
    forgotten, kept = Answers(), Answers()
    fleet.hold()
    await fleet.begin(orders([0, 1], to_version("2.5")), forgotten)
    await fleet.begin(orders([0, 1], to_version("2.5"), scale_set=API), kept)
    await fleet.forget(WEB)
    fleet.release()
    await kept.come(2)
    await turns()
    assert forgotten.all == []


async def test_a_scale_set_placed_again_after_it_was_forgotten_begins_anew(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=1))
    answers = Answers()
    await fleet.begin([order(0, to_version("2.5"))], answers)
    await answers.come(1)
    await fleet.forget(WEB)
    await fleet.place(scale_set(capacity=1))
    assert await version_of(fleet, 0) == "2.0.0.0"


async def test_an_order_moves_its_instance_and_no_other(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=3, extensions={"Agent": "2.0", "Monitor": "1.10"}))
    answers = Answers()
    await fleet.begin([order(1, to_version("2.5"), to_version("1.12", "Monitor"))], answers)
    (answer,) = await answers.come(1)
    assert (answer.operation_id, answer.instance_id, answer.failures) == ("op/1", "1", ())
    assert answer.probe is fleet.words(1).probe_after_order
    await until_well(fleet)
    assert await version_of(fleet, 1) == "2.5"
    assert await version_of(fleet, 1, "Monitor") == "1.12"
    assert [await version_of(fleet, other) for other in (0, 2)] == ["2.0.0.0"] * 2


async def test_an_order_may_move_back_down(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=1))
    answers = Answers()
    await fleet.begin([order(0, to_version("2.5"), operation="up")], answers)
    await answers.come(1)
    await fleet.begin([order(0, to_version("2.4"), operation="down")], answers)
    await answers.come(2)
    assert await version_of(fleet, 0) == "2.4"


async def test_an_image_is_moved_too_or_refused_where_it_cannot_be(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=1, image_version="24.04.1"))
    answers = Answers()
    await fleet.begin([order(0, to_image("24.04.2"))], answers)
    (answer,) = await answers.come(1)
    if fleet.words(0).moves_images:
        assert answer.failures == ()
        assert (await fleet.instances(WEB))[0].image_version == "24.04.2"
    else:
        assert [(each.extension_name, each.code) for each in answer.failures] == [("", "ImageUpgradeNotSupported")]
        assert (await fleet.instances(WEB))[0].image_version == ""


async def test_every_order_of_many_is_answered_once(fleet: Stand) -> None:
    count = fleet.most_instances
    await fleet.place(scale_set(capacity=count))
    answers = Answers()
    await fleet.begin(orders(range(count // 2), to_version("2.5")), answers)
    await fleet.begin(orders(range(count // 2, count), to_version("2.5")), answers)
    await answers.come(count)
    await turns()
    assert sorted(answer.operation_id for answer in answers.all) == sorted(f"op/{number}" for number in range(count))


async def test_a_finished_operation_is_answered_again_and_not_carried_out_again(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=1))
    first, second, repeated = Answers(), Answers(), Answers()
    await fleet.begin([order(0, to_version("2.5"), operation="up")], first)
    await first.come(1)
    await fleet.begin([order(0, to_version("2.4"), operation="down")], second)
    await second.come(1)
    await fleet.begin([order(0, to_version("2.5"), operation="up")], repeated)
    await repeated.come(1)
    assert repeated.all == first.all
    assert await version_of(fleet, 0) == "2.4"


async def test_a_finished_operation_that_failed_is_answered_again_with_its_failures(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=1))
    first, repeated = Answers(), Answers()
    await fleet.begin([order(0, to_version("2.13"))], first)
    await first.come(1)
    await fleet.begin([order(0, to_version("2.13"))], repeated)
    await repeated.come(1)
    assert repeated.all == first.all
    assert [failure.code for failure in first.all[0].failures] == [fleet.words(0).code]


async def test_an_operation_under_way_is_answered_once_to_the_reply_given_last(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=1))
    first, last = Answers(), Answers()
    fleet.hold()
    await fleet.begin([order(0, to_version("2.5"))], first)
    await fleet.begin([order(0, to_version("2.5"))], last)
    fleet.release()
    await last.come(1)
    await turns()
    assert first.all == []
    assert len(last.all) == 1


async def test_one_move_that_fails_does_not_stop_the_others(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=1, extensions={"Agent": "2.0", "Monitor": "1.10"}))
    answers = Answers()
    await fleet.begin([order(0, to_version("2.13"), to_version("1.12", "Monitor"))], answers)
    (answer,) = await answers.come(1)
    assert [(each.extension_name, each.code) for each in answer.failures] == [("Agent", fleet.words(0).code)]
    check_message(fleet, answer.failures[0].message)
    assert await version_of(fleet, 0, "Monitor") == "1.12"


async def test_a_failed_move_keeps_the_old_version_and_shows_until_one_succeeds(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=2))
    answers = Answers()
    await fleet.begin([order(1, to_version("2.13"), operation="up")], answers)
    await answers.come(1)
    state = (await fleet.instances(WEB))[1].extensions["Agent"]
    assert (str(state.version), state.provisioning_state) == ("2.0.0.0", ProvisioningState.FAILED)
    assert state.code == fleet.words(1).code
    check_message(fleet, state.message)
    assert (await fleet.observe(WEB)).extension_failed == {"1"}
    await fleet.begin([order(1, to_version("2.0.0.0"), operation="back")], answers)
    await answers.come(2)
    state = (await fleet.instances(WEB))[1].extensions["Agent"]
    assert (str(state.version), state.provisioning_state, state.code) == ("2.0.0.0", ProvisioningState.SUCCEEDED, "")
    assert (await fleet.observe(WEB)).extension_failed == frozenset()


async def test_an_order_for_an_extension_that_is_not_installed_fails(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=1))
    answers = Answers()
    await fleet.begin([order(0, to_version("1.0", "Missing"), to_version("2.5"))], answers)
    (answer,) = await answers.come(1)
    assert [failure.extension_name for failure in answer.failures] == ["Missing"]
    assert await version_of(fleet, 0) == "2.5"


async def test_an_order_for_an_instance_that_is_not_there_fails_rather_than_being_waited_for(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=1))
    answers = Answers()
    await fleet.begin([order(7, to_version("2.5"), to_image("2")), order(0, to_version("2.5"), scale_set=API)], answers)
    await answers.come(2)
    assert {answer.operation_id: len(answer.failures) for answer in answers.all} == {"op/7": 2, "op/0": 1}


async def test_a_reply_may_give_the_next_order(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=1))
    last, begun = Answers(), []

    def go_on(answer: InstanceAnswer) -> None:
        begun.append(asyncio.ensure_future(fleet.begin([order(0, to_version("2.6"), operation="two")], last)))

    await fleet.begin([order(0, to_version("2.5"), operation="one")], go_on)
    await last.come(1)
    assert len(begun) == 1
    assert await version_of(fleet, 0) == "2.6"


async def test_nothing_to_do_is_nothing_done(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=1))
    answers = Answers()
    await fleet.begin([], answers)
    await turns()
    assert answers.all == []


@pytest.mark.parametrize(("has_probe", "probe"), [(True, ProbeState.HEALTHY), (False, ProbeState.NONE)])
async def test_an_instance_that_is_well_is_named_by_no_observation(
    fleet: Stand, has_probe: bool, probe: ProbeState
) -> None:
    await fleet.place(scale_set(capacity=3, has_probe=has_probe))
    assert {instance.probe for instance in await fleet.instances(WEB)} == {probe}
    observation = await fleet.observe(WEB)
    assert observation.total_count == 3
    assert not observation.probe_unhealthy | observation.initializing | observation.extension_failed


async def test_nothing_is_answered_after_closing(fleet: Stand) -> None:
    await fleet.place(scale_set(capacity=1))
    answers = Answers()
    fleet.hold()
    await fleet.begin([order(0, to_version("2.5"))], answers)
    await fleet.close()
    fleet.release()
    await turns()
    assert answers.all == []
