"""The facts before an upgrade begins: what is known of a scale set now, told for each scope that rules ask about.

Law: everything is gathered first and at one moment; judging afterwards waits for nobody, so that one decision never
sees two different worlds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.domain.extension import Extension, ExtensionType
from tidegate.domain.instance import Instance
from tidegate.domain.refusal import ScaleSetNotFound
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet
from tidegate.domain.version import Version
from tidegate.executor.fleet_calls import FleetCalls
from tidegate.journal.register import Register
from tidegate.policy.fact import FactValue
from tidegate.upgrade import circumstances
from tidegate.upgrade.events import FactText
from tidegate.upgrade.plan import Trigger, UpgradeKind

_MILLISECONDS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What was known of a scale set at one moment."""

    at_ms: int
    scale_set: ScaleSet
    is_enrolled: bool
    instances: tuple[Instance, ...]
    published: Mapping[str, Mapping[Version, int]]
    """By the key of the extension type, its published versions and when each was published, in milliseconds."""

    def versions(self, extension_type: ExtensionType) -> frozenset[Version]:
        """The published versions of the type; none where nothing was published."""
        return frozenset(self.published.get(extension_type.key, {}))


async def survey(register: Register, fleet: FleetCalls, scale_set_id: ScaleSetId, at_ms: int) -> Survey:
    """Ask everybody about the scale set, which must not be deleted meanwhile.

    Raises:
        ScaleSetNotFound: it was never put.
        JournalUnavailable: the register cannot be read just now.
        FleetUnavailable: the fleet cannot be asked just now.
    """
    scale_set = await register.scale_set(scale_set_id)
    if scale_set is None:
        raise ScaleSetNotFound(str(scale_set_id))
    enrolment = await register.enrolment(scale_set_id.subscription.lower())
    published = {}
    for extension_type in dict.fromkeys(extension.extension_type for extension in scale_set.extensions):
        publications = await register.publications(extension_type)
        published[extension_type.key] = {each.version: each.published_at_ms for each in publications}
    return Survey(
        at_ms=at_ms,
        scale_set=scale_set,
        is_enrolled=enrolment is not None and enrolment.is_enrolled,
        instances=await _instances(fleet, scale_set),
        published=published,
    )


async def _instances(fleet: FleetCalls, scale_set: ScaleSet) -> tuple[Instance, ...]:
    try:
        return await fleet.instances(scale_set.scale_set_id)
    except ScaleSetNotFound:
        # It was put while the fleet could not be told.
        await fleet.place(scale_set)
        return await fleet.instances(scale_set.scale_set_id)


def scale_set_facts(found: Survey, *, kind: UpgradeKind, trigger: Trigger, force: bool) -> dict[str, FactText]:
    """The subscription.*, upgrade.* and scaleSet.* facts."""
    return circumstances.scale_set_facts(
        found.scale_set, is_enrolled=found.is_enrolled, kind=kind, trigger=trigger, force=force
    )


def extension_facts(found: Survey, extension: Extension, target: Version | None) -> dict[str, FactValue]:
    """The extension.* facts with that target, or without any."""
    published_at_ms = None if target is None else found.published[extension.extension_type.key][target]
    age_seconds = None if published_at_ms is None else max(0, found.at_ms - published_at_ms) / _MILLISECONDS
    return circumstances.extension_facts(extension, target, age_seconds)
