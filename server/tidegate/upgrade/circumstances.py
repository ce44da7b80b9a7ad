"""Circumstances: the facts that are known before an upgrade begins, told of a scale set, an extension, an instance.

Law: a fact is never absent; what a thing does not have is told by the fact's neutral value. The names are those of
`tidegate.policy.facts`.
"""

from __future__ import annotations

from collections.abc import Mapping

from tidegate.domain.extension import Extension
from tidegate.domain.health import ProbeState
from tidegate.domain.instance import Instance
from tidegate.domain.rolling_policy import RollingUpgradePolicy
from tidegate.domain.scale_set import ScaleSet
from tidegate.domain.version import Version
from tidegate.policy.fact import FactValue
from tidegate.policy.facts import FACTS
from tidegate.upgrade.events import FactText
from tidegate.upgrade.plan import Trigger, UpgradeKind

NO_EXTENSION: Mapping[str, FactValue] = {
    name: fact.neutral for name, fact in FACTS.items() if name.startswith("extension.")
}
"""The extension.* facts of what is no extension, such as an image."""


_UNWELL = (ProbeState.UNHEALTHY, ProbeState.UNKNOWN)


def scale_set_facts(
    scale_set: ScaleSet, *, is_enrolled: bool, kind: UpgradeKind, trigger: Trigger, force: bool
) -> dict[str, FactText]:
    """The subscription.*, upgrade.* and scaleSet.* facts."""
    return {
        "subscription.id": scale_set.scale_set_id.subscription,
        "subscription.enrolled": is_enrolled,
        "upgrade.kind": kind.value,
        "upgrade.trigger": trigger.value,
        "upgrade.force": force,
        "scaleSet.name": scale_set.scale_set_id.name,
        "scaleSet.resourceGroup": scale_set.scale_set_id.resource_group,
        "scaleSet.location": scale_set.location,
        "scaleSet.zones": scale_set.zones,
        "scaleSet.tags": dict(scale_set.tags),
        "scaleSet.capacity": scale_set.capacity,
        "scaleSet.isServiceFabric": scale_set.is_service_fabric,
        "scaleSet.hasHealthProbe": scale_set.has_health_probe,
        "scaleSet.hasApplicationHealthExtension": scale_set.has_application_health_extension,
        "scaleSet.imagePublisher": scale_set.image.publisher,
        "scaleSet.imageOffer": scale_set.image.offer,
        "scaleSet.imageSku": scale_set.image.sku,
        "scaleSet.upgradeMode": scale_set.upgrade_mode,
        "scaleSet.orchestrationMode": scale_set.orchestration_mode,
        **_rolling_policy_facts(scale_set.rolling_upgrade_policy),
    }


def _rolling_policy_facts(policy: RollingUpgradePolicy) -> dict[str, FactText]:
    own: dict[str, FactText] = {
        "maxBatchInstancePercent": float(policy.max_batch_instance_percent),
        "maxUnhealthyInstancePercent": float(policy.max_unhealthy_instance_percent),
        "maxUnhealthyUpgradedInstancePercent": float(policy.max_unhealthy_upgraded_instance_percent),
        "pauseTimeBetweenBatches": policy.pause_between_batches_seconds,
        "enableCrossZoneUpgrade": policy.enable_cross_zone_upgrade,
        "prioritizeUnhealthyInstances": policy.prioritize_unhealthy_instances,
        "rollbackFailedInstancesOnPolicyBreach": policy.rollback_failed_instances_on_policy_breach,
        "maxSurge": policy.max_surge,
    }
    return {f"scaleSet.rollingUpgradePolicy.{name}": value for name, value in own.items()}


def extension_facts(
    extension: Extension, target_version: Version | None, target_age_seconds: float | None
) -> dict[str, FactValue]:
    """The extension.* facts; None for a target that does not exist, or an age that nobody knows."""
    return {
        "extension.name": extension.name,
        "extension.publisher": extension.extension_type.publisher,
        "extension.type": extension.extension_type.type,
        "extension.typeHandlerVersion": extension.type_handler_version,
        "extension.autoUpgradeMinorVersion": extension.auto_upgrade_minor_version,
        "extension.enableAutomaticUpgrade": extension.enable_automatic_upgrade,
        "extension.suppressFailures": extension.suppress_failures,
        "extension.targetVersion": target_version or NO_EXTENSION["extension.targetVersion"],
        "extension.targetVersionAge": -1.0 if target_age_seconds is None else target_age_seconds,
    }


def instance_facts(instance: Instance, kind: UpgradeKind) -> dict[str, FactValue]:
    """The instance.* facts; health by the model of the upgrade's kind."""
    return {
        "instance.id": instance.instance_id,
        "instance.zone": instance.zone,
        "instance.faultDomain": instance.fault_domain,
        "instance.isHealthy": not is_unhealthy(instance, kind),
        "instance.isProtected": instance.is_protected,
    }


def is_unhealthy(instance: Instance, kind: UpgradeKind) -> bool:
    """By the health model of the kind: an image upgrade asks the probe alone, an extension upgrade the extensions too.

    Unknown counts as unhealthy, and so does an instance that cannot be reached; Initializing does not yet.
    """
    if not instance.is_reachable or instance.probe in _UNWELL:
        return True
    return kind is not UpgradeKind.OS_IMAGE and instance.has_failed_extension
