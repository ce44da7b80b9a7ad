"""A scale set: a named set of instances in one location, and what its owner wants of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.domain.extension import Extension
from tidegate.domain.probe import ProbeDefinition
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.rolling_policy import RollingUpgradePolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReference:
    """The platform image that instances are made from; empty parts where the resource names another kind of image."""

    publisher: str = ""
    offer: str = ""
    sku: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleSet:
    """The part of the ARM resource that Tidegate reads, beside the whole resource as it was given."""

    scale_set_id: ScaleSetId
    location: str
    capacity: int
    zones: tuple[str, ...]
    tags: Mapping[str, str]
    extensions: tuple[Extension, ...]
    rolling_upgrade_policy: RollingUpgradePolicy
    upgrade_mode: str
    """Automatic, Manual or Rolling."""
    orchestration_mode: str
    """Uniform or Flexible."""
    fault_domain_count: int
    image: ImageReference
    has_health_probe: bool
    """A load balancer probe in networkProfile.healthProbe: its id, its properties, or both."""
    has_application_health_extension: bool
    is_service_fabric: bool
    """Recognised from the extension profile: publisher Microsoft.Azure.ServiceFabric."""
    resource_json: str
    """The resource as it was put, unknown properties included, secrets removed: a JSON object."""
    etag: str
    health_probe: ProbeDefinition | None = None
    """What to ask of the hosts, in networkProfile.healthProbe.properties; None where the resource names an id alone."""

    @property
    def has_probe(self) -> bool:
        """Some source says whether the application on an instance is well."""
        return self.has_health_probe or self.has_application_health_extension

    def extension(self, name: str) -> Extension | None:
        """The profile's entry of that name, if there is one; names are compared without regard to case."""
        wanted = name.lower()
        return next((entry for entry in self.extensions if entry.name.lower() == wanted), None)
