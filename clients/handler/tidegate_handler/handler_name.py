"""How a handler is called, and what its folder and its package are called after it.

Law: a name is safe as part of a path, and has no dash, since the first dash of a folder's name begins the version.

Source: WALinuxAgent 2.15, exthandlers.py: `{Publisher}.{Type}`, the folder `{name}-{version}`, the package
`{name}__{version}.zip`, and the pattern by which folders are found again.
"""

from __future__ import annotations

import re

from tidegate_handler.version import HandlerVersion, MalformedVersion

LONGEST_NAME_CHARACTERS = 200
"""Leaves room for a version and a suffix in the 255 bytes that a file's name may have."""

_PART = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.]*[A-Za-z0-9_])?", re.ASCII)
_FOLDER = re.compile(r"(?P<name>[^-]+)-(?P<version>[0-9]+(?:\.[0-9]+)*)", re.ASCII)


class MalformedName(ValueError):
    """A publisher and type of which no handler's name can be made."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text[:LONGEST_NAME_CHARACTERS]!r} cannot name a handler: publisher and type are letters, digits, dots "
            f"and underscores, no dot first or last, {LONGEST_NAME_CHARACTERS} characters at most together"
        )
        self.text = text


def handler_name(publisher: str, handler_type: str) -> str:
    """The name of a handler, such as `Microsoft.Azure.Extensions.CustomScript`.

    Raises:
        MalformedName: one of the two is empty, or has other characters than letters, digits, dots and underscores.
    """
    name = f"{publisher}.{handler_type}"
    well_formed = _PART.fullmatch(publisher) and _PART.fullmatch(handler_type) and ".." not in name
    if not well_formed or len(name) > LONGEST_NAME_CHARACTERS:
        raise MalformedName(name)
    return name


def same_name(one: str, other: str) -> bool:
    """Whether two names are those of one handler: case does not matter."""
    return one.casefold() == other.casefold()


def full_name(name: str, version: HandlerVersion) -> str:
    """The name of a handler's folder, such as `Microsoft.Azure.Extensions.CustomScript-2.1.6`."""
    return f"{name}-{version}"


def package_file_name(name: str, version: HandlerVersion) -> str:
    """The name of a handler's package in the cache of an agent."""
    return f"{name}__{version}.zip"


def read_full_name(text: str) -> tuple[str, HandlerVersion] | None:
    """The handler's name and version of a folder called `text`, or None where it is not a handler's folder."""
    match = _FOLDER.fullmatch(text)
    if match is None:
        return None
    try:
        return match["name"], HandlerVersion(match["version"])
    except MalformedVersion:
        return None
