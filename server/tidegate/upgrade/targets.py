"""Targets: the version that each extension, or the image, is to be brought to, and what each instance needs of that.

Law: an extension never crosses a major version and nothing ever goes down. An instance that runs something newer than
the target, that has no such extension, or whose version nobody knows is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tidegate.domain.extension import Extension
from tidegate.domain.instance import Instance
from tidegate.domain.version import MalformedVersion, Version, newest_within
from tidegate.upgrade.plan import ExtensionTarget, ImageTarget, Target


def extension_targets(
    extensions: Iterable[Extension], published: Mapping[str, frozenset[Version]]
) -> tuple[ExtensionTarget, ...]:
    """The newest published version that each extension's profile allows, in the order of the profile.

    `published` has the versions of each extension type by `ExtensionType.key`. An extension of which no published
    version fits has no target.
    """
    targets = []
    for extension in extensions:
        newest = newest_within(
            extension.type_handler_version,
            published.get(extension.extension_type.key, frozenset()),
            extension.auto_upgrade_minor_version,
        )
        if newest is not None:
            assert newest.major == extension.type_handler_version.major, "a target never crosses a major version"
            targets.append(
                ExtensionTarget(extension_name=extension.name, extension_type=extension.extension_type, version=newest)
            )
    return tuple(targets)


def runs(instance: Instance, target: Target) -> Version | None:
    """What the instance runs of the target's extension or image; None where it has none or nobody knows."""
    match target:
        case ExtensionTarget():
            state = instance.extensions.get(target.extension_name)
            return None if state is None else state.version
        case ImageTarget():
            return _image_version(instance.image_version)


def _image_version(text: str) -> Version | None:
    """A fleet may name an image in words; what cannot be compared is not known to be older."""
    try:
        return Version(text)
    except MalformedVersion:
        return None


def fits(target: Target, running: Version | None) -> bool:
    """Could the target ever be brought to an instance that runs `running`? Images may cross a major version."""
    if running is None:
        return False
    return isinstance(target, ImageTarget) or running.major == target.version.major


def previous_versions(instance: Instance, targets: Sequence[Target]) -> tuple[Version | None, ...]:
    """Target by target the version that the instance is to leave; None where it does not need the target."""
    return tuple([_previous(runs(instance, target), target) for target in targets])


def _previous(running: Version | None, target: Target) -> Version | None:
    return running if running is not None and running < target.version and fits(target, running) else None
