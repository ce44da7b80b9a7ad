"""The machines of one scale set: how they are made, what a new definition does to them, and who is not well."""

import dataclasses
import sys

import pytest

from tests.domain.examples import scale_set
from tidegate.domain.extension import ExtensionState, ProvisioningState
from tidegate.domain.health import ProbeState
from tidegate.domain.order import InstanceAnswer
from tidegate.domain.scale_set import ScaleSet
from tidegate.domain.version import Version
from tidegate.fleets.machines import REMEMBERED_OPERATIONS, Definition, Machines


def machines(of: ScaleSet) -> Machines:
    definition = Definition.of(of)
    made = Machines(dataclasses.replace(definition, capacity=0))
    made.redefine(definition)
    return made


def running(made: Machines, name: str = "0") -> dict[str, str]:
    return {state.name: str(state.version) for state in made[name].extensions.values()}


def move(made: Machines, name: str, extension: str, version: str) -> None:
    state = ExtensionState(name=extension, version=Version(version))
    made.put_software(made[name], {**made[name].extensions, extension: state})


def answer(number: int, name: str = "0") -> InstanceAnswer:
    return InstanceAnswer(operation_id=f"op/{number}", instance_id=name, failures=(), probe=ProbeState.HEALTHY)


def test_instances_are_numbered_from_0() -> None:
    assert list(machines(scale_set(capacity=3))) == ["0", "1", "2"]


def test_zones_take_turns_and_fault_domains_within_them() -> None:
    made = machines(scale_set(capacity=8, zones=("1", "3"), fault_domain_count=2))
    assert [instance.zone for instance in made.all()] == ["1", "3"] * 4
    assert [each.fault_domain for each in made.all() if each.zone == "1"] == [0, 1, 0, 1]
    assert [each.fault_domain for each in made.all() if each.zone == "3"] == [0, 1, 0, 1]


def test_a_regional_scale_set_has_no_zone_and_spreads_over_its_fault_domains() -> None:
    made = machines(scale_set(capacity=7, fault_domain_count=3))
    assert {instance.zone for instance in made.all()} == {""}
    assert [instance.fault_domain for instance in made.all()] == [0, 1, 2, 0, 1, 2, 0]


def test_a_new_machine_runs_what_the_profile_asks_for_with_all_four_parts() -> None:
    assert running(machines(scale_set(extensions={"Agent": "2.1", "Monitor": "3"}))) == {
        "Agent": "2.1.0.0",
        "Monitor": "3.0.0.0",
    }


@pytest.mark.parametrize(("of_profile", "of_machine"), [("latest", "1.0.0"), ("24.04.1", "24.04.1"), ("", "")])
def test_a_new_machine_runs_some_version_of_the_image(of_profile: str, of_machine: str) -> None:
    assert machines(scale_set(image_version=of_profile))["0"].image_version == of_machine


@pytest.mark.parametrize(
    ("probe", "is_reachable", "where"),
    [
        (ProbeState.HEALTHY, True, ""),
        (ProbeState.NONE, True, ""),
        (ProbeState.UNHEALTHY, True, "probe_unhealthy"),
        (ProbeState.UNKNOWN, True, "probe_unhealthy"),
        (ProbeState.INITIALIZING, True, "initializing"),
        (ProbeState.HEALTHY, False, "probe_unhealthy"),
        (ProbeState.INITIALIZING, False, "probe_unhealthy"),
    ],
)
def test_a_machine_that_is_not_well_is_named_once_and_until_it_is(
    probe: ProbeState, is_reachable: bool, where: str
) -> None:
    made = machines(scale_set(capacity=3))
    well = made["1"]
    made.put(dataclasses.replace(well, probe=probe, is_reachable=is_reachable))
    seen = made.observe()
    for name in ("probe_unhealthy", "initializing", "extension_failed"):
        assert getattr(seen, name) == ({"1"} if name == where else frozenset())
    made.put(well)
    assert made.observe() == machines(scale_set(capacity=3)).observe()


def test_an_observation_does_not_change_after_it_was_made() -> None:
    made = machines(scale_set(capacity=3))
    seen = made.observe()
    made.put(dataclasses.replace(made["1"], is_reachable=False))
    assert seen.probe_unhealthy == frozenset()


