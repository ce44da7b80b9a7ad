"""Probes that turn and flap, and machines that are offline, hour by hour in virtual time."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable

import pytest

from tests.domain.examples import WEB, scale_set
from tidegate.domain.extension import ExtensionState, ProvisioningState
from tidegate.domain.health import ProbeState
from tidegate.domain.version import Version
from tidegate.executor.virtual_time import run_virtual
from tidegate.fleets.ailments import Ailments
from tidegate.fleets.fault_book import FaultBook
from tidegate.fleets.faults import Fault, Offline, ProbeFlaps, ProbeTurns, Where
from tidegate.fleets.machines import Definition, Machines

BAD = Where(extension="Agent", version=Version("2.7"))
ONE = frozenset({"1"})


class Ward:
    """Three machines with a probe, and what ails them."""

    def __init__(self, *faults: Fault, has_probe: bool = True) -> None:
        definition = Definition.of(scale_set(capacity=3, has_probe=has_probe))
        self.machines = Machines(dataclasses.replace(definition, capacity=0))
        self.machines.redefine(definition)
        self.book = FaultBook(seed=7, scale_set=WEB, spent={})
        self.returned: list[list[str]] = []
        self.ailments = Ailments(
            machines=self.machines,
            book=self.book,
            call_later=asyncio.get_running_loop().call_later,
            on_return=self.returned.append,
        )
        for number, fault in enumerate(faults):
            self.add(number, fault)

    def add(self, number: int, fault: Fault) -> None:
        self.book.add(number, fault, tuple(self.machines))
        self.ailments.take_up(number, fault)

    def move(self, name: str, version: str, state: ProvisioningState = ProvisioningState.SUCCEEDED) -> None:
        agent = ExtensionState(name="Agent", version=Version(version), provisioning_state=state)
        self.machines.put_software(self.machines[name], {"Agent": agent})
        self.ailments.refresh((name,))

    def resize(self, capacity: int) -> None:
        _, gone = self.machines.redefine(dataclasses.replace(self.machines.definition, capacity=capacity))
        self.ailments.forget(gone)
        self.book.resize(tuple(self.machines))
        self.ailments.refresh(self.machines)

    @property
    def probes(self) -> str:
        """The first letters of the machines' probes, H, U or I, small where the machine cannot be reached."""
        letters = [
            str(each.probe)[0] if each.is_reachable else str(each.probe)[0].lower() for each in self.machines.all()
        ]
        return "".join(letters)

    async def over(self, *seconds: float) -> list[str]:
        """The probes just after each of these moments, seconds after now."""
        seen, passed = [], 0.0
        for moment in seconds:
            await asyncio.sleep(moment - passed + 0.001)
            passed = moment + 0.001
            seen.append(self.probes)
        return seen


