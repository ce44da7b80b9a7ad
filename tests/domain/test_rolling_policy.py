"""The scale set's own rolling upgrade policy has Azure's defaults, and they lie in Azure's ranges."""

import dataclasses

from tidegate.domain.rolling_policy import PERCENT_RANGES, RollingUpgradePolicy


def test_the_defaults_are_azures() -> None:
    assert dataclasses.astuple(RollingUpgradePolicy()) == (20, 20, 20, 0.0, False, False, False, False)


def test_the_ranges_are_azures() -> None:
    assert PERCENT_RANGES == {
        "maxBatchInstancePercent": (5, 100),
        "maxUnhealthyInstancePercent": (5, 100),
        "maxUnhealthyUpgradedInstancePercent": (0, 100),
    }
