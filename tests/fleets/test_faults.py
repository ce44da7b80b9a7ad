"""Where a fault holds: the scale set, the move, and what an instance runs."""

import dataclasses

import pytest

from tests.domain.examples import WEB
from tests.fleets.orders import to_image, to_version
from tidegate.domain.extension import ExtensionState, ProvisioningState
from tidegate.domain.health import ProbeState
from tidegate.domain.instance import Instance
from tidegate.domain.order import Move
from tidegate.domain.version import Version
from tidegate.fleets.faults import IMAGE, Where, image_version

INSTANCE = Instance(
    instance_id="0",
    zone="",
    fault_domain=0,
    extensions={
        "Agent": ExtensionState(name="Agent", version=Version("2.1.0.0")),
        "Broken": ExtensionState(
            name="Broken", version=Version("3.0"), provisioning_state=ProvisioningState.FAILED, code="x"
        ),
    },
    probe=ProbeState.HEALTHY,
    image_version="24.04.1",
)


@pytest.mark.parametrize(
    ("scale_set", "fits"),
    [(None, True), ("web", True), ("WEB", True), (str(WEB).upper(), True), ("we", False), ("api", False)],
)
def test_a_scale_set_is_named_by_its_name_or_whole_id(scale_set: str | None, fits: bool) -> None:
    assert Where(scale_set=scale_set).fits_scale_set(WEB) is fits


@pytest.mark.parametrize(
    ("where", "move", "fits"),
    [
        (Where(), to_version("2.1"), True),
        (Where(), to_image("2.1"), True),
        (Where(extension="agent"), to_version("2.1"), True),
        (Where(extension="agent"), to_image("2.1"), False),
        (Where(extension="Monitor"), to_version("2.1"), False),
        (Where(version=Version("2.1")), to_version("2.1.0.0"), True),
        (Where(version=Version("2.1")), to_version("2.2"), False),
        (Where(version=Version("2.1")), to_image("2.1"), True),
        (Where(extension=IMAGE), to_image("2.1"), True),
        (Where(extension=IMAGE), to_version("2.1"), False),
        (Where(extension=IMAGE, version=Version("2.2")), to_image("2.1"), False),
    ],
)
def test_a_move_fits_by_extension_and_version(where: Where, move: Move, fits: bool) -> None:
    assert where.fits_move(move) is fits


@pytest.mark.parametrize(
    ("where", "runs"),
    [
        (Where(), True),
        (Where(extension="AGENT"), True),
        (Where(extension="Agent", version=Version("2.1")), True),
        (Where(extension="Agent", version=Version("2.0")), False),
        (Where(version=Version("2.1")), True),
        (Where(version=Version("3.0")), False),
        (Where(extension="Broken"), False),
        (Where(extension="Monitor"), False),
        (Where(extension=IMAGE), True),
        (Where(extension=IMAGE, version=Version("24.04.1")), True),
        (Where(extension=IMAGE, version=Version("24.04.2")), False),
    ],
)
def test_an_instance_runs_what_the_fault_is_about_or_does_not(where: Where, runs: bool) -> None:
    assert where.fits_software(INSTANCE) is runs


def test_an_instance_without_a_known_image_runs_no_version_of_one() -> None:
    unknown = dataclasses.replace(INSTANCE, image_version="")
    assert image_version(unknown) is None
    assert not Where(extension=IMAGE, version=Version("1.0")).fits_software(unknown)


@pytest.mark.parametrize("wrong", [{"share": 0.0}, {"share": 1.1}, {"times": 0}])
def test_a_fault_that_would_never_hold_is_a_mistake(wrong: dict[str, float]) -> None:
    with pytest.raises(AssertionError):
        Where(**wrong)  # type: ignore[arg-type]
