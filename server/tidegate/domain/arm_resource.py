"""A scale set as Azure Resource Manager writes it, read into the words of the domain and given back.

Two spellings are read: ARM's own (templates, GET), with a `properties` level, and the flattened one that `az` prints.
Law: what is not read is kept as it is; what is read is right or refused with its JSON path, all problems at once.
Source: the resource type Microsoft.Compute/virtualMachineScaleSets and the ranges its SDKs check.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from tidegate.domain.arm_extension import RESOURCE_TYPE as EXTENSION_RESOURCE_TYPE
from tidegate.domain.arm_extension import is_automatic_by_default, properties_of, read_extension
from tidegate.domain.duration import MalformedDuration, parse_duration
from tidegate.domain.extension import Extension
from tidegate.domain.json_reading import Problems, Reading, find_name, is_expression, read_document
from tidegate.domain.resource_id import MalformedId, ScaleSetId
from tidegate.domain.rolling_policy import PERCENT_RANGES, RollingUpgradePolicy
from tidegate.domain.scale_set import ImageReference, ScaleSet
from tidegate.domain.write_only import strip_secrets

__all__ = [
    "EXTENSION_RESOURCE_TYPE",
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
    network = profile.at("networkProfile")
    extensions = _extensions(profile.at("extensionProfile"), root.at("apiVersion"))
    zones = tuple(_filled(zone, "a zone such as 1") for zone in root.at("zones").items())
    orchestration = _one_of(properties.at("orchestrationMode"), _ORCHESTRATIONS, default="Uniform")
    fault_domains = 1 if zones or orchestration == "Flexible" else _MAX_FAULT_DOMAINS
    upgrade = properties.at("upgradePolicy")
    scale_set = ScaleSet(
        scale_set_id=scale_set_id,
        location=location if location is not None else _filled(root.at("location"), "a location such as westeurope"),
        capacity=_capacity(root.at("sku")),
        zones=zones,
        tags={name: root.at("tags").at(name).text() for name in root.at("tags").members()},
        extensions=extensions,
        rolling_upgrade_policy=_rolling_policy(upgrade.at("rollingUpgradePolicy")),
        upgrade_mode=_one_of(upgrade.at("mode"), _MODES, default="Manual"),
        orchestration_mode=orchestration,
        fault_domain_count=properties.at("platformFaultDomainCount").whole(
            fault_domains, low=1, high=_MAX_FAULT_DOMAINS
        ),
        image=_image(profile.at("storageProfile").at("imageReference")),
        has_health_probe=not network.at("healthProbe").at("id").is_absent,
        has_application_health_extension=any(map(_reports_application_health, extensions)),
        is_service_fabric=any(map(_is_service_fabric, extensions)),
        resource_json="",
        etag=etag,
    )
    problems.refuse_any()
    return _with_resource(scale_set, resource)


def to_resource(scale_set: ScaleSet) -> dict[str, object]:
    """The resource as it was put, without its secrets, with `id`, `name`, `type`, `location` and `etag` filled in."""
    resource = _resource(scale_set)
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


def put_extension(scale_set: ScaleSet, name: str, extension_resource: Mapping[str, object]) -> dict[str, object]:
    """The scale set's resource with the child resource `name` added to its extension profile, or in place of the old.

    Raises:
        TemplateExpression, MalformedResource: as `read_scale_set`, with paths that begin at the child resource.
    """
    problems = Problems()
    child = read_document(extension_resource, problems)
    _check_child_identity(scale_set.scale_set_id, name, child)
    extension = read_extension(child, name=name, api_version=child.at("apiVersion"))
    problems.refuse_any()
    resource = _resource(scale_set)
    entries = _entries(resource, create=True)
    entry = _entry(extension, extension_resource, is_automatic_in(resource))
    at = _position(entries, name)
    if at is None:
        entries.append(entry)
    else:
        entries[at] = entry
    return resource
