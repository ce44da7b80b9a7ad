"""Scale sets and resources for tests: small, complete, and changed in one place at a time."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from tidegate.domain.arm_resource import read_scale_set
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet

# `Any` in this module: a JSON document, which a test takes apart and changes at will.

WEB = ScaleSetId(subscription="sub", resource_group="fleet", name="web")

NESTED: Mapping[str, Any] = {
    "location": "westeurope",
    "tags": {"team": "edge"},
    "zones": ["1", "2"],
    "sku": {"name": "Standard_D2s_v5", "capacity": 6},
    "properties": {
        "orchestrationMode": "Uniform",
        "upgradePolicy": {
            "mode": "Rolling",
            "rollingUpgradePolicy": {
                "maxBatchInstancePercent": 40,
                "maxUnhealthyInstancePercent": 30,
                "maxUnhealthyUpgradedInstancePercent": 0,
                "pauseTimeBetweenBatches": "PT2M",
                "enableCrossZoneUpgrade": True,
                "prioritizeUnhealthyInstances": True,
                "rollbackFailedInstancesOnPolicyBreach": True,
                "maxSurge": True,
            },
        },
        "virtualMachineProfile": {
            "storageProfile": {
                "imageReference": {"publisher": "Canonical", "offer": "noble", "sku": "server", "version": "24.04.1"}
            },
            "networkProfile": {"healthProbe": {"id": "/probes/http"}},
            "extensionProfile": {
                "extensions": [
                    {
                        "name": "AppHealth",
                        "properties": {
                            "publisher": "Microsoft.ManagedServices",
                            "type": "ApplicationHealthLinux",
                            "typeHandlerVersion": "2.0",
                            "autoUpgradeMinorVersion": True,
                            "enableAutomaticUpgrade": True,
                            "suppressFailures": True,
                            "provisionAfterExtensions": ["Monitor"],
                            "settings": {"port": 80},
                        },
                    },
                    {
                        "name": "Monitor",
                        "properties": {
                            "publisher": "Microsoft.Azure.Monitor",
                            "type": "AzureMonitorLinuxAgent",
                            "typeHandlerVersion": "1.10",
                        },
                    },
                ]
            },
        },
    },
}
"""As ARM writes it."""

FLATTENED: Mapping[str, Any] = {
    "location": "westeurope",
    "identity": None,
    "plan": None,
    "resourceGroup": "fleet",
    "tags": {"team": "edge"},
    "type": "Microsoft.Compute/virtualMachineScaleSets",
    "zones": ["1", "2"],
    "sku": {"capacity": 6, "name": "Standard_D2s_v5", "tier": "Standard"},
    "orchestrationMode": "Uniform",
    "platformFaultDomainCount": None,
    "upgradePolicy": {**NESTED["properties"]["upgradePolicy"], "automaticOsUpgradePolicy": None},
    "virtualMachineProfile": {
        "diagnosticsProfile": None,
        "storageProfile": NESTED["properties"]["virtualMachineProfile"]["storageProfile"],
        "networkProfile": {"healthProbe": {"id": "/probes/http"}},
        "extensionProfile": {
            "extensionsTimeBudget": None,
            "extensions": [
                {
                    "name": "AppHealth",
                    "type": "Microsoft.Compute/virtualMachineScaleSets/extensions",
                    "publisher": "Microsoft.ManagedServices",
                    "typePropertiesType": "ApplicationHealthLinux",
                    "typeHandlerVersion": "2.0",
                    "autoUpgradeMinorVersion": True,
                    "enableAutomaticUpgrade": True,
                    "suppressFailures": True,
                    "provisionAfterExtensions": ["Monitor"],
                    "provisioningState": None,
                    "settings": {"port": 80},
                },
                {
                    "name": "Monitor",
                    "publisher": "Microsoft.Azure.Monitor",
                    "type": "AzureMonitorLinuxAgent",
                    "typePropertiesType": None,
                    "typeHandlerVersion": "1.10",
                    "autoUpgradeMinorVersion": None,
                    "enableAutomaticUpgrade": None,
                    "provisionAfterExtensions": None,
                },
            ],
        },
    },
}
"""The same as `az vmss show` prints it: no `properties`, and null for whatever is not there."""


PROBE: Mapping[str, Any] = {"protocol": "Tcp", "port": 80, "intervalInSeconds": 1, "probeThreshold": 1}
"""The properties of a probe that makes up its mind at once. Hosts name ports of their own."""


def changed(path: str, value: object, resource: Mapping[str, Any] = NESTED) -> dict[str, Any]:
    """A copy of `resource` with `value` at a path such as `sku.capacity` or `properties.x.extensions.0.name`."""
    document: Any = copy.deepcopy(dict(resource))
    at = document
    *steps, last = path.split(".")
    for step in steps:
        at = at[int(step)] if isinstance(at, list) else at.setdefault(step, {})
    if isinstance(at, list):
        at[int(last)] = value
    else:
        at[last] = value
    result: dict[str, Any] = document
    return result


def scale_set(
    *,
    capacity: int = 6,
    zones: Sequence[str] = (),
    extensions: Mapping[str, str] | None = None,
    has_probe: bool = True,
    image_version: str = "latest",
    fault_domain_count: int | None = None,
    scale_set_id: ScaleSetId = WEB,
    etag: str = "1",
) -> ScaleSet:
    """A scale set with these extensions, name to typeHandlerVersion, all of publisher Contoso."""
    entries = [
        {"name": name, "properties": {"publisher": "Contoso", "type": name, "typeHandlerVersion": version}}
        for name, version in ({"Agent": "2.0"} if extensions is None else extensions).items()
    ]
    resource = {
        "location": "westeurope",
        "zones": list(zones),
        "sku": {"capacity": capacity},
        "properties": {
            "platformFaultDomainCount": fault_domain_count,
            "virtualMachineProfile": {
                "storageProfile": {"imageReference": {"publisher": "Contoso", "version": image_version}},
                "networkProfile": {"healthProbe": {"id": "/probes/tcp", "properties": PROBE} if has_probe else None},
                "extensionProfile": {"extensions": entries},
            },
        },
    }
    return read_scale_set(scale_set_id, resource, etag=etag)
