"""The simulated fleet in virtual time: how long things take, what goes wrong when, and what a restart finds."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from tests.domain.examples import WEB, scale_set
from tests.fleets.orders import Answers, order, orders, to_version, turns
from tidegate.domain.extension import ProvisioningState
from tidegate.domain.health import ProbeState
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.version import Version
from tidegate.executor.virtual_time import run_virtual
from tidegate.fleets.faults import (
    AnswersLate,
    AnswersTwice,
    Fault,
    InstallFails,
    NeverAnswers,
    Offline,
    ProbeTurns,
    Slow,
    Where,
)
from tidegate.fleets.machine_store import MachinesNotKept, MachineStore
from tidegate.fleets.simulated import SimulatedFleet
from tidegate.fleets.site import SUPERSEDED

UP = to_version("2.5")
ONE = Where(instance_ids=frozenset({"1"}))


async def answers_of(*faults: Fault, seconds: float = 1000, upgrade_seconds: float = 10, capacity: int = 3) -> Answers:
    """What is answered within `seconds` when all machines of a fleet with these faults are moved once."""
    fleet = SimulatedFleet(upgrade_seconds=upgrade_seconds, jitter_percent=0, faults=faults)
    await fleet.place(scale_set(capacity=capacity))
    answers = Answers()
    await fleet.begin(orders(range(capacity), UP), answers)
    await asyncio.sleep(seconds)
    await fleet.close()
    return answers


def test_an_order_takes_its_time() -> None:
    answers = run_virtual(answers_of())
    assert answers.seconds == [10.0] * 3


def test_an_order_that_takes_no_time_is_answered_in_the_next_turn() -> None:
    answers = run_virtual(answers_of(upgrade_seconds=0))
    assert answers.seconds == [0.0] * 3


def test_jitter_spreads_the_answers_and_is_the_same_for_the_same_seed() -> None:
    async def moments(seed: int) -> list[tuple[str, float]]:
        fleet = SimulatedFleet(seed=seed, upgrade_seconds=10, jitter_percent=20)
        await fleet.place(scale_set(capacity=50))
        answers = Answers()
        await fleet.begin(orders(range(50), UP), answers)
        await asyncio.sleep(100)
        await fleet.close()
        return [(answer.instance_id, at) for answer, at in zip(answers.all, answers.seconds, strict=True)]

    first = run_virtual(moments(7))
    assert first == run_virtual(moments(7))
    assert first != run_virtual(moments(8))
    assert all(8 <= at <= 12 for _, at in first)
    assert len({at for _, at in first}) > 40


def test_many_orders_of_one_turn_are_answered_in_the_order_they_were_given() -> None:
    answers = run_virtual(answers_of(upgrade_seconds=0, capacity=500))
    assert [answer.instance_id for answer in answers.all] == [str(number) for number in range(500)]


def test_a_slow_machine_takes_longer() -> None:
    answers = run_virtual(answers_of(Slow(where=ONE, seconds=25)))
    assert list(zip(answers.codes, answers.seconds, strict=True))[-1] == (("1", []), 35.0)


def test_a_machine_that_never_answers_is_not_heard_of() -> None:
    answers = run_virtual(answers_of(NeverAnswers(where=ONE)))
    assert [name for name, _ in answers.codes] == ["0", "2"]


def test_a_machine_that_never_answered_carries_out_the_next_order() -> None:
    async def story() -> None:
        fleet = SimulatedFleet(faults=[NeverAnswers(where=Where(version=Version("2.5")))])
        await fleet.place(scale_set(capacity=1))
        answers = Answers()
        await fleet.begin([order(0, UP, operation="up")], answers)
        await asyncio.sleep(3600)
        assert answers.all == []
        await fleet.begin([order(0, to_version("2.0"), operation="back")], answers)
        await answers.come(2)
        assert answers.codes == [("0", [SUPERSEDED]), ("0", [])]
        (instance,) = await fleet.instances(WEB)
        assert instance.extensions["Agent"].provisioning_state is ProvisioningState.SUCCEEDED
        await fleet.close()

    run_virtual(story())


def test_a_machine_may_answer_twice() -> None:
    answers = run_virtual(answers_of(AnswersTwice(where=ONE)))
    assert [name for name, _ in answers.codes] == ["0", "1", "1", "2"]


def test_a_machine_may_answer_late_although_its_work_was_done_in_time() -> None:
    async def story() -> None:
        fleet = SimulatedFleet(upgrade_seconds=10, jitter_percent=0, faults=[AnswersLate(seconds=50)])
        await fleet.place(scale_set(capacity=1))
        answers = Answers()
        await fleet.begin([order(0, UP)], answers)
        await asyncio.sleep(11)
        (instance,) = await fleet.instances(WEB)
        assert str(instance.extensions["Agent"].version) == "2.5"
        assert answers.all == []
        await asyncio.sleep(100)
        assert answers.seconds == [60.0]
        await fleet.close()

    run_virtual(story())


def test_a_machine_that_is_offline_answers_when_it_is_back() -> None:
    answers = run_virtual(answers_of(Offline(where=ONE, from_seconds=5, until_seconds=300)))
    assert answers.codes == [("0", []), ("2", []), ("1", [])]
    assert answers.seconds == [10.0, 10.0, 300.0]


def test_a_machine_that_was_back_before_its_work_was_done_answers_in_time() -> None:
    answers = run_virtual(answers_of(Offline(where=ONE, from_seconds=1, until_seconds=5)))
    assert answers.seconds == [10.0] * 3


def test_an_installation_may_fail_so_many_times() -> None:
    async def story() -> None:
        fleet = SimulatedFleet(faults=[InstallFails(where=Where(times=1))])
        await fleet.place(scale_set(capacity=2))
        answers = Answers()
        for attempt in ("first", "second"):
            await fleet.begin(orders(range(2), UP, operation=attempt), answers)
            await turns()
        assert [len(codes) for _, codes in answers.codes] == [1, 1, 0, 0]
        await fleet.close()

    run_virtual(story())


def test_a_bad_version_can_be_modelled_and_moving_back_heals() -> None:
    async def story() -> None:
        bad = Where(extension="Agent", version=Version("2.7"))
        fleet = SimulatedFleet(faults=[ProbeTurns(where=bad, after_seconds=30)])
        await fleet.place(scale_set(capacity=4))
        answers = Answers()
        await fleet.begin(orders([1, 2], to_version("2.7"), operation="up"), answers)
        await answers.come(2)
        assert {answer.probe for answer in answers.all} == {ProbeState.HEALTHY}
        await asyncio.sleep(31)
        assert (await fleet.observe(WEB)).probe_unhealthy == {"1", "2"}
        await fleet.begin(orders([1], to_version("2.0"), operation="back"), answers)
        await answers.come(3)
        assert (await fleet.observe(WEB)).probe_unhealthy == {"2"}
        await fleet.close()

    run_virtual(story())


def test_an_answer_says_how_the_probe_looks_right_after() -> None:
    turning = ProbeTurns(where=Where(version=Version("2.5")), state=ProbeState.INITIALIZING)
    answers = run_virtual(answers_of(turning))
    assert {answer.probe for answer in answers.all} == {ProbeState.INITIALIZING}


def test_a_fault_may_be_ordered_while_the_fleet_runs() -> None:
    async def story() -> None:
        fleet = SimulatedFleet()
        await fleet.place(scale_set(capacity=10))
        fleet.order_fault(Offline(where=Where(share=0.2)))
        assert len((await fleet.observe(WEB)).probe_unhealthy) == 2
        await fleet.place(scale_set(capacity=10, scale_set_id=ScaleSetId.parse(f"{WEB}2")))
        assert len((await fleet.observe(ScaleSetId.parse(f"{WEB}2"))).probe_unhealthy) == 2
        await fleet.close()

    run_virtual(story())


def test_an_answer_that_is_late_is_not_given_after_the_scale_set_is_gone() -> None:
    async def story() -> None:
        fleet = SimulatedFleet(faults=[AnswersLate(seconds=50)])
        await fleet.place(scale_set(capacity=1))
        answers = Answers()
        await fleet.begin([order(0, UP)], answers)
        await asyncio.sleep(1)
        await fleet.forget(WEB)
        await asyncio.sleep(100)
        assert answers.all == []
        await fleet.close()

    run_virtual(story())


def test_a_machine_that_was_removed_and_made_anew_falls_ill_from_the_start() -> None:
    async def story() -> None:
        fleet = SimulatedFleet(faults=[ProbeTurns(after_seconds=30)])
        await fleet.place(scale_set(capacity=2))
        await asyncio.sleep(40)
        await fleet.place(scale_set(capacity=0))
        await fleet.place(scale_set(capacity=1))
        assert (await fleet.observe(WEB)).probe_unhealthy == frozenset()
        await asyncio.sleep(40)
        assert (await fleet.observe(WEB)).probe_unhealthy == {"0"}
        await fleet.close()

    run_virtual(story())


def test_a_machine_may_go_while_an_order_of_it_was_just_superseded(tmp_path: Path) -> None:
    async def story() -> None:
        fleet = on_file(tmp_path / "machines.sqlite3")
        await fleet.place(scale_set(capacity=1))
        answers = Answers()
        await fleet.begin([order(0, UP, operation="one")], answers)
        await fleet.begin([order(0, UP, operation="two")], answers)
        await fleet.place(scale_set(capacity=0))
        await asyncio.sleep(1)
        assert answers.codes == [("0", [SUPERSEDED])]
        await fleet.close()

    run_virtual(story())


def on_file(path: Path, *faults: Fault) -> SimulatedFleet:
    return SimulatedFleet(faults=faults, store=MachineStore(path))


async def test_a_restarted_fleet_finds_its_machines_and_their_finished_operations(tmp_path: Path) -> None:
    path = tmp_path / "machines.sqlite3"
    bad = ProbeTurns(where=Where(version=Version("2.7")))
    first, again = Answers(), Answers()
    fleet = on_file(path, bad, InstallFails(where=Where(version=Version("2.13"))))
    await fleet.place(scale_set(capacity=5, zones=("1", "2"), extensions={"Agent": "2.0", "Monitor": "1.1"}))
    given = [order(0, UP), order(1, to_version("2.7")), order(2, to_version("2.13"))]
    await fleet.begin(given, first)
    await first.come(3)
    before, seen = await fleet.instances(WEB), await fleet.observe(WEB)
    await fleet.close()

    fleet = on_file(path, bad)
    assert await fleet.instances(WEB) == before
    assert await fleet.observe(WEB) == seen
    assert seen.probe_unhealthy == {"1"}
    assert seen.extension_failed == {"2"}
    await fleet.begin(given, again)
    assert await again.come(3) == first.all
    assert await fleet.instances(WEB) == before
    await fleet.close()


async def test_what_a_machine_has_become_is_in_the_file_before_its_answer_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "machines.sqlite3"
    fleet = on_file(path)
    await fleet.place(scale_set(capacity=1))
    found: list[str] = []

    def look(_: object) -> None:
        store = MachineStore(path)
        (kept,) = store.load()
        found.append(str(kept.machines["0"].extensions["Agent"].version))
        store.close()

    await fleet.begin([order(0, UP)], look)
    await turns()
    await fleet.close()
    assert found == ["2.5"]


class FullStore(MachineStore):
    """A file on a disk that is full as long as it is wanted."""

    def fill(self, is_full: bool) -> None:
        self._connection.execute(f"PRAGMA query_only = {'ON' if is_full else 'OFF'}")


async def on_full_disk(path: Path) -> tuple[SimulatedFleet, FullStore]:
    store = FullStore(path)
    fleet = SimulatedFleet(store=store)
    await fleet.place(scale_set(capacity=3))
    store.fill(True)
    return fleet, store


def test_on_a_full_disk_nobody_is_answered_before_the_machine_can_be_kept(tmp_path: Path) -> None:
    async def story() -> Answers:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: mishaps.append(told["exception"]))
        fleet, store = await on_full_disk(tmp_path / "machines.sqlite3")
        answers = Answers()
        await fleet.begin([order(0, UP)], answers)
        await asyncio.sleep(10)
        assert not answers.all
        store.fill(False)
        await answers.come(1)
        await fleet.close()
        return answers

    mishaps: list[BaseException] = []
    assert run_virtual(story()).codes == [("0", [])]
    assert {type(mishap) for mishap in mishaps} == {MachinesNotKept}
    with closing(MachineStore(tmp_path / "machines.sqlite3")) as store:
        (kept,) = store.load()
    assert str(kept.machines["0"].extensions["Agent"].version) == "2.5"


async def test_what_a_full_disk_refuses_is_done_when_it_is_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "machines.sqlite3"
    fleet, store = await on_full_disk(path)
    with pytest.raises(MachinesNotKept, match="the simulated machines cannot be kept"):
        await fleet.place(scale_set(capacity=2))
    with pytest.raises(MachinesNotKept):
        await fleet.forget(WEB)
    store.fill(False)
    await fleet.place(scale_set(capacity=2))
    with closing(MachineStore(path)) as reopened:
        (kept,) = reopened.load()
    assert list(kept.machines) == ["0", "1"]
    await fleet.forget(WEB)
    with closing(MachineStore(path)) as reopened:
        assert list(reopened.load()) == []
    await fleet.close()


async def test_work_that_was_under_way_when_the_process_ended_is_carried_out_when_it_is_ordered_again(
    tmp_path: Path,
) -> None:
    path = tmp_path / "machines.sqlite3"
    fleet = on_file(path)
    await fleet.place(scale_set(capacity=1))
    answers = Answers()
    await fleet.begin([order(0, UP)], answers)
    await fleet.close()

    fleet = on_file(path)
    (instance,) = await fleet.instances(WEB)
    assert instance.extensions["Agent"].provisioning_state is ProvisioningState.SUCCEEDED
    await fleet.begin([order(0, UP)], answers)
    (answer,) = await answers.come(1)
    assert answer.failures == ()
    await fleet.close()


async def test_how_often_a_fault_has_held_outlives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "machines.sqlite3"
    once = InstallFails(where=Where(times=1))
    answers = Answers()
    for attempt in ("first", "second"):
        fleet = on_file(path, once)
        await fleet.place(scale_set(capacity=1))
        await fleet.begin([order(0, UP, operation=attempt)], answers)
        await turns()
        await fleet.close()
    assert [len(codes) for _, codes in answers.codes] == [1, 0]


async def test_a_machine_that_never_answers_once_answers_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "machines.sqlite3"
    answers = Answers()
    for _ in range(2):
        fleet = on_file(path, NeverAnswers(where=Where(times=1)))
        await fleet.place(scale_set(capacity=1))
        await fleet.begin([order(0, UP)], answers)
        await turns()
        await fleet.close()
    assert answers.codes == [("0", [])]


async def test_a_scale_set_that_was_forgotten_is_not_found_again(tmp_path: Path) -> None:
    path = tmp_path / "machines.sqlite3"
    fleet = on_file(path)
    await fleet.place(scale_set(capacity=2))
    await fleet.forget(WEB)
    await fleet.close()
    store = MachineStore(path)
    assert list(store.load()) == []
    store.close()


async def test_a_resized_scale_set_is_found_as_it_was_last(tmp_path: Path) -> None:
    path = tmp_path / "machines.sqlite3"
    fleet = on_file(path)
    for capacity in (12, 3, 4):
        await fleet.place(scale_set(capacity=capacity))
    before = await fleet.instances(WEB)
    await fleet.close()
    fleet = on_file(path)
    assert await fleet.instances(WEB) == before
    assert [instance.instance_id for instance in before] == ["0", "1", "2", "3"]
    await fleet.close()


@pytest.mark.parametrize("capacity", [20_000])
async def test_observing_a_large_scale_set_looks_at_nobody_who_is_well(capacity: int) -> None:
    fleet = SimulatedFleet(faults=[Offline(where=ONE)])
    await fleet.place(scale_set(capacity=capacity))
    seen = await fleet.observe(WEB)
    assert seen.total_count == capacity
    assert seen.probe_unhealthy == {"1"}
    await fleet.close()
