"""A scale set's extension profile as its hosts are told of it: handlers, settings, and who waits for whom.

Law: the same resource gives the same profile and the same digest, so that hosts hear of a change where there is one
and nowhere else. Of protected settings it holds a keyed digest and nothing more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tidegate.domain.arm_extension import properties_of
from tidegate.domain.extension import Extension, ExtensionType
from tidegate.domain.extension_profile import extension_resources
from tidegate.domain.json_reading import Problems, Reading
from tidegate.domain.scale_set import ScaleSet
from tidegate.domain.version import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileExtension:
    """One entry of the profile."""

    name: str
    extension_type: ExtensionType
    public_settings_json: str = field(repr=False)
    """A JSON object in one spelling; empty where the entry has none."""
    has_protected_settings: bool
    settings_digest: str
    """Changes with the settings, public or protected."""
    dependency_level: int

    @property
    def has_settings(self) -> bool:
        """Something is to be written into its settings file."""
        return bool(self.public_settings_json) or self.has_protected_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileHandler:
    """The entries that are of one handler: several where it supports multi-config."""

    extension_type: ExtensionType
    type_handler_version: Version
    """Of its first entry: there is one version of a handler on a host."""
    extensions: tuple[ProfileExtension, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """All of it, in the resource's order."""

    handlers: Mapping[str, ProfileHandler]
    """By the key of the extension type."""
    circular: tuple[str, ...]
    """Extensions that wait for each other in a circle, or behind one; they come last, since nobody could begin."""
    digest: str

    def handler_of(self, extension_name: str) -> str | None:
        """The key of the handler whose extension that is; None where the profile has none of the name."""
        wanted = extension_name.lower()
        for key, handler in self.handlers.items():
            if any(extension.name.lower() == wanted for extension in handler.extensions):
                return key
        return None


def read_profile(scale_set: ScaleSet, protected_digest: Callable[[str, str], str]) -> Profile:
    """The profile of the scale set; `protected_digest` of a scale set's key and an extension's name is empty where the
    extension has no protected settings."""
    levels, circular = dependency_levels(scale_set.extensions)
    public = _public_settings(scale_set)
    handlers: dict[str, list[ProfileExtension]] = {}
    first: dict[str, Extension] = {}
    for extension in scale_set.extensions:
        settings = public.get(extension.name.lower(), "")
        protected = protected_digest(scale_set.scale_set_id.key, extension.name)
        first.setdefault(extension.extension_type.key, extension)
        handlers.setdefault(extension.extension_type.key, []).append(
            ProfileExtension(
                name=extension.name,
                extension_type=extension.extension_type,
                public_settings_json=settings,
                has_protected_settings=bool(protected),
                settings_digest=_digest(settings, protected),
                dependency_level=levels[extension.name.lower()],
            )
        )
    made = {
        key: ProfileHandler(
            extension_type=first[key].extension_type,
            type_handler_version=first[key].type_handler_version,
            extensions=tuple(extensions),
        )
        for key, extensions in handlers.items()
    }
    return Profile(handlers=made, circular=circular, digest=_profile_digest(made))


def dependency_levels(extensions: Sequence[Extension]) -> tuple[dict[str, int], tuple[str, ...]]:
    """The level of each extension by its name in lower case, and those that wait in a circle or behind one.

    Who waits for nobody has level 0, everybody else one more than the highest of those it waits for; a name that the
    profile does not have is waited for by nobody. Source: Azure's goal states, whose dependencyLevel is
    computed from provisionAfterExtensions.
    """
    named = {extension.name.lower(): extension for extension in extensions}
    waits_for = {
        name: {other.lower() for other in extension.provision_after if other.lower() in named}
        for name, extension in named.items()
    }
    levels: dict[str, int] = {}
    left = dict(waits_for)
    while ready := [name for name, others in left.items() if others <= levels.keys()]:
        for name in ready:
            levels[name] = max((levels[other] + 1 for other in left[name]), default=0)
            del left[name]
    # Whoever is in a circle or behind one comes last, all of them together.
    levels.update(dict.fromkeys(left, max(levels.values(), default=-1) + 1))
    return levels, tuple(named[name].name for name in left)


def _public_settings(scale_set: ScaleSet) -> dict[str, str]:
    """The public settings of each extension that has any, by its name in lower case, as JSON in one spelling."""
    found = {}
    for resource in extension_resources(scale_set):
        entry = Reading(path="$", value=resource, problems=Problems())
        settings = properties_of(entry).at("settings").value
        if isinstance(settings, Mapping):
            found[entry.at("name").text().lower()] = json.dumps(settings, ensure_ascii=False, separators=(",", ":"))
    return found


def _digest(*texts: str) -> str:
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


def _profile_digest(handlers: Mapping[str, ProfileHandler]) -> str:
    return _digest(
        *(
            json.dumps(
                [key, handler.type_handler_version.major]
                + [[each.name, each.settings_digest, each.dependency_level] for each in handler.extensions]
            )
            for key, handler in handlers.items()
        )
    )
