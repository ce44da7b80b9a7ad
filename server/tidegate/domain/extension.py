"""Extensions: what a scale set's profile asks for, and what an instance runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from tidegate.domain.version import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionType:
    """A handler's identity, publisher and type, compared without regard to case."""

    publisher: str = field(compare=False)
    type: str = field(compare=False)
    key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"{self.publisher}/{self.type}".lower())

    def __str__(self) -> str:
        return f"{self.publisher}/{self.type}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """One entry of a scale set's extension profile, without its settings (they stay in the resource)."""

    name: str
    extension_type: ExtensionType
    type_handler_version: Version
    """Major.Minor as the profile asks for it."""
    auto_upgrade_minor_version: bool
    enable_automatic_upgrade: bool
    suppress_failures: bool
    provision_after: tuple[str, ...]


class ProvisioningState(StrEnum):
    """How an extension stands on one instance; the spellings of Azure's instance view."""

    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    UPDATING = "Updating"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionState:
    """What one instance runs of one extension."""

    name: str
    version: Version
    """The one that runs; while none does yet, the one that is being installed."""
    provisioning_state: ProvisioningState = ProvisioningState.SUCCEEDED
    code: str = ""
    """The handler's error code where provisioning failed."""
    message: str = ""
    """The handler's own words where provisioning failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A version of an extension type made available to every scale set."""

    extension_type: ExtensionType
    version: Version
    published_at_ms: int
    """Milliseconds since the Unix epoch, UTC."""
