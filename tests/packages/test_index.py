"""Which packages there are."""

from __future__ import annotations

import pytest

from tests.packages.packing import WEB
from tidegate.domain.extension import ExtensionType
from tidegate.domain.host_refusal import PackageConflict
from tidegate.domain.package import Package
from tidegate.domain.version import Version
from tidegate.packages.index import PackageIndex


def known(version: str, sha256: str, extension_type: ExtensionType = WEB) -> Package:
    return Package(extension_type=extension_type, version=Version(version), sha256=sha256, size_bytes=1)


def test_versions_of_a_type_come_in_the_order_of_their_numbers() -> None:
    index = PackageIndex()
    other = ExtensionType(publisher="Contoso", type="Other")
    for package in (known("1.10", "a"), known("1.9", "b"), known("1.9", "c", other)):
        index.put(package)
    assert [str(each.version) for each in index.of_type(WEB)] == ["1.9", "1.10"]
    assert index.of(other, Version("1.9.0")) == known("1.9", "c", other)


def test_a_version_has_one_package_for_ever() -> None:
    index = PackageIndex()
    assert index.kept(WEB, Version("1.0"), "a") is None
    index.put(known("1.0", "a"))
    assert index.kept(WEB, Version("1.0.0"), "a") == known("1.0", "a")
    with pytest.raises(PackageConflict) as error:
        index.kept(WEB, Version("1.0"), "b")
    assert error.value.resource == "Contoso.Web/Server/1.0"
    with pytest.raises(AssertionError):
        index.put(known("1.0", "b"))


def test_one_package_may_be_that_of_several_versions() -> None:
    index = PackageIndex()
    for version in ("2.0", "1.0"):
        index.put(known(version, "a"))
    assert [str(each.version) for each in index.of_digest("a")] == ["2.0", "1.0"]
    assert index.of_digest("b") == ()
