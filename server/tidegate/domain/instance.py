"""One machine of a scale set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.domain.extension import ExtensionState, ProvisioningState
from tidegate.domain.health import ProbeState


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An instance as its fleet last knew it."""

    instance_id: str
    zone: str
    """Empty where the scale set is regional."""
    fault_domain: int
    extensions: Mapping[str, ExtensionState]
    """By extension name."""
    probe: ProbeState
    image_version: str
    """The exact version of its operating system image; empty where the fleet does not know it."""
    is_protected: bool = False
    """protectFromScaleSetActions: no upgrade may touch it."""
    is_reachable: bool = True

    @property
    def has_failed_extension(self) -> bool:
        """At least one extension did not provision."""
        return any(state.provisioning_state is ProvisioningState.FAILED for state in self.extensions.values())
