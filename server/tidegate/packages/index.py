"""Which packages there are: by type and version, and by digest.

Law: a version has one package for ever. One package may be that of several versions.
"""

from __future__ import annotations

from collections.abc import Sequence

from tidegate.domain.extension import ExtensionType
from tidegate.domain.host_refusal import PackageConflict
from tidegate.domain.package import Package
from tidegate.domain.version import Version


class PackageIndex:
    """What a store knows of its packages without looking at their bytes."""

    def __init__(self) -> None:
        self._by_version: dict[tuple[str, Version], Package] = {}
        self._by_digest: dict[str, list[Package]] = {}

    def of(self, extension_type: ExtensionType, version: Version) -> Package | None:
        """The package of exactly this version, or None."""
        return self._by_version.get((extension_type.key, version))

    def of_type(self, extension_type: ExtensionType) -> Sequence[Package]:
        """Every package of the type, the oldest version first."""
        # Copied at once: a thread of the store's may put one meanwhile.
        known = tuple(self._by_version.values())
        found = [package for package in known if package.extension_type == extension_type]
        return sorted(found, key=lambda package: package.version)

    def of_digest(self, sha256: str) -> Sequence[Package]:
        """Every version whose package has this digest, in the order in which they came."""
        return tuple(self._by_digest.get(sha256, ()))

    def kept(self, extension_type: ExtensionType, version: Version, sha256: str) -> Package | None:
        """The package of the version where it is kept already, None where the version has none yet.

        Raises:
            PackageConflict: the version has another package.
        """
        package = self.of(extension_type, version)
        if package is not None and package.sha256 != sha256:
            raise PackageConflict(str(extension_type), str(version), package.sha256)
        return package

    def put(self, package: Package) -> None:
        """Know the package from now on; its version has none yet."""
        key = (package.extension_type.key, package.version)
        assert key not in self._by_version, "a version has one package for ever"
        self._by_version[key] = package
        self._by_digest.setdefault(package.sha256, []).append(package)
