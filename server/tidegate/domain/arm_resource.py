"""A scale set as Azure Resource Manager writes it, read into the words of the domain and given back.

Two spellings are read: ARM's own (templates, GET), with a `properties` level, and the flattened one that `az` prints.
Law: what is not read is kept as it is; what is read is right or refused with its JSON path, all problems at once.
Source: the resource type Microsoft.Compute/virtualMachineScaleSets and the ranges its SDKs check.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from tidegate.domain.application_health import is_application_health
from tidegate.domain.arm_extension import properties_of, read_extension
from tidegate.domain.duration import MalformedDuration, parse_duration
from tidegate.domain.extension import Extension
from tidegate.domain.extension_profile import extension_resources, put_extension, remove_extension
from tidegate.domain.json_reading import Problems, Reading, find_name, is_expression, read_document
from tidegate.domain.probe import read_probe
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.rolling_policy import PERCENT_RANGES, RollingUpgradePolicy
from tidegate.domain.scale_set import ImageReference, ScaleSet
from tidegate.domain.write_only import strip_secrets

__all__ = [
    "MAX_CAPACITY",
    "RESOURCE_TYPE",
    "extension_resources",
    "put_extension",
    "read_scale_set",
    "remove_extension",
    "strip_secrets",
    "to_resource",
]

RESOURCE_TYPE = "Microsoft.Compute/virtualMachineScaleSets"
MAX_CAPACITY = 200_000
"""The most instances this server takes in one scale set; Azure stops at 1,000."""
MAX_PAUSE_SECONDS = 604_800.0
"""A pause between batches of more than a week is taken for a mistake."""

_MODES = ("Automatic", "Manual", "Rolling")
_ORCHESTRATIONS = ("Uniform", "Flexible")
_MAX_FAULT_DOMAINS = 5


def read_scale_set(
    scale_set_id: ScaleSetId, resource: Mapping[str, object], *, location: str | None = None, etag: str
) -> ScaleSet:
    """The scale set that `resource` describes.

    `scale_set_id` says which one it is. The resource's own `id`, `name` and `type` may be absent or expressions, but
    must not contradict it. `location` is used instead of the resource's where it is given. Without `sku` the capacity
    is 0 (a flexible scale set before its first machine). Without `platformFaultDomainCount` there are 5 fault domains,
    or 1 where the scale set has zones or is flexible, since Azure then spreads as far as it can.

    Raises:
        TemplateExpression: a value that is read is still an expression of a template.
        MalformedResource: something that is read is missing or wrong, or the whole is too large or too deep.
    """
    problems = Problems()
    root = read_document(resource, problems)
    _check_identity(scale_set_id, root)
    properties = properties_of(root)
    profile = properties.at("virtualMachineProfile")
    probe = profile.at("networkProfile").at("healthProbe")
    probe_properties = probe.at("properties")
    extensions = _extensions(profile.at("extensionProfile"), root.at("apiVersion"))
    zones = tuple(zone.filled("a zone such as 1") for zone in root.at("zones").items())
    orchestration = properties.at("orchestrationMode").one_of(_ORCHESTRATIONS, default="Uniform")
    fault_domains = 1 if zones or orchestration == "Flexible" else _MAX_FAULT_DOMAINS
    upgrade = properties.at("upgradePolicy")
    scale_set = ScaleSet(
        scale_set_id=scale_set_id,
        location=location if location is not None else root.at("location").filled("a location such as westeurope"),
        capacity=_capacity(root.at("sku")),
        zones=zones,
        tags=_tags(root.at("tags")),
        extensions=extensions,
        rolling_upgrade_policy=_rolling_policy(upgrade.at("rollingUpgradePolicy")),
        upgrade_mode=upgrade.at("mode").one_of(_MODES, default="Manual"),
        orchestration_mode=orchestration,
        fault_domain_count=properties.at("platformFaultDomainCount").whole(
            fault_domains, low=1, high=_MAX_FAULT_DOMAINS
        ),
        image=_image(profile.at("storageProfile").at("imageReference")),
        has_health_probe=not (probe.at("id").is_absent and probe_properties.is_absent),
        has_application_health_extension=any(
            is_application_health(extension.extension_type) for extension in extensions
        ),
        is_service_fabric=any(map(_is_service_fabric, extensions)),
        resource_json=json.dumps(strip_secrets(resource), ensure_ascii=False, separators=(",", ":")),
        etag=etag,
        health_probe=read_probe(probe_properties),
    )
    problems.refuse_any()
    return scale_set


def to_resource(scale_set: ScaleSet) -> dict[str, object]:
    """The resource as it was put, without its secrets, with `id`, `name`, `type`, `location` and `etag` filled in."""
    resource: dict[str, object] = json.loads(scale_set.resource_json)
    identity = {
        "id": str(scale_set.scale_set_id),
        "name": scale_set.scale_set_id.name,
        "type": RESOURCE_TYPE,
        "location": scale_set.location,
        "etag": scale_set.etag,
    }
    for name, value in identity.items():
        resource[find_name(resource, name) or name] = value
    return resource


def _check_identity(scale_set_id: ScaleSetId, root: Reading) -> None:
    """What the resource says of itself must not contradict the id; an expression contradicts nothing."""
    given_id = _said(root.at("id"))
    if given_id and given_id.lower() != scale_set_id.key:
        root.at("id").refuse(f"is another scale set's; this one is {scale_set_id}")
    given_name = _said(root.at("name"))
    if given_name and given_name.lower() != scale_set_id.name.lower():
        root.at("name").refuse(f"is another scale set's; this one is {scale_set_id.name}")
    given_type = _said(root.at("type"))
    if given_type and given_type.lower() != RESOURCE_TYPE.lower():
        root.at("type").refuse(f"is another kind of resource; write {RESOURCE_TYPE}")


def _said(reading: Reading) -> str:
    """The text, or empty where there is none or where it is an expression: nothing that could contradict."""
    return "" if isinstance(reading.value, str) and is_expression(reading.value) else reading.text()


def _capacity(sku: Reading) -> int:
    if sku.is_absent:
        return 0
    capacity = sku.at("capacity")
    if capacity.is_absent:
        capacity.refuse("is missing; write how many instances there are")
    return capacity.whole(0, low=0, high=MAX_CAPACITY)


def _tags(tags: Reading) -> dict[str, str]:
    return {name: tags.at(name).label() for name in tags.members()}


def _extensions(profile: Reading, api_version: Reading) -> tuple[Extension, ...]:
    if not profile.at("copy").is_absent:
        profile.problems.copy_loop(profile.at("copy").path)
    entries = profile.at("extensions").items()
    extensions = tuple(read_extension(entry, api_version=api_version) for entry in entries)
    first_of: dict[str, str] = {}
    for entry, extension in zip(entries, extensions, strict=True):
        first = first_of.setdefault(extension.name.lower(), entry.path)
        if first != entry.path and extension.name:
            entry.at("name").refuse(f"is {extension.name!r}, the name of {first} too; write another name")
    return extensions


def _rolling_policy(policy: Reading) -> RollingUpgradePolicy:
    default = RollingUpgradePolicy()

    def percent(name: str, default_percent: int) -> int:
        low, high = PERCENT_RANGES[name]
        return policy.at(name).whole(default_percent, low=low, high=high)

    return RollingUpgradePolicy(
        max_batch_instance_percent=percent("maxBatchInstancePercent", default.max_batch_instance_percent),
        max_unhealthy_instance_percent=percent("maxUnhealthyInstancePercent", default.max_unhealthy_instance_percent),
        max_unhealthy_upgraded_instance_percent=percent(
            "maxUnhealthyUpgradedInstancePercent", default.max_unhealthy_upgraded_instance_percent
        ),
        pause_between_batches_seconds=_pause_seconds(policy.at("pauseTimeBetweenBatches")),
        enable_cross_zone_upgrade=policy.at("enableCrossZoneUpgrade").flag(default=False),
        prioritize_unhealthy_instances=policy.at("prioritizeUnhealthyInstances").flag(default=False),
        rollback_failed_instances_on_policy_breach=policy.at("rollbackFailedInstancesOnPolicyBreach").flag(
            default=False
        ),
        max_surge=policy.at("maxSurge").flag(default=False),
    )


def _pause_seconds(pause: Reading) -> float:
    try:
        seconds = parse_duration(pause.text("PT0S"))
    except MalformedDuration as malformed:
        pause.refuse(str(malformed))
        return 0.0
    if seconds > MAX_PAUSE_SECONDS:
        pause.refuse("is longer than a week; write at most P7D")
    return seconds


def _image(reference: Reading) -> ImageReference:
    return ImageReference(
        publisher=reference.at("publisher").text(),
        offer=reference.at("offer").text(),
        sku=reference.at("sku").text(),
        version=reference.at("version").text(),
    )


def _is_service_fabric(extension: Extension) -> bool:
    """By the publisher alone, since its types change: ServiceFabricNode, ServiceFabricLinuxNode, and others after."""
    publisher = extension.extension_type.publisher.lower()
    return publisher == "microsoft.azure.servicefabric" or publisher.startswith("microsoft.azure.servicefabric.")
