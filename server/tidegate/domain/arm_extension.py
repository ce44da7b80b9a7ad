"""One extension of a scale set's profile, read from ARM: as an entry of the profile or as a child resource.

Two spellings are read: ARM's own, with `properties` and the handler's type in `properties.type`, and the flattened
one that `az` prints, where the handler's type is `typePropertiesType` because `type` holds the resource's.
"""

from __future__ import annotations

from tidegate.domain.extension import Extension, ExtensionType
from tidegate.domain.json_reading import Reading
from tidegate.domain.version import MalformedVersion, Version

RESOURCE_TYPE = "Microsoft.Compute/virtualMachineScaleSets/extensions"
AUTOMATIC_SINCE = "2025-04-01"
"""The first api-version under which an extension without `enableAutomaticUpgrade` is upgraded automatically."""

_NO_VERSION = Version("0")


def read_extension(entry: Reading, *, name: str | None = None, api_version: Reading) -> Extension:
    """The extension that `entry` describes; what is wrong goes to its problems, and the result is then not to be used.

    `name` is that of a child resource; without it the entry's own is read. `api_version` decides what an absent
    `enableAutomaticUpgrade` means. An absent `autoUpgradeMinorVersion` means no: nobody asked for minor versions.
    """
    properties = properties_of(entry)
    automatic = properties.at("enableAutomaticUpgrade")
    return Extension(
        name=name if name is not None else entry.at("name").filled("the extension's name"),
        extension_type=ExtensionType(
            publisher=properties.at("publisher").filled("the handler's publisher"),
            type=_handler_type(properties).filled("the handler's type"),
        ),
        type_handler_version=_version(properties.at("typeHandlerVersion")),
        auto_upgrade_minor_version=properties.at("autoUpgradeMinorVersion").flag(default=False),
        enable_automatic_upgrade=(
            is_automatic_by_default(api_version) if automatic.is_absent else automatic.flag(default=False)
        ),
        suppress_failures=properties.at("suppressFailures").flag(default=False),
        provision_after=tuple(each.text() for each in properties.at("provisionAfterExtensions").items()),
    )


def properties_of(resource: Reading) -> Reading:
    """Where the properties stand: one level down in ARM's spelling, here in the flattened one."""
    nested = resource.at("properties")
    return resource if nested.is_absent else nested


def is_automatic_by_default(api_version: Reading) -> bool:
    """Whether this api-version upgrades an extension that does not say; without one it does not."""
    return api_version.text()[:10] >= AUTOMATIC_SINCE


def _handler_type(properties: Reading) -> Reading:
    flattened = properties.at("typePropertiesType")
    if not flattened.is_absent:
        return flattened
    plain = properties.at("type")
    is_resource_type = isinstance(plain.value, str) and plain.value.lower() == RESOURCE_TYPE.lower()
    return flattened if is_resource_type else plain


def _version(reading: Reading) -> Version:
    text = reading.filled("Major.Minor, such as 2.1")
    if not text:
        return _NO_VERSION
    try:
        version = Version(text)
    except MalformedVersion as malformed:
        reading.refuse(str(malformed))
        return _NO_VERSION
    if text.count(".") > 1:
        reading.refuse(
            "The value of parameter typeHandlerVersion is invalid. "
            f"Write Major.Minor, here {version.major}.{version.minor}; patch and hotfix are the platform's to choose"
        )
    return version
