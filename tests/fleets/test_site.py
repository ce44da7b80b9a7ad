"""One scale set at work: one order at a time for each machine, and what is held until a machine is back."""

import asyncio
import dataclasses
from collections.abc import Mapping

from tests.domain.examples import WEB, scale_set
from tests.fleets.orders import Answers, order, to_version
from tidegate.domain.extension import ProvisioningState
from tidegate.domain.order import InstanceOrder
from tidegate.domain.version import Version
from tidegate.executor.virtual_time import run_virtual
from tidegate.fleets.fault_book import FaultBook
from tidegate.fleets.faults import AnswersLate, AnswersTwice, Fault, InstallFails, Offline, Where
from tidegate.fleets.machines import Definition, Machines
from tidegate.fleets.site import SUPERSEDED, Site, Work

UP, DOWN = order(0, to_version("2.5"), operation="up"), order(0, to_version("2.0"), operation="down")


def site(*faults: Fault, resumed: list[Work] | None = None, extensions: Mapping[str, str] | None = None) -> Site:
    """A site of two machines; must be made on a running loop."""
    made = Site(
        machines=Machines(dataclasses.replace(Definition.of(scale_set()), capacity=0)),
        book=FaultBook(seed=7, scale_set=WEB, spent={}),
        call_later=asyncio.get_running_loop().call_later,
        resume=(resumed if resumed is not None else []).extend,
    )
    made.redefine(Definition.of(scale_set(capacity=2, extensions=extensions)))
    for number, fault in enumerate(faults):
        made.add_fault(number, fault)
    return made


def taken(at: Site, given: InstanceOrder, reply: Answers | None = None) -> Work:
    work = at.take(given, reply or Answers())
    assert work is not None
    return work


async def test_an_order_is_carried_out_when_its_time_is_over_and_not_before() -> None:
    at = site()
    work = taken(at, UP)
    assert at.machines["0"].extensions["Agent"].provisioning_state is ProvisioningState.UPDATING
    assert at.take_ended() == []
    at.finish(work)
    assert str(at.machines["0"].extensions["Agent"].version) == "2.5"
    (ended,) = at.take_ended()
    assert (ended.answer.operation_id, ended.is_given_twice, ended.late_seconds) == ("up/0", False, 0)
    assert at.take_ended() == []


async def test_a_change_is_taken_once() -> None:
    at = site()
    at.finish(taken(at, UP))
    assert at.change.instance_ids == ("0",)
    at.kept()
    assert not at.change.instance_ids


async def test_a_newer_order_takes_the_place_of_the_one_under_way() -> None:
    at = site()
    older, newer = taken(at, UP), taken(at, DOWN)
    (ended,) = at.take_ended()
    assert [failure.code for failure in ended.answer.failures] == [SUPERSEDED]
    at.finish(older)
    assert at.take_ended() == []
    at.finish(newer)
    assert at.machines["0"].extensions["Agent"].version == Version("2.0")
    assert [each.answer.operation_id for each in at.take_ended()] == ["down/0"]


async def test_what_a_superseded_order_was_moving_is_as_it_was_before() -> None:
    at = site(InstallFails(where=Where(extension="Monitor", times=1)), extensions={"Agent": "2.0", "Monitor": "1.0"})
    monitor = to_version("1.5", "Monitor")
    at.finish(taken(at, order(0, monitor, operation="failing")))
    failed = at.machines["0"].extensions["Monitor"]
    assert failed.provisioning_state is ProvisioningState.FAILED
    taken(at, order(0, monitor, operation="superseded"))
    at.finish(taken(at, UP))
    assert at.machines["0"].extensions["Monitor"] == failed


async def test_a_machine_made_anew_has_not_spent_the_times_of_a_fault() -> None:
    at = site(InstallFails(where=Where(times=1)))
    for _ in range(2):
        at.finish(taken(at, UP))
        at.redefine(Definition.of(scale_set(capacity=0)))
        at.redefine(Definition.of(scale_set(capacity=2)))
    assert [len(ended.answer.failures) for ended in at.take_ended()] == [1, 1]


async def test_an_order_that_was_superseded_is_not_carried_out_when_it_is_given_again() -> None:
    at = site()
    taken(at, UP)
    at.finish(taken(at, DOWN))
    at.take_ended()
    assert at.take(UP, Answers()) is None
    (again,) = at.take_ended()
    assert [failure.code for failure in again.answer.failures] == [SUPERSEDED]


async def test_an_order_given_again_goes_on_with_the_last_reply() -> None:
    at, last = site(), Answers()
    work = taken(at, UP)
    assert at.take(UP, last) is None
    at.finish(work)
    assert at.take_ended()[0].reply is last


async def test_work_that_is_done_while_its_machine_is_offline_is_finished_when_it_is_back() -> None:
    resumed: list[Work] = []

    async def story() -> None:
        at = site(Offline(until_seconds=60), resumed=resumed)
        work = taken(at, UP)
        at.finish(work)
        assert at.take_ended() == []
        await asyncio.sleep(61)
        assert resumed == [work]
        at.finish(work)
        assert len(at.take_ended()) == 1

    await asyncio.to_thread(run_virtual, story())


async def test_held_work_that_was_superseded_does_not_come_back() -> None:
    resumed: list[Work] = []

    async def story() -> None:
        at = site(Offline(until_seconds=60), resumed=resumed)
        at.finish(taken(at, UP))
        newer = taken(at, DOWN)
        at.finish(newer)
        await asyncio.sleep(61)
        assert resumed == [newer]

    await asyncio.to_thread(run_virtual, story())


async def test_how_an_answer_is_given_is_the_faults_to_say() -> None:
    at = site(AnswersTwice(), AnswersLate(seconds=5, where=Where(times=1)), AnswersLate(seconds=7))
    at.finish(taken(at, UP))
    at.finish(taken(at, DOWN))
    assert [(each.is_given_twice, each.late_seconds) for each in at.take_ended()] == [(True, 12), (True, 7)]


async def test_the_work_of_a_machine_that_is_gone_is_dropped() -> None:
    at = site()
    work = taken(at, UP)
    at.redefine(Definition.of(scale_set(capacity=0)))
    at.finish(work)
    at.redefine(Definition.of(scale_set(capacity=1)))
    at.finish(work)
    assert at.take_ended() == []
    assert str(at.machines["0"].extensions["Agent"].version) == "2.0.0.0"


async def test_nothing_is_finished_after_the_end() -> None:
    at = site()
    work = taken(at, UP)
    at.stop()
    at.finish(work)
    assert at.is_gone
    assert at.take_ended() == []