def test_a_machine_that_is_gone_is_not_counted_any_more() -> None:
    made = machines(scale_set(capacity=3))
    made.put(dataclasses.replace(made["2"], is_reachable=False))
    made.remember(answer(1, "2"))
    changed, gone = made.redefine(Definition.of(scale_set(capacity=2)))
    assert (changed, gone) == ([], ["2"])
    assert made.observe().probe_unhealthy == frozenset()
    assert made.observe().total_count == 2
    made.redefine(Definition.of(scale_set(capacity=3)))
    assert made.answer_of("2", "op/1") is None


def test_an_extension_that_is_new_to_the_profile_appears_installed_and_one_that_left_it_goes() -> None:
    made = machines(scale_set(capacity=2, extensions={"Agent": "2.0"}))
    move(made, "1", "Agent", "2.5")
    changed, _ = made.redefine(Definition.of(scale_set(capacity=2, extensions={"Monitor": "1.1", "Agent": "2.0"})))
    assert changed == ["0", "1"]
    assert running(made, "1") == {"Monitor": "1.1.0.0", "Agent": "2.5"}
    made.redefine(Definition.of(scale_set(capacity=2, extensions={"Monitor": "1.1"})))
    assert running(made, "1") == {"Monitor": "1.1.0.0"}


def test_a_profile_that_asks_for_another_minor_leaves_the_machines_as_they_are() -> None:
    made = machines(scale_set(capacity=1, extensions={"Agent": "2.0"}))
    move(made, "0", "Agent", "2.5")
    assert made.redefine(Definition.of(scale_set(capacity=1, extensions={"Agent": "2.9"}))) == ([], [])
    assert running(made) == {"Agent": "2.5"}


def test_another_major_or_handler_is_another_installation() -> None:
    made = machines(scale_set(capacity=1, extensions={"Agent": "2.0"}))
    move(made, "0", "Agent", "2.5")
    made.redefine(Definition.of(scale_set(capacity=1, extensions={"Agent": "3.0"})))
    assert running(made) == {"Agent": "3.0.0.0"}


def test_an_extension_spelled_in_another_case_is_the_same_one() -> None:
    made = machines(scale_set(capacity=1, extensions={"Agent": "2.0"}))
    move(made, "0", "Agent", "2.5")
    made.redefine(Definition.of(scale_set(capacity=1, extensions={"AGENT": "2.0"})))
    assert running(made) == {"AGENT": "2.5"}


def test_a_probe_that_is_new_finds_all_machines_well() -> None:
    made = machines(scale_set(capacity=1, has_probe=False))
    before = made["0"]
    made.redefine(Definition.of(scale_set(capacity=1, has_probe=True)))
    assert [before.probe, made["0"].probe] == [ProbeState.NONE, ProbeState.HEALTHY]


def test_machines_that_run_the_same_share_one_mapping_of_it() -> None:
    made = machines(scale_set(capacity=1000))
    for name in made:
        move(made, name, "Agent", "2.5")
    assert len({id(instance.extensions) for instance in made.all()}) == 1
    assert sys.getsizeof(made["0"]) < 200


def test_a_failed_state_is_not_shared_with_one_that_is_well() -> None:
    made = machines(scale_set(capacity=2))
    failed = ExtensionState(
        name="Agent", version=Version("2.0.0.0"), provisioning_state=ProvisioningState.FAILED, code="x"
    )
    made.put_software(made["0"], {"Agent": failed})
    assert made.observe().extension_failed == {"0"}
    assert made["1"].extensions["Agent"].provisioning_state is ProvisioningState.SUCCEEDED


def test_the_newest_finished_operations_are_remembered() -> None:
    made = machines(scale_set(capacity=2))
    for number in range(REMEMBERED_OPERATIONS + 2):
        made.remember(answer(number))
    known = [number for number in range(REMEMBERED_OPERATIONS + 2) if made.answer_of("0", f"op/{number}")]
    assert known == list(range(2, REMEMBERED_OPERATIONS + 2))
    assert made.answer_of("1", "op/4") is None
