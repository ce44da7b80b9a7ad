"""A handler package: the bytes that make one version of an extension run."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.extension import ExtensionType
from tidegate.domain.version import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What is known of a package without its bytes."""

    extension_type: ExtensionType
    version: Version
    sha256: str
    """64 hexadecimal digits in lower case."""
    size_bytes: int
    supports_multiple_extensions: bool = False
    """Its manifest says so: settings files then carry the extension's name."""
