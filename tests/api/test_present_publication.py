"""Types and versions on the wire."""

from tests.executor.world import AGENT
from tidegate.api.present_moment import present_moment
from tidegate.api.present_publication import present_extension_type, present_package, present_publication
from tidegate.domain.extension import Publication
from tidegate.domain.package import Package
from tidegate.domain.version import Version
from tidegate.v1 import extension_catalog_service_pb2 as pb

TYPE = pb.ExtensionType(publisher="Contoso.Monitor", type="Agent")


def test_a_type_keeps_the_case_in_which_it_was_published() -> None:
    assert present_extension_type(AGENT) == TYPE


def test_a_version_keeps_its_text_and_its_moment() -> None:
    publication = Publication(extension_type=AGENT, version=Version("1.10"), published_at_ms=1_500)
    wanted = pb.ExtensionVersion(extension_type=TYPE, version="1.10", publish_time=present_moment(1_500))
    assert present_publication(publication, None) == wanted
    assert not wanted.HasField("package")


def test_a_version_comes_with_its_package() -> None:
    publication = Publication(extension_type=AGENT, version=Version("1.10"), published_at_ms=1_500)
    package = Package(
        extension_type=AGENT,
        version=Version("1.10"),
        sha256="a" * 64,
        size_bytes=5_000_000_000,
        supports_multiple_extensions=True,
    )
    wanted = pb.ExtensionPackage(sha256="a" * 64, size_bytes=5_000_000_000, supports_multiple_extensions=True)
    assert present_package(package) == wanted
    assert present_publication(publication, package).package == wanted
