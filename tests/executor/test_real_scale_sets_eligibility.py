"""Real scale sets out of public templates: the shipped `azure-default` decides about each as its index says.

A Service Fabric cluster is not eligible; of any other scale set those extensions take part whose profile wants minor
versions (`aumv=true` in the index), and none is eligible whose every extension does not.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.domain.test_real_scale_sets import Real, deployed, extensions_in, outcome, real_ones, take_in
from tests.executor.world import EPOCH_MS, shipped
from tidegate.domain.scale_set import ScaleSet
from tidegate.domain.version import Version
from tidegate.executor.considering import Considered, Wish, consider
from tidegate.executor.facts import Survey
from tidegate.executor.policy_keeper import PolicyKeeper
from tidegate.upgrade.plan import UpgradeKind


def taken_in(shared_data: Path, form: str) -> Iterator[tuple[Real, ScaleSet]]:
    """Every file that is taken in: as it is, or once somebody has filled its expressions in."""
    for real in real_ones(shared_data, "resolved"):
        if form == "filled in":
            yield real, take_in(deployed(real))
        elif isinstance(scale_set := outcome(real), ScaleSet):
            yield real, scale_set


def considered(scale_set: ScaleSet, keeper: PolicyKeeper) -> Considered:
    """In an enrolled subscription, with a newer minor version of each of its extensions."""
    published = {
        each.extension_type.key: {
            Version(f"{each.type_handler_version.major}.{each.type_handler_version.minor + 1}"): 0
        }
        for each in scale_set.extensions
    }
    found = Survey(at_ms=EPOCH_MS, scale_set=scale_set, is_enrolled=True, instances=(), published=published)
    return consider(found, Wish(kind=UpgradeKind.EXTENSION), keeper)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("as it is", {"eligible": 33, "extensions that take part": 34, "extensions left out": 0}),
        (
            "filled in",
            {
                "eligible": 62,
                "Service Fabric": 34,
                "all extensions pinned": 2,
                "extensions that take part": 124,
                "extensions left out": 16,
            },
        ),
    ],
)
def test_each_is_decided_as_its_index_says(
    shared_data: Path, capsys: pytest.CaptureFixture[str], form: str, expected: dict[str, int]
) -> None:
    keeper, counted = PolicyKeeper(shipped("azure-default")), Counter[str]()
    for real, scale_set in taken_in(shared_data, form):
        name, said = real.row["file"], considered(scale_set, keeper)
        wanted = [
            is_wanted or "aumv=expr" in entry
            for entry, (_, is_wanted) in zip(entries(real), extensions_in(real.row), strict=True)
        ]
        is_cluster = real.row["service_fabric"] == "True"
        assert [each.is_allowed for each in said.extensions] == wanted, name
        assert ([denial.rule for denial in said.scale_set.denials] == ["no-service-fabric"]) is is_cluster, name
        assert said.is_eligible is (not is_cluster and (not wanted or any(wanted))), name
        counted["eligible" if said.is_eligible else "Service Fabric" if is_cluster else "all extensions pinned"] += 1
        counted["extensions that take part"] += sum(wanted)
        counted["extensions left out"] += len(wanted) - sum(wanted)
    with capsys.disabled():
        print(f"\n{form}: {dict(counted)}", end=" ")  # noqa: T201 - the numbers are the point
    assert counted == expected


def entries(real: Real) -> list[str]:
    """The extensions as the index writes them."""
    return [entry for entry in real.row["extensions"].split("; ") if entry]
