"""Protected settings: taken out of a resource before its secrets are dropped, for a keeper and for nobody else.

Law: what they hold is in no repr, no message and no other value. Absent means that what is kept stays, as in a resource
that was read, changed and put again; null or an empty object means that nothing is kept any more. A handler of another
publisher or type never gets what was kept for the one before it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tidegate.domain.arm_extension import properties_of
from tidegate.domain.json_reading import Problems, Reading, find_name, read_document
from tidegate.domain.scale_set import ScaleSet

_NAME = "protectedSettings"
_FROM_KEY_VAULT = "protectedSettingsFromKeyVault"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedSettings:
    """What a resource says of the protected settings of one extension."""

    text: bytes = field(repr=False)
    """The JSON object in UTF-8, as the handler will read it; empty where nothing is to be kept any more."""

    @property
    def are_removed(self) -> bool:
        """Nothing is to be kept any more."""
        return not self.text


def protected_settings_of(resource: Mapping[str, object]) -> Mapping[str, ProtectedSettings]:
    """By the extension's name in lower case; an extension that does not speak of them is not there.

    Both spellings of a scale set are read. The resource must be one that `read_scale_set` took, which tells whatever
    else may be wrong with it.

    Raises:
        MalformedResource: they are no object, or lie in a key vault, of which this server knows none.
    """
    problems = Problems()
    profile = properties_of(read_document(resource, problems)).at("virtualMachineProfile").at("extensionProfile")
    return _gathered(((entry.at("name").text(), entry) for entry in profile.at("extensions").items()), problems)


def protected_settings_of_child(name: str, resource: Mapping[str, object]) -> Mapping[str, ProtectedSettings]:
    """The same of an extension that is put by itself under `name`, and that `put_extension` took."""
    problems = Problems()
    return _gathered([(name, read_document(resource, problems))], problems)


def names_that_stay(
    current: ScaleSet | None, wanted: ScaleSet, said: Mapping[str, ProtectedSettings]
) -> frozenset[str]:
    """The extensions, in lower case, whose kept protected settings are not to be forgotten.

    They have the handler that they had, and nobody asks for them to be removed.
    """
    before = {} if current is None else {each.name.lower(): each.extension_type.key for each in current.extensions}
    return frozenset(
        name
        for name, handler in ((each.name.lower(), each.extension_type.key) for each in wanted.extensions)
        if before.get(name) == handler and not (name in said and said[name].are_removed)
    )


def texts_of(wanted: ScaleSet, said: Mapping[str, ProtectedSettings]) -> Mapping[str, bytes]:
    """What is to be kept from now on, by the name of an extension that the scale set has."""
    names = {each.name.lower() for each in wanted.extensions}
    return {name: each.text for name, each in said.items() if name in names and not each.are_removed}


def _gathered(entries: Iterable[tuple[str, Reading]], problems: Problems) -> Mapping[str, ProtectedSettings]:
    found = {name.lower(): settings for name, entry in entries if (settings := _said(properties_of(entry))) is not None}
    problems.refuse_any()
    return found


def _said(properties: Reading) -> ProtectedSettings | None:
    """None where the extension does not speak of them. What they are instead of an object is not told."""
    vault = properties.at(_FROM_KEY_VAULT)
    if not vault.is_absent:
        vault.refuse(f"names a key vault, and this server reads none; write the settings into {_NAME}")
    if find_name(properties.members(), _NAME) is None:
        return None
    given = properties.at(_NAME)
    if given.value is not None and not isinstance(given.value, Mapping):
        given.refuse("is no object; write a JSON object, or null to have none")
        return None
    if not given.value:
        return ProtectedSettings(text=b"")
    return ProtectedSettings(text=json.dumps(given.value, ensure_ascii=False, separators=(",", ":")).encode())
