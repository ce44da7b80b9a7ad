"""What an ARM resource may bring in but never give out: passwords and protected settings.

Law: these names are removed wherever they stand and however they are spelled, a handler's public settings included.
Losing a harmless value of the same name is a nuisance; keeping a secret is a breach. Only tags are left alone:
they are anybody's to read by design, and rules ask about them.
"""

from __future__ import annotations

from collections.abc import Mapping

WRITE_ONLY = frozenset({"protectedsettings", "adminpassword", "customdata", "userdata"})
"""In lower case. Source: the properties of Microsoft.Compute/virtualMachineScaleSets that a GET does not return."""
_UNATTENDED = "additionalunattendcontent"
"""Windows set-up text, whose `content` holds the log-on password in the clear."""


def strip_secrets(resource: Mapping[str, object]) -> dict[str, object]:
    """A copy of `resource` without its write-only values, everything else as it was and in the same order.

    The depth of `resource` must be bounded by the caller, as `json_reading.read_document` does.
    """
    return {
        name: value if name.lower() == "tags" else _stripped(value, name.lower())
        for name, value in resource.items()
        if name.lower() not in WRITE_ONLY
    }


def _stripped(value: object, under: str) -> object:
    match value:
        case Mapping():
            return {
                name: _stripped(inner, name.lower())
                for name, inner in value.items()
                if name.lower() not in WRITE_ONLY and not (under == _UNATTENDED and name.lower() == "content")
            }
        case list() | tuple():
            return [_stripped(inner, under) for inner in value]
        case _:
            return value
