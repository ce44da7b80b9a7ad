"""Cards of hosts and profiles for tests: small, complete, and changed in one place at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from tests.domain.examples import WEB
from tests.fleets.agents.world import AGENT
from tidegate.domain.arm_resource import read_scale_set
from tidegate.domain.extension import ExtensionType
from tidegate.domain.host import ExtensionReport, HandlerReport, HostName, Substatus
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet
from tidegate.fleets.agents.host_card import HostCard, Identity
from tidegate.fleets.agents.profile import Profile, read_profile


def identity(instance_id: str = "a", *, uid: str = "", scale_set: ScaleSetId = WEB) -> Identity:
    """Who a host is."""
    return Identity(
        uid=uid or f"uid-{instance_id}",
        name=HostName(scale_set=scale_set, instance_id=instance_id),
        zone="1",
        fault_domain=2,
        labels={"team": "web"},
        settings_certificate="PEM",
        credential_digest=b"d" * 32,
        token_id="0123456789abcdef",
        joined_at_ms=1_000,
    )


def card(instance_id: str = "a", *, uid: str = "", scale_set: ScaleSetId = WEB, **parts: Any) -> HostCard:
    """A host's card; `parts` are what is on it beside who the host is."""
    return HostCard(identity=identity(instance_id, uid=uid, scale_set=scale_set), **parts)


def report(
    version: str = "1.0",
    *,
    of: ExtensionType = AGENT,
    status: str = "Ready",
    code: int = 0,
    message: str = "",
    installed: str | None = None,
    extensions: Sequence[ExtensionReport] = (),
) -> HandlerReport:
    """A report of a handler that is well, unless something else is said; None for `installed` means the version."""
    return HandlerReport(
        extension_type=of,
        version=version,
        status=status,
        code=code,
        message=message,
        installed_version=version if installed is None else installed,
        handler_state="Enabled",
        extensions=tuple(extensions),
    )


def status(
    name: str = "Agent", state: str = "success", *, code: int = 0, message: str = "", parts: Sequence[Substatus] = ()
) -> ExtensionReport:
    """A report of an extension."""
    return ExtensionReport(
        extension_name=name, sequence_number=0, status=state, code=code, message=message, substatus=tuple(parts)
    )


def entry(name: str = "Agent", version: str = "2.0", *, type: str = "", **properties: Any) -> dict[str, Any]:  # noqa: A002
    """An entry of a profile, as ARM writes it; of publisher Contoso."""
    return {
        "name": name,
        "properties": {
            "publisher": "Contoso",
            "type": type or name,
            "typeHandlerVersion": version,
            **properties,
        },
    }


def placed(*entries: Mapping[str, Any], scale_set_id: ScaleSetId = WEB, etag: str = "1", **profile: Any) -> ScaleSet:
    """A scale set with these extensions, without a probe."""
    resource = {
        "location": "westeurope",
        "sku": {"capacity": 1},
        "properties": {"virtualMachineProfile": {"extensionProfile": {"extensions": list(entries)}, **profile}},
    }
    return read_scale_set(scale_set_id, resource, etag=etag)


def nothing_protected(scale_set_key: str, extension_name: str) -> str:
    """No extension has protected settings."""
    return ""


def profile(*entries: Mapping[str, Any]) -> Profile:
    """The profile with these entries."""
    return read_profile(placed(*entries), nothing_protected)


def renamed(given: HostCard, instance_id: str) -> HostCard:
    """Another host that is like the one given."""
    return dataclasses.replace(given, identity=identity(instance_id))
