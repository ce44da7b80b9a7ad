"""The scale sets and machines of the demo."""

import json

import pytest

from tidegate.cli.demo.definitions import definition, scenario_text
from tidegate.domain.arm_resource import read_scale_set
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet
from tidegate.fleets.faults import InstallFails, ProbeTurns
from tidegate.fleets.scenario import read_scenario


def read(name: str, speed: float = 1.0) -> ScaleSet:
    found = definition(name, speed)
    scale_set_id = ScaleSetId.parse(found.scale_set)
    scale_set = read_scale_set(scale_set_id, json.loads(found.resource_json), etag="e")
    assert scale_set.capacity == found.capacity
    return scale_set


def test_the_first_has_zones_a_probe_and_an_extension_that_is_pinned() -> None:
    web = read("web-frontend")
    assert (web.zones, web.capacity, web.has_probe, web.is_service_fabric) == (("1", "2", "3"), 36, True, False)
    assert [extension.auto_upgrade_minor_version for extension in web.extensions] == [True, True, False]


def test_the_second_is_regional() -> None:
    api = read("api-workers")
    assert (api.zones, api.has_probe, api.fault_domain_count) == ((), True, 5)


def test_the_third_is_a_service_fabric_cluster() -> None:
    assert read("sf-nt1").is_service_fabric


def test_machines_fail_where_the_story_needs_it() -> None:
    scenario = read_scenario(scenario_text(1.0), "fleet.yaml")
    probe, fails = scenario.faults
    assert isinstance(probe, ProbeTurns)
    assert isinstance(fails, InstallFails)
    assert fails.where.scale_set == "api-workers"


@pytest.mark.parametrize("speed", [0.5, 4.0])
def test_everything_is_so_many_times_as_quick(speed: float) -> None:
    usual, other = (read_scenario(scenario_text(each), "fleet.yaml") for each in (1.0, speed))
    assert other.upgrade_seconds == pytest.approx(usual.upgrade_seconds / speed)
    pause = read("web-frontend", speed).rolling_upgrade_policy.pause_between_batches_seconds
    assert pause == pytest.approx(1 / speed)