def virtually(story: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    """The story as a test, told in virtual time."""

    async def tell() -> None:
        await story()

    def test() -> None:
        run_virtual(tell())

    test.__name__ = story.__name__
    return test


@virtually
async def test_a_bad_version_makes_the_probe_turn_after_a_while() -> None:
    ward = Ward(ProbeTurns(where=BAD, after_seconds=30))
    ward.move("1", "2.7")
    assert await ward.over(0, 29, 30, 3600) == ["HHH", "HHH", "HUH", "HUH"]


@virtually
async def test_a_move_to_another_version_heals() -> None:
    ward = Ward(ProbeTurns(where=BAD))
    ward.move("1", "2.7")
    assert ward.probes == "HUH"
    ward.move("1", "2.6")
    assert await ward.over(0, 3600) == ["HHH", "HHH"]


@virtually
async def test_a_probe_that_was_about_to_turn_does_not_after_the_machine_moved_on() -> None:
    ward = Ward(ProbeTurns(where=BAD, after_seconds=30))
    ward.move("1", "2.7")
    await asyncio.sleep(20)
    ward.move("1", "2.8")
    assert await ward.over(20) == ["HHH"]


@virtually
async def test_a_machine_that_comes_back_to_the_bad_version_falls_ill_again_from_the_start() -> None:
    ward = Ward(ProbeTurns(where=BAD, after_seconds=30))
    ward.move("1", "2.7")
    await asyncio.sleep(20)
    ward.move("1", "2.6")
    ward.move("1", "2.7")
    assert await ward.over(15, 31) == ["HHH", "HUH"]


@virtually
async def test_a_failed_installation_of_the_bad_version_is_not_running_it() -> None:
    ward = Ward(ProbeTurns(where=BAD))
    ward.move("1", "2.7", ProvisioningState.FAILED)
    assert ward.probes == "HHH"


@virtually
async def test_a_probe_may_recover_by_itself() -> None:
    ward = Ward(ProbeTurns(where=BAD, state=ProbeState.INITIALIZING, after_seconds=10, for_seconds=20))
    ward.move("0", "2.7")
    assert await ward.over(9, 10, 29, 30, 3600) == ["HHH", "IHH", "IHH", "HHH", "HHH"]


@virtually
async def test_a_fault_that_names_no_software_begins_at_once() -> None:
    ward = Ward(ProbeTurns(where=Where(instance_ids=ONE)))
    assert ward.probes == "HUH"


@virtually
async def test_a_flapping_probe_is_bad_for_half_of_every_period() -> None:
    ward = Ward(ProbeFlaps(where=BAD, period_seconds=20))
    ward.move("1", "2.7")
    assert await ward.over(0, 9, 10, 19, 20, 29, 30) == ["HUH", "HUH", "HHH", "HHH", "HUH", "HUH", "HHH"]
    ward.move("1", "2.6")
    assert await ward.over(0, 10, 20) == ["HHH"] * 3


@virtually
async def test_the_gravest_of_several_ailments_shows() -> None:
    where = Where(instance_ids=ONE)
    ward = Ward(
        ProbeTurns(where=where, state=ProbeState.INITIALIZING),
        ProbeTurns(where=where, state=ProbeState.UNHEALTHY, after_seconds=10, for_seconds=10),
    )
    assert await ward.over(0, 10, 20) == ["HIH", "HUH", "HIH"]


@virtually
async def test_a_machine_is_offline_for_its_time_and_comes_back() -> None:
    ward = Ward(Offline(where=Where(instance_ids=ONE), from_seconds=10, until_seconds=60))
    assert await ward.over(9, 10, 59) == ["HHH", "HuH", "HuH"]
    assert ward.ailments.is_offline("1")
    assert ward.machines.observe().probe_unhealthy == ONE
    assert await ward.over(1) == ["HHH"]
    assert not ward.ailments.is_offline("1")
    assert ward.returned == [["1"]]


@virtually
async def test_a_machine_that_is_offline_for_two_reasons_is_back_after_both() -> None:
    where = Where(instance_ids=ONE)
    ward = Ward(Offline(where=where, until_seconds=10), Offline(where=where, until_seconds=20))
    assert await ward.over(10, 20) == ["HuH", "HHH"]
    assert ward.returned == [[], ["1"]]


@virtually
async def test_without_a_probe_nothing_shows_but_that_a_machine_cannot_be_reached() -> None:
    ward = Ward(ProbeTurns(), Offline(where=Where(instance_ids=ONE), from_seconds=5), has_probe=False)
    assert await ward.over(0, 5) == ["NNN", "NnN"]
    assert ward.machines.observe().probe_unhealthy == ONE


@virtually
async def test_new_machines_are_ailed_too_and_old_ones_are_forgotten() -> None:
    ward = Ward(ProbeTurns(), Offline())
    ward.resize(5)
    assert ward.probes == "uuuuu"
    ward.resize(1)
    ward.resize(2)
    assert ward.probes == "uu"


@virtually
async def test_a_machine_made_anew_falls_ill_from_the_start() -> None:
    ward = Ward(ProbeTurns(after_seconds=30))
    await asyncio.sleep(40)
    ward.resize(0)
    ward.resize(2)
    assert await ward.over(0, 29, 31) == ["HH", "HH", "UU"]


@virtually
async def test_what_was_to_happen_to_a_machine_that_is_gone_does_not() -> None:
    ward = Ward(ProbeTurns(after_seconds=30), ProbeFlaps(), Offline(from_seconds=5, until_seconds=60))
    await asyncio.sleep(7)
    ward.resize(1)
    assert await ward.over(0, 60) == ["u", "U"]


@virtually
async def test_nothing_changes_after_the_end() -> None:
    ward = Ward(ProbeFlaps(period_seconds=20), Offline(from_seconds=5, until_seconds=30))
    ward.ailments.stop()
    assert await ward.over(0, 5, 10, 30) == ["UUU"] * 4


@pytest.mark.parametrize("fault", [ProbeTurns(), ProbeFlaps(), Offline()])
def test_a_fault_of_other_machines_leaves_these_alone(fault: Fault) -> None:
    async def story() -> None:
        ward = Ward(dataclasses.replace(fault, where=Where(instance_ids=frozenset({"7"}))))
        assert await ward.over(0, 100) == ["HHH", "HHH"]

    run_virtual(story())
