"""A scale set's own rollingUpgradePolicy, with Azure's defaults and ranges.

Source: the rolling upgrade policy of Microsoft.Compute/virtualMachineScaleSets and the validation its SDKs do.
"""

from __future__ import annotations

from dataclasses import dataclass

PERCENT_RANGES = {
    "maxBatchInstancePercent": (5, 100),
    "maxUnhealthyInstancePercent": (5, 100),
    "maxUnhealthyUpgradedInstancePercent": (0, 100),
}
"""Inclusive ranges of the three percentages, by their ARM names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingUpgradePolicy:
    """How the scale set's owner wants it upgraded; every value has Azure's default."""

    max_batch_instance_percent: int = 20
    max_unhealthy_instance_percent: int = 20
    max_unhealthy_upgraded_instance_percent: int = 20
    pause_between_batches_seconds: float = 0.0
    enable_cross_zone_upgrade: bool = False
    prioritize_unhealthy_instances: bool = False
    rollback_failed_instances_on_policy_breach: bool = False
    max_surge: bool = False
