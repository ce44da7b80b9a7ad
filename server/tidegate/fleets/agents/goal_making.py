"""What a host is to run, made from the profile, the versions wanted of it, the packages and its settings.

Law: a goal state is made when it is sent, from what is kept, and is kept by nobody: a thousand hosts that wait cost no
thousand goal states. The same host with the same profile is told the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TypeAlias

from tidegate.domain.extension import ExtensionType
from tidegate.domain.host import ExtensionGoal, GoalState, HandlerGoal, Wanted
from tidegate.domain.package import Package
from tidegate.domain.version import MalformedVersion, Version
from tidegate.fleets.agents.host_card import HostCard, Leaving
from tidegate.fleets.agents.profile import Profile, ProfileExtension, ProfileHandler
from tidegate.fleets.agents.settings import ProtectedSettings, SettingsNumbers
from tidegate.packages.promise import PackageStore

Published: TypeAlias = Callable[[ExtensionType], Awaitable[Collection[Version]]]
"""The versions of a type that are published. One that was taken back is none of them, though its package stays."""


class GoalMaking:
    """Makes goal states for the hosts of any scale set."""

    def __init__(
        self,
        packages: PackageStore,
        settings: ProtectedSettings,
        numbers: SettingsNumbers,
        published: Published | None = None,
    ) -> None:
        """Without `published` every version counts as published that has a package."""
        self._packages = packages
        self._settings = settings
        self._numbers = numbers
        self._published = published

    async def goal_state(self, card: HostCard, profile: Profile) -> GoalState:
        """What the host is to run now."""
        under_way = card.under_way
        incarnation, operation_id = card.goal_incarnation, "" if under_way is None else under_way.order.operation_id
        wanted, leaving = dict(card.wanted), tuple(card.leaving.values())
        handlers = [_uninstalled(each) for each in leaving]
        for key, handler in profile.handlers.items():
            version = wanted.get(key) or str(handler.type_handler_version)
            handlers.append(await self._enabled(card, handler, Version(version)))
        return GoalState(incarnation=incarnation, operation_id=operation_id, handlers=tuple(handlers))

    async def first_version(self, handler: ProfileHandler) -> str:
        """What a host that is new gets; empty where no version that is published has a package for it.

        The highest that begins with the Major.Minor that the profile asks for. Source: WALinuxAgent 2.15,
        exthandlers.py: a requested version matches by prefix, and the highest wins.
        """
        packages = await self._packages.packages(handler.extension_type)
        fitting = _beginning_with(handler.type_handler_version, packages)
        if self._published is not None:
            published = await self._published(handler.extension_type)
            fitting = [version for version in fitting if version in published]
        return str(max(fitting)) if fitting else ""

    async def _enabled(self, card: HostCard, handler: ProfileHandler, version: Version) -> HandlerGoal:
        package = await self._packages.package(handler.extension_type, version)
        supports_several = package is not None and package.supports_multiple_extensions
        return HandlerGoal(
            extension_type=handler.extension_type,
            version=version,
            wanted=Wanted.ENABLED,
            package=package,
            extensions=tuple(self._extension(card, each) for each in handler.extensions),
            is_multi_config=supports_several or len(handler.extensions) > 1,
        )

    def _extension(self, card: HostCard, extension: ProfileExtension) -> ExtensionGoal:
        key = card.name.scale_set.key
        protected = b""
        if extension.has_protected_settings:
            protected = self._settings.sealed(key, extension.name, card.identity.settings_certificate)
        return ExtensionGoal(
            extension_name=extension.name,
            has_settings=extension.has_settings,
            sequence_number=self._numbers.number(key, extension.name) if extension.has_settings else 0,
            public_settings_json=extension.public_settings_json,
            protected_settings=protected,
            dependency_level=extension.dependency_level,
        )


def leaving_handler(extension_type: ExtensionType, version: str, incarnation: int) -> Leaving | None:
    """The handler as it is to be uninstalled; None where it has no version that could be named."""
    try:
        Version(version)
    except MalformedVersion:
        return None
    return Leaving(extension_type=extension_type, version=version, incarnation=incarnation)


def _uninstalled(leaving: Leaving) -> HandlerGoal:
    return HandlerGoal(
        extension_type=leaving.extension_type, version=Version(leaving.version), wanted=Wanted.UNINSTALL, package=None
    )


def _beginning_with(requested: Version, packages: Sequence[Package]) -> list[Version]:
    wanted = (requested.major, requested.minor)
    return [each.version for each in packages if (each.version.major, each.version.minor) == wanted]
