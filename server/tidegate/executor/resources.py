"""Resources: what the server is told of the world, scale sets, enrolled subscriptions and published versions.

Law: what was told is durable before it is acknowledged, and the fleet and the autopilot hear of it right after; where
a crash comes between, they hear of it when the server opens again. A package is kept before its version is published,
so that hosts can fetch whatever is published with one. Secrets are dropped while a resource is read; protected settings
alone go to their keeper, where there is one, and nowhere else.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from tidegate.domain.arm_resource import read_scale_set
from tidegate.domain.extension import ExtensionType, Publication
from tidegate.domain.extension_profile import put_extension
from tidegate.domain.host_refusal import PackagesUnavailable
from tidegate.domain.instance import Instance
from tidegate.domain.package import Package
from tidegate.domain.protected_settings import (
    ProtectedSettings,
    protected_settings_of,
    protected_settings_of_child,
)
from tidegate.domain.refusal import (
    EtagMismatch,
    ExtensionTypeNotFound,
    ExtensionVersionNotFound,
    ScaleSetNotFound,
    SubscriptionNotFound,
    UpgradeInProgress,
)
from tidegate.domain.resource_id import ScaleSetId, UpgradeName
from tidegate.domain.scale_set import ScaleSet
from tidegate.domain.version import Version
from tidegate.executor.clock import Clock
from tidegate.executor.definitions import ANY_ETAG, Definitions, SecretKeeper, check_etag
from tidegate.executor.fleet_calls import FleetCalls
from tidegate.executor.limits import Limits
from tidegate.executor.turns import Turns
from tidegate.fleets.promise import Fleet
from tidegate.journal.promise import Journal
from tidegate.journal.register import Enrolment, Register
from tidegate.packages.promise import Offer, PackageStore

log = structlog.stdlib.get_logger(__name__)

_ETAG_LENGTH = 32
_CHANGED_MEANWHILE = 8
"""How often a change without an etag is tried again because somebody else was quicker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPackage:
    """A version that was published together with its package."""

    publication: Publication
    package: Package
    created: bool
    """False where the same package had been published before."""
    remarks: tuple[str, ...]
    """What is odd about the package, a sentence each."""


class Pilot(Protocol):
    """Whoever wants to hear what the server was told: the autopilot."""

    async def published(self, extension_type: ExtensionType, version: Version) -> None:
        """A version is published."""

    async def enrolled(self, enrolment: Enrolment) -> None:
        """A subscription takes part."""

    async def placed(self, scale_set: ScaleSet) -> None:
        """A scale set is new or has changed."""


