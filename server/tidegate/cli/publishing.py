"""What `tidegate catalog publish` is asked to publish: a version with its package, or a version alone.

Law: every word is understood in one way only; a mix of the two forms is refused with both of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FORMS = (
    "Write `tidegate catalog publish PACKAGE.zip --publisher P --type T --version V` for a version with its package, "
    "or `tidegate catalog publish PUBLISHER TYPE VERSION` for a version alone."
)
# Source: WALinuxAgent 2.15, exthandlers.py: an agent keeps the package of a handler under this name.
_TELLING_NAME = re.compile(
    r"(?P<publisher>.+)\.(?P<type>[^.]+)__(?P<version>[0-9]+(?:\.[0-9]+){0,3})\.zip", re.IGNORECASE | re.ASCII
)


class WrongWords(Exception):
    """The words mean neither of the two; the message says why, and how both are written."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why} {FORMS}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Which version of which type."""

    publisher: str
    type_name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionAlone:
    """A version without a package."""

    names: Names


@dataclass(frozen=True, slots=True, kw_only=True)
class WithPackage:
    """A version and the file of its package."""

    names: Names
    file: Path


def read_words(words: Sequence[str], *, publisher: str, type_name: str, version: str) -> VersionAlone | WithPackage:
    """What the command line asks for; options that were not given are empty.

    Raises:
        WrongWords: it is neither a version alone nor a package.
    """
    options = {"--publisher": publisher, "--type": type_name, "--version": version}
    given = [name for name, value in options.items() if value]
    match words:
        case [file]:
            return WithPackage(names=_names(Path(file), options), file=Path(file))
        case [_, _, _] if given:
            raise WrongWords(f"PUBLISHER TYPE VERSION stand for themselves, but {_listed(given)} came too.")
        case [first, second, third]:
            return VersionAlone(names=Names(publisher=first, type_name=second, version=third))
        case []:
            raise WrongWords("Nothing is named that could be published.")
        case _:
            raise WrongWords(f"{len(words)} words were given.")


def _names(file: Path, options: dict[str, str]) -> Names:
    """The names from the options, and from the file's own name where an option was left out."""
    if not file.is_file():
        raise WrongWords(f"There is no file {file}.")
    told = _TELLING_NAME.fullmatch(file.name)
    said = {name: value or (told[name.lstrip("-")] if told else "") for name, value in options.items()}
    missing = [name for name, value in said.items() if not value]
    if missing:
        raise WrongWords(f"{_listed(missing)} must be given: the name {file.name} does not tell.")
    return Names(publisher=said["--publisher"], type_name=said["--type"], version=said["--version"])


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
