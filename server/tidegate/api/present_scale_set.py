"""Scale sets and their instances on the wire."""

from __future__ import annotations

from tidegate.api.present_moment import present_duration
from tidegate.domain.extension import Extension, ExtensionState, ProvisioningState
from tidegate.domain.health import ProbeState
from tidegate.domain.instance import Instance
from tidegate.domain.rolling_policy import RollingUpgradePolicy
from tidegate.domain.scale_set import ScaleSet
from tidegate.v1 import rolling_upgrade_pb2
from tidegate.v1 import scale_set_service_pb2 as pb

_PROBES = {state: pb.ProbeState.Value(f"PROBE_STATE_{state.name}") for state in ProbeState}
_PROVISIONING = {state: pb.ProvisioningState.Value(f"PROVISIONING_STATE_{state.name}") for state in ProvisioningState}


def present_scale_set(scale_set: ScaleSet, *, is_enrolled: bool, with_resource: bool = True) -> pb.ScaleSet:
    """A scale set; the ARM resource it was read from, secrets removed, only where it is asked for."""
    return pb.ScaleSet(
        name=str(scale_set.scale_set_id),
        location=scale_set.location,
        capacity=scale_set.capacity,
        zones=scale_set.zones,
        tags=scale_set.tags,
        extensions=[_extension(extension) for extension in scale_set.extensions],
        rolling_upgrade_policy=present_rolling_policy(scale_set.rolling_upgrade_policy),
        upgrade_mode=scale_set.upgrade_mode,
        is_service_fabric=scale_set.is_service_fabric,
        has_health_probe=scale_set.has_probe,
        resource_json=scale_set.resource_json if with_resource else "",
        etag=scale_set.etag,
        is_enrolled=is_enrolled,
    )


def present_rolling_policy(policy: RollingUpgradePolicy) -> rolling_upgrade_pb2.RollingUpgradePolicy:
    """A scale set's own rolling upgrade policy."""
    return rolling_upgrade_pb2.RollingUpgradePolicy(
        max_batch_instance_percent=policy.max_batch_instance_percent,
        max_unhealthy_instance_percent=policy.max_unhealthy_instance_percent,
        max_unhealthy_upgraded_instance_percent=policy.max_unhealthy_upgraded_instance_percent,
        pause_time_between_batches=present_duration(policy.pause_between_batches_seconds),
        enable_cross_zone_upgrade=policy.enable_cross_zone_upgrade,
        prioritize_unhealthy_instances=policy.prioritize_unhealthy_instances,
        rollback_failed_instances_on_policy_breach=policy.rollback_failed_instances_on_policy_breach,
        max_surge=policy.max_surge,
    )


def present_instance(instance: Instance) -> pb.Instance:
    """One machine with what it runs."""
    return pb.Instance(
        instance_id=instance.instance_id,
        zone=instance.zone,
        fault_domain=instance.fault_domain,
        probe=_PROBES[instance.probe],
        extensions=[_state(state) for state in instance.extensions.values()],
        image_version=instance.image_version,
        is_protected=instance.is_protected,
        is_reachable=instance.is_reachable,
    )


def _extension(extension: Extension) -> pb.Extension:
    return pb.Extension(
        name=extension.name,
        publisher=extension.extension_type.publisher,
        type=extension.extension_type.type,
        type_handler_version=str(extension.type_handler_version),
        auto_upgrade_minor_version=extension.auto_upgrade_minor_version,
        enable_automatic_upgrade=extension.enable_automatic_upgrade,
    )


def _state(state: ExtensionState) -> pb.InstanceExtension:
    return pb.InstanceExtension(
        name=state.name,
        version=str(state.version),
        provisioning_state=_PROVISIONING[state.provisioning_state],
        code=state.code,
        message=state.message,
    )
