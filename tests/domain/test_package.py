"""What is known of a package."""

from tidegate.domain.extension import ExtensionType
from tidegate.domain.package import Package
from tidegate.domain.version import Version


def test_packages_are_equal_by_what_they_are_and_not_by_how_their_type_is_spelled() -> None:
    def package(publisher: str, version: str) -> Package:
        extension_type = ExtensionType(publisher=publisher, type="Agent")
        return Package(extension_type=extension_type, version=Version(version), sha256="0" * 64, size_bytes=1)

    assert package("Contoso", "1.1") == package("contoso", "1.1")
    assert package("Contoso", "1.1") != package("Contoso", "1.2")