class Resources:
    """Keeps scale sets, enrolments and publications, and tells whoever must know."""

    def __init__(
        self,
        register: Register,
        fleet: Fleet,
        journal: Journal,
        clock: Clock,
        limits: Limits,
        new_id: Callable[[], str],
        pilot: Pilot,
        turns: Turns,
        packages: PackageStore,
        secrets: SecretKeeper | None = None,
        on_published: Callable[[ExtensionType], Awaitable[None]] | None = None,
    ) -> None:
        """`turns` are those of the conductor, so that no scale set goes while an upgrade of it begins.

        Without `secrets` protected settings are dropped.
        `on_published` hears of every version that is published, before the pilot does.
        """
        self._register = register
        self._fleet = FleetCalls(fleet, limits.fleet_call_seconds)
        self._journal = journal
        self._clock = clock
        self._new_id = new_id
        self._pilot = pilot
        self._turns = turns
        self._packages = packages
        self._on_published = on_published
        self._definitions = Definitions(register, secrets)

    async def put_scale_set(
        self,
        name: ScaleSetId,
        resource: Mapping[str, object],
        location: str = "",
        etag: str = ANY_ETAG,
        validate_only: bool = False,
    ) -> tuple[ScaleSet, bool]:
        """Keep the scale set; it, and True where it is new. `location` stands in for the resource's own.

        `etag`: empty replaces whatever is there; `*` only where there is none yet; any other only what still has it.

        Raises:
            TemplateExpression, MalformedResource: the resource cannot be read.
            EtagMismatch, JournalUnavailable, FleetUnavailable.
        """
        scale_set = read_scale_set(name, resource, location=location or None, etag=self._new_etag(name))
        said = protected_settings_of(resource) if self._definitions.keeps_secrets else {}
        return await self._put(scale_set, said, etag, validate_only=validate_only)

    async def _put(
        self,
        scale_set: ScaleSet,
        said: Mapping[str, ProtectedSettings],
        etag: str,
        *,
        validate_only: bool = False,
    ) -> tuple[ScaleSet, bool]:
        name = scale_set.scale_set_id
        async with self._turns.of(name.key):
            if validate_only:
                return scale_set, await self._definitions.check(name, etag)
            is_new = await self._definitions.put(scale_set, said, etag)
            await self._fleet.place(scale_set)
        log.info("scale_set_put", scale_set=str(name), capacity=scale_set.capacity, created=is_new)
        await self._pilot.placed(scale_set)
        return scale_set, is_new

    async def put_extension(
        self, scale_set: ScaleSetId, name: str, resource: Mapping[str, object], etag: str = ANY_ETAG
    ) -> ScaleSet:
        """Add an extension to the scale set's profile, or put it in place of the one of that name.

        Raises:
            ScaleSetNotFound: the scale set was never put.
            TemplateExpression, MalformedResource, EtagMismatch, JournalUnavailable, FleetUnavailable.
        """
        for tries_left in reversed(range(_CHANGED_MEANWHILE)):
            current = await self.get_scale_set(scale_set)
            check_etag(scale_set, etag, current)
            changed_resource = put_extension(current, name, resource)
            wanted = read_scale_set(
                scale_set, changed_resource, location=current.location, etag=self._new_etag(scale_set)
            )
            said = protected_settings_of_child(name, resource) if self._definitions.keeps_secrets else {}
            try:
                changed, _ = await self._put(wanted, said, current.etag)
            except EtagMismatch:
                if etag != ANY_ETAG or not tries_left:
                    raise
            else:
                return changed
        raise AssertionError("the last try returns or raises")

    async def get_scale_set(self, name: ScaleSetId) -> ScaleSet:
        """The scale set, or raises ScaleSetNotFound."""
        scale_set = await self._register.scale_set(name)
        if scale_set is None:
            raise ScaleSetNotFound(str(name))
        return scale_set

    async def list_scale_sets(self, subscription: str, after_key: str, limit: int) -> Sequence[ScaleSet]:
        """Up to `limit` scale sets with a key above `after_key`; `subscription` empty for all, in lower case."""
        return await self._register.scale_sets(subscription, after_key, limit)

    async def delete_scale_set(self, name: ScaleSetId, etag: str = ANY_ETAG) -> None:
        """Forget the scale set; its past upgrades stay.

        Raises:
            ScaleSetNotFound: it was never put.
            UpgradeInProgress: an upgrade of it is active.
            EtagMismatch, JournalUnavailable, FleetUnavailable.
        """
        async with self._turns.of(name.key):
            latest = await self._journal.latest(name)
            if latest is not None and latest.ended_at_ms is None:
                raise UpgradeInProgress(str(UpgradeName(scale_set=name, upgrade_id=latest.upgrade_id)))
            await self._definitions.delete(name, etag)
            await self._fleet.forget(name)
        log.info("scale_set_deleted", scale_set=str(name))

    async def instances(self, scale_set: ScaleSetId) -> tuple[Instance, ...]:
        """Every instance, in the fleet's order; raises ScaleSetNotFound or FleetUnavailable."""
        await self.get_scale_set(scale_set)
        return await self._fleet.instances(scale_set)

    async def enroll(self, subscription: str) -> Enrolment:
        """Take part from now on, with every scale set present and future. `subscription` in lower case."""
        enrolment = await self._register.enrolment(subscription)
        if enrolment is None or not enrolment.is_enrolled:
            enrolment = await self._set_enrolment(subscription, is_enrolled=True)
        await self._pilot.enrolled(enrolment)
        return enrolment

    async def withdraw(self, subscription: str) -> Enrolment:
        """Take part no longer; upgrades under way go on. Raises SubscriptionNotFound where it never took part."""
        enrolment = await self.subscription(subscription)
        if not enrolment.is_enrolled:
            return enrolment
        return await self._set_enrolment(subscription, is_enrolled=False)

    async def subscription(self, subscription: str) -> Enrolment:
        """What is known of the subscription, or raises SubscriptionNotFound."""
        enrolment = await self._register.enrolment(subscription)
        if enrolment is None:
            raise SubscriptionNotFound(subscription)
        return enrolment

    async def subscriptions(self, after: str, limit: int) -> Sequence[Enrolment]:
        """Up to `limit` subscriptions that ever took part, with an id above `after`, in order."""
        return await self._register.enrolments(after, limit)

    async def is_enrolled(self, subscription: str) -> bool:
        """The subscription takes part now."""
        enrolment = await self._register.enrolment(subscription)
        return enrolment is not None and enrolment.is_enrolled

    async def publish(self, extension_type: ExtensionType, version: Version) -> tuple[Publication, bool]:
        """Make the version available; the publication, and True where it is new."""
        publication = Publication(extension_type=extension_type, version=version, published_at_ms=self._clock.now_ms())
        is_new = await self._register.publish(publication)
        if is_new:
            log.info("version_published", extension=str(extension_type), version=str(version))
        # Told again where it was known already: the first telling may have been lost.
        if self._on_published is not None:
            await self._on_published(extension_type)
        await self._pilot.published(extension_type, version)
        return (publication if is_new else await self._publication(extension_type, version)), is_new

    async def publish_package(self, offer: Offer, pieces: AsyncIterator[bytes]) -> PublishedPackage:
        """Keep the package that comes in `pieces`, and then make its version available.

        Raises:
            PackageInvalid: it cannot be used, or is not what was offered.
            PackageConflict: the version has another package.
            PackagesUnavailable: the disk takes no more.
            JournalUnavailable.
        """
        try:
            added = await self._packages.add(offer, pieces)
        except OSError as full:
            raise PackagesUnavailable(full.strerror or str(full)) from full
        package = added.package
        if added.created:
            log.info(
                "package_kept",
                extension=str(package.extension_type),
                version=str(package.version),
                sha256=package.sha256,
                size_bytes=package.size_bytes,
            )
        publication, is_new = await self.publish(offer.extension_type, offer.version)
        return PublishedPackage(
            publication=publication, package=package, created=added.created or is_new, remarks=added.remarks
        )

    async def packages(self, extension_type: ExtensionType) -> Mapping[Version, Package]:
        """The packages of the type's versions; withdrawn versions keep theirs."""
        return {package.version: package for package in await self._packages.packages(extension_type)}

    async def withdraw_version(self, extension_type: ExtensionType, version: Version) -> None:
        """Take the version back; no upgrade that starts later goes to it. Its package stays for hosts that run it.

        Raises:
            ExtensionTypeNotFound: nothing of the type was ever published, or everything was taken back.
            ExtensionVersionNotFound: it has no such version.
        """
        if not await self._register.withdraw(extension_type, version):
            await self.versions(extension_type)
            raise ExtensionVersionNotFound(str(extension_type), str(version))
        log.info("version_withdrawn", extension=str(extension_type), version=str(version))

    async def extension_types(self, after_key: str, limit: int) -> Sequence[ExtensionType]:
        """Up to `limit` types that have a published version, with a key above `after_key`, in order."""
        return await self._register.extension_types(after_key, limit)

    async def versions(self, extension_type: ExtensionType) -> Sequence[Publication]:
        """The published versions, the oldest number first, or raises ExtensionTypeNotFound."""
        publications = await self._register.publications(extension_type)
        if not publications:
            raise ExtensionTypeNotFound(str(extension_type))
        return publications

    async def _set_enrolment(self, subscription: str, *, is_enrolled: bool) -> Enrolment:
        changed_at_ms = self._clock.now_ms()
        enrolment = Enrolment(subscription=subscription, is_enrolled=is_enrolled, changed_at_ms=changed_at_ms)
        await self._register.set_enrolment(enrolment)
        log.info("subscription_enrolled" if is_enrolled else "subscription_withdrawn", subscription=subscription)
        return enrolment

    async def _publication(self, extension_type: ExtensionType, version: Version) -> Publication:
        for publication in await self.versions(extension_type):
            if publication.version == version:
                return publication
        raise ExtensionVersionNotFound(str(extension_type), str(version))

    def _new_etag(self, name: ScaleSetId) -> str:
        """One that no other put gets, not even one of the same resource."""
        text = f"{name.key}\n{self._clock.now_ms()}\n{self._new_id()}"
        return hashlib.sha256(text.encode()).hexdigest()[:_ETAG_LENGTH]
